import type { Device } from '@zeronaut/model';
import { useMessages } from '../../base/messages.ts';
import { type Meaning, StatusChip } from '../../ui/status-chip.tsx';
import { deviceMessages } from './messages.ts';

export const STATES = ['approved', 'pending', 'revoked'] as const;
type DeviceState = (typeof STATES)[number];
const MEANING: Record<DeviceState, Meaning> = { approved: 'ok', pending: 'warn', revoked: 'neutral' };

export function stateOf({ revokedAt, approvedAt }: Device): DeviceState {
  return revokedAt !== null ? 'revoked' : approvedAt === null ? 'pending' : 'approved';
}

export function DeviceStatus({ device }: { readonly device: Device }) {
  const t = useMessages(deviceMessages);
  const state = stateOf(device);
  return <StatusChip meaning={MEANING[state]}>{t(`state.${state}`)}</StatusChip>;
}

/** Protections that are not known to be on. */
export function weaknessesOf({ posture }: Device): number {
  if (posture === null) return 0;
  const { diskEncryption, firewall, screenLock } = posture.facts;
  return [diskEncryption, firewall, screenLock].filter((one) => one !== 'on').length;
}

export function PostureSummary({ device }: { readonly device: Device }) {
  const t = useMessages(deviceMessages);
  const weak = weaknessesOf(device);
  if (device.posture === null) return <StatusChip meaning="neutral">{t('posture.none')}</StatusChip>;
  return (
    <StatusChip meaning={weak > 0 ? 'warn' : 'ok'}>
      {weak > 0 ? t('posture.weak', { count: weak }) : t('posture.good')}
    </StatusChip>
  );
}
