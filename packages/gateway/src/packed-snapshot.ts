import { type Snapshot, type SnapshotPolicy, type SnapshotUser, snapshot as snapshotSchema } from '@zeronaut/model';
import { PackedList } from './packed-list.ts';

/** Lists that are long and asked for by id. */
export interface PackedElements {
  readonly users: SnapshotUser;
  readonly devices: SnapshotDevice;
  /** Read once, to be compiled. */
  readonly policies: SnapshotPolicy;
}

/** A snapshot as a gateway holds it. */
export type PackedSnapshot = Omit<Snapshot, PackedName> & PackedLists;
export type PackedLists = { readonly [N in PackedName]: PackedList<PackedElements[N]> };

export type SnapshotDevice = Snapshot['devices'][number];
export type PackedName = keyof PackedElements;
export type Packed = { readonly id: string };

const { users, devices, policies } = snapshotSchema.shape;

/** What makes an element of each from its JSON. */
export const READ = {
  users: (json: unknown) => users.element.parse(json),
  devices: (json: unknown) => devices.element.parse(json),
  policies: (json: unknown) => policies.element.parse(json),
} satisfies Record<PackedName, (json: unknown) => Packed>;

export function packSnapshot(snapshot: Snapshot): PackedSnapshot {
  return {
    ...snapshot,
    users: PackedList.of(snapshot.users, READ.users),
    devices: PackedList.of(snapshot.devices, READ.devices),
    policies: PackedList.of(snapshot.policies, READ.policies),
  };
}
