import type { SnapshotResource, SnapshotSite, SnapshotUser } from '@zeronaut/model';
import { type CedarRecord, CedarSet, type Entity, EntityRef, type Value } from './cedar/values.ts';
import type { PolicyAction } from './policy-schema.ts';

/** Entities of the policy schema, made from what a snapshot holds. Snapshots are immutable, so each is made once. */

/** Addresses of service accounts end so; nobody else's can (RFC 6761, 6.4). */
export const SERVICE_ACCOUNT_DOMAIN = 'service-account.invalid';

export interface Guest {
  readonly kind: 'basic' | 'share' | 'token' | 'address' | 'anonymous';
  readonly name: string;
}

const users = new WeakMap<SnapshotUser, Entity>();
const objects = new WeakMap<SnapshotResource | SnapshotSite, Entity>();

const NO_ANCESTORS: ReadonlySet<string> = new Set();

export function ref(type: string, id: string): EntityRef {
  return new EntityRef(type, id);
}

export function userEntity(user: SnapshotUser): Entity {
  const known = users.get(user);
  if (known !== undefined) return known;
  const service = user.email.endsWith(`@${SERVICE_ACCOUNT_DOMAIN}`);
  const entity: Entity = {
    ref: ref(service ? 'ServiceAccount' : 'User', user.id),
    attributes: record({ email: user.email, name: user.name }),
    ancestors: new Set([ref('Role', user.role).key, ...user.groups.map((group) => ref('Group', group).key)]),
  };
  users.set(user, entity);
  return entity;
}

/** One entity for each guest, so that decisions about it are found again; beyond this many all are made anew. */
const MAX_GUESTS = 10_000;
const guests = new Map<string, Entity>();

export function guestEntity(guest: Guest): Entity {
  const id = guest.name === '' ? guest.kind : `${guest.kind}:${guest.name}`;
  const known = guests.get(id);
  if (known !== undefined) return known;
  const entity: Entity = {
    ref: ref('Guest', id),
    attributes: record({ kind: guest.kind, name: guest.name }),
    ancestors: NO_ANCESTORS,
  };
  if (guests.size >= MAX_GUESTS) guests.clear();
  guests.set(id, entity);
  return entity;
}

/** Access requests are of users: nobody approves one of a guest. */
export function isGuest(entity: Entity): boolean {
  return entity.ref.type === 'Guest';
}

export function objectEntity(object: SnapshotResource | SnapshotSite): Entity {
  const known = objects.get(object);
  if (known !== undefined) return known;
  const segments = object.segments ?? [];
  const own: Record<string, Value> =
    'protocol' in object ? { protocol: object.protocol, public: object.access.mode === 'public' } : {};
  const entity: Entity = {
    ref: ref('protocol' in object ? 'Resource' : 'Site', object.id),
    attributes: record({ name: object.name, ...own, segments: new CedarSet(segments) }),
    ancestors: new Set(segments.map((segment) => ref('Segment', segment).key)),
  };
  objects.set(object, entity);
  return entity;
}

export const ACTION_ENTITIES: Readonly<Record<PolicyAction, Entity>> = {
  read: actionEntity('read'),
  write: actionEntity('write'),
  connect: actionEntity('connect'),
  forward: actionEntity('forward'),
};

function actionEntity(action: PolicyAction): Entity {
  return { ref: ref('Action', action), attributes: new Map(), ancestors: new Set([ref('Action', 'access').key]) };
}

export function record(members: Readonly<Record<string, Value>>): CedarRecord {
  return new Map(Object.entries(members));
}
