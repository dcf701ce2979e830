import type { AccessEvent } from '@zeronaut/model';
import { useMessages } from '../../base/messages.ts';
import { type Meaning, StatusChip } from '../../ui/status-chip.tsx';
import { securityMessages } from './messages.ts';

const MEANING: Record<AccessEvent['effect'], Meaning> = { pass: 'ok', challenge: 'warn', deny: 'bad' };

export function EffectChip({ effect }: { readonly effect: AccessEvent['effect'] }) {
  const t = useMessages(securityMessages);
  return <StatusChip meaning={MEANING[effect]}>{t(`effect.${effect}`)}</StatusChip>;
}
