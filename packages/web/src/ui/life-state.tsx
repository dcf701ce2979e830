import { useMessages } from '../base/messages.ts';
import { uiMessages } from './messages.ts';
import { type Meaning, StatusChip } from './status-chip.tsx';

/** What becomes of keys, tokens and sessions. */
export const LIFE_STATES = ['usable', 'expired', 'revoked'] as const;
export type LifeState = (typeof LIFE_STATES)[number];

const MEANING: Record<LifeState, Meaning> = { usable: 'ok', expired: 'neutral', revoked: 'neutral' };

export function lifeStateOf(
  { revokedAt, expiresAt }: { readonly revokedAt: string | null; readonly expiresAt: string | null },
  nowMs: number,
): LifeState {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && Date.parse(expiresAt) <= nowMs ? 'expired' : 'usable';
}

export function LifeStateChip({ state }: { readonly state: LifeState }) {
  const t = useMessages(uiMessages);
  return <StatusChip meaning={MEANING[state]}>{t(`life.${state}`)}</StatusChip>;
}
