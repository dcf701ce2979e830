import type { GatewayView } from '@zeronaut/model';
import { useMessages } from '../../base/messages.ts';
import { StatusChip } from '../../ui/status-chip.tsx';
import { Time } from '../../ui/time.tsx';
import { gatewayMessages } from './messages.ts';

type Lag = Pick<GatewayView, 'snapshotVersion' | 'wantedSnapshotVersion' | 'behindSince'>;

/** Versions that it has to catch up. */
export function versionsBehind({ snapshotVersion, wantedSnapshotVersion, behindSince }: Lag): number {
  return behindSince === null ? 0 : Math.max(0, wantedSnapshotVersion - (snapshotVersion ?? 0));
}

/** The version that runs, and how far it is behind. */
export function GatewayLag({ gateway, since = false }: { readonly gateway: Lag; readonly since?: boolean }) {
  const t = useMessages(gatewayMessages);
  const behind = versionsBehind(gateway);
  const version = gateway.snapshotVersion ?? t('fact.unknown');
  if (behind === 0) return <>{version}</>;
  return (
    <>
      {version} <StatusChip meaning="warn">{t('lag.behind', { count: behind })}</StatusChip>
      {since ? (
        <>
          {' '}
          <Time at={gateway.behindSince} />
        </>
      ) : null}
    </>
  );
}
