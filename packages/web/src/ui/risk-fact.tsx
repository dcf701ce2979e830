import { useQuery } from '@tanstack/react-query';
import { lazy, type ReactNode } from 'react';
import { routeQuery } from '../base/api.ts';
import { useMessages } from '../base/messages.ts';
import { useMay } from '../base/session.ts';
import { FactWithDialog } from './fact-with-dialog.tsx';
import { uiMessages } from './messages.ts';
import type { Mistrusted } from './risk-dialog.tsx';
import { StatusChip } from './status-chip.tsx';
import { Time } from './time.tsx';

const RiskDialog = lazy(async () => ({ default: (await import('./risk-dialog.tsx')).RiskDialog }));
/** From here on a risk is shown as bad; policies have borders of their own. */
const HIGH = 50;

/** A row of facts: how much a user or device is mistrusted now, which policies read; for whoever may see it. */
export function useRiskFact(): (of: Mistrusted) => readonly [string, ReactNode] | null {
  const t = useMessages(uiMessages);
  const mayRead = useMay()('risks:read');
  return (of) => (mayRead ? [t('risk'), <Risk key={of.id} of={of} />] : null);
}

function Risk({ of }: { readonly of: Mistrusted }) {
  const t = useMessages(uiMessages);
  const mayChange = useMay()('risks:write');
  const { data } = useQuery(routeQuery('risks.list', { query: { limit: 500 } }));
  const risk = data?.items.find(({ id }) => id === of.id);
  return (
    <FactWithDialog
      begin="risk"
      action={mayChange && data !== undefined ? t('risk.set') : null}
      dialog={(onClose) => <RiskDialog of={of} risk={risk ?? null} onClose={onClose} />}
    >
      {risk === undefined ? (
        <span>{data === undefined ? '' : t('risk.none')}</span>
      ) : (
        <>
          <StatusChip meaning={risk.score >= HIGH ? 'bad' : 'warn'}>{t('risk.of', { score: risk.score })}</StatusChip>
          <span>{risk.reason}</span>
          {risk.expiresAt === null ? null : (
            <span>
              {t('risk.until')} <Time at={risk.expiresAt} />
            </span>
          )}
        </>
      )}
    </FactWithDialog>
  );
}
