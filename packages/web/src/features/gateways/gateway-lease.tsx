import type { Gateway } from '@zeronaut/model';
import { type Language, useLanguage, useMessages } from '../../base/messages.ts';
import { Time } from '../../ui/time.tsx';
import { isExpired } from './gateway-status.tsx';
import { gatewayMessages } from './messages.ts';

const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;

/** How long it decides without the console, and while it is away, when that ends. */
export function GatewayLease({ gateway }: { readonly gateway: Gateway }) {
  const t = useMessages(gatewayMessages);
  const language = useLanguage();
  const { lease } = gateway;
  if (lease === null) return <>{t('lease.none')}</>;
  if (lease.endsAt === null) return <>{t('lease.for', { time: inWords(lease.maxAgeSeconds, language) })}</>;
  return (
    <>
      {t(isExpired(gateway) ? 'lease.ended' : 'lease.ends')} <Time at={lease.endsAt} />
    </>
  );
}

/** In the largest unit that says it exactly. */
function inWords(seconds: number, language: Language): string {
  const [unit, size] = UNITS.find(([, size]) => seconds % size === 0) ?? (['second', 1] as const);
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(seconds / size);
}
