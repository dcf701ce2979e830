import { generateKeyPairSync, sign } from 'node:crypto';
import {
  createId,
  currentStatement,
  type PublicJwk,
  SNAPSHOT_CONTEXT,
  type SignedSnapshot,
  type Snapshot,
  type SyncFromConsole,
  snapshotDefaults,
} from '@zeronaut/model';
import type { PackedList } from '../../packed-list.ts';
import type { Packed, PackedSnapshot } from '../../packed-snapshot.ts';
import { ReceivedSnapshot } from '../../received-snapshot.ts';
import { createSnapshotTrust, type SnapshotTrust } from '../check.ts';

/** A console as far as snapshots are concerned, for tests: one key, one gateway. */
export interface SnapshotSigner {
  readonly gatewayId: string;
  readonly organizationId: string;
  readonly key: PublicJwk;
  readonly trust: SnapshotTrust;
  snapshot(version: number, changes?: Partial<Snapshot>): Snapshot;
  signed(version: number, changes?: Partial<Snapshot>): SignedSnapshot;
  /** The answer to `confirm_snapshot`. */
  confirm(version: number, rpcId: number, nonce: string): SyncFromConsole & { type: 'snapshot_confirmed' };
  /** Signs any text. */
  signText(payload: string, context?: string): SignedSnapshot;
}

export function createSnapshotSigner(): SnapshotSigner {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const { x } = publicKey.export({ format: 'jwk' });
  const key: PublicJwk = { kty: 'OKP', crv: 'Ed25519', x, kid: 'console-1' };
  const gatewayId = createId('gateway');
  const organizationId = createId('organization');
  const signText = (payload: string, context = SNAPSHOT_CONTEXT): SignedSnapshot => ({
    keyId: key.kid,
    signature: sign(null, Buffer.from(context + payload), privateKey).toString('base64url'),
    payload,
  });
  const snapshot = (version: number, changes: Partial<Snapshot> = {}): Snapshot => ({
    format: 1,
    version,
    gatewayId,
    organizationId,
    issuedAt: '2026-01-01T00:00:00.000Z',
    baseDomain: 'localhost',
    portalHost: 'portal.localhost',
    httpsPort: 8443,
    portRange: { from: 20_000, to: 20_999 },
    certificateAuthority: '',
    consoleKeys: [key],
    gatewayKeys: [{ gatewayId, key }],
    certificates: [],
    users: [],
    devices: [],
    revokedSessions: [],
    ...snapshotDefaults(),
    resources: [],
    sites: [],
    ...changes,
  });
  return {
    gatewayId,
    organizationId,
    key,
    trust: createSnapshotTrust(key, gatewayId, organizationId),
    snapshot,
    confirm(version, rpcId, nonce) {
      const { keyId, signature } = signText(currentStatement({ gatewayId, organizationId, version, nonce }), '');
      return { type: 'snapshot_confirmed', rpcId, version, keyId, signature };
    },
    signed: (version, changes) => signText(JSON.stringify(snapshot(version, changes))),
    signText,
  };
}

/** As the sync link hands it on. */
export function received(signed: SignedSnapshot): ReceivedSnapshot {
  return ReceivedSnapshot.of(signed);
}

/** As it was sent. */
export function unpacked(snapshot: PackedSnapshot): Snapshot {
  const all = <T extends Packed>(list: PackedList<T>) => Array.from({ length: list.size }, (_, index) => list.at(index));
  const { users, devices, policies } = snapshot;
  return { ...snapshot, users: all(users), devices: all(devices), policies: all(policies) };
}
