import type { Incident } from '@zeronaut/model';
import { useMessages } from '../../base/messages.ts';
import { StatusChip } from '../../ui/status-chip.tsx';
import { securityMessages } from './messages.ts';

export function stateOf({ closedAt, acknowledgedAt }: Incident): 'open' | 'acknowledged' | 'closed' {
  return closedAt !== null ? 'closed' : acknowledgedAt === null ? 'open' : 'acknowledged';
}

export function IncidentState({ incident }: { readonly incident: Incident }) {
  const t = useMessages(securityMessages);
  const state = stateOf(incident);
  return (
    <StatusChip meaning={state === 'open' ? incident.severity : state === 'closed' ? 'ok' : 'neutral'}>
      {t(`incident.state.${state}`)}
    </StatusChip>
  );
}
