import type { Gateway } from '@zeronaut/model';
import { useMessages } from '../../base/messages.ts';
import { type Meaning, StatusChip } from '../../ui/status-chip.tsx';
import { gatewayMessages } from './messages.ts';

export const GATEWAY_STATES = ['connected', 'draining', 'away', 'expired', 'revoked'] as const;
export type GatewayState = (typeof GATEWAY_STATES)[number];

const MEANING: Record<GatewayState, Meaning> = {
  connected: 'ok',
  draining: 'warn',
  away: 'bad',
  expired: 'bad',
  revoked: 'neutral',
};

export function stateOf(gateway: Gateway): GatewayState {
  if (gateway.status === 'revoked') return 'revoked';
  if (isExpired(gateway)) return 'expired';
  if (gateway.draining !== null) return 'draining';
  return gateway.connected ? 'connected' : 'away';
}

/** It was away for longer than it may decide, and refuses everything. */
export function isExpired({ lease }: Gateway): boolean {
  return lease !== null && lease.endsAt !== null && Date.parse(lease.endsAt) <= Date.now();
}

export function GatewayStatus({ gateway }: { readonly gateway: Gateway }) {
  const t = useMessages(gatewayMessages);
  const state = stateOf(gateway);
  return <StatusChip meaning={MEANING[state]}>{t(`status.${state}`)}</StatusChip>;
}
