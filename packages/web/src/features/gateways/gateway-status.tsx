import type { Gateway } from '@zeronaut/model';
import { useMessages } from '../../base/messages.ts';
import { type Meaning, StatusChip } from '../../ui/status-chip.tsx';
import { gatewayMessages } from './messages.ts';

export type GatewayState = 'connected' | 'away' | 'revoked';

const MEANING: Record<GatewayState, Meaning> = { connected: 'ok', away: 'bad', revoked: 'neutral' };

export function stateOf(gateway: Gateway): GatewayState {
  return gateway.status === 'revoked' ? 'revoked' : gateway.connected ? 'connected' : 'away';
}

export function GatewayStatus({ gateway }: { readonly gateway: Gateway }) {
  const t = useMessages(gatewayMessages);
  const state = stateOf(gateway);
  return <StatusChip meaning={MEANING[state]}>{t(`status.${state}`)}</StatusChip>;
}
