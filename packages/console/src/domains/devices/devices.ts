import { createId, type Device, type DeviceView, type Place } from '@zeronaut/model';
import type { Selectable } from 'kysely';
import { parseCertificateRequest } from '../../authority/certificate-request.ts';
import { Refusal } from '../../store/refusal.ts';
import type { Schema } from '../../store/schema.ts';
import type { Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { versionOfRow } from '../if-match.ts';
import { contains, type ListQuery, listRows } from '../list.ts';
import { checkNotLinked } from '../memberships/home.ts';
import { isoTime, type Page, toPage } from '../page.ts';
import { setPlace, toPlace } from '../places.ts';
import { revoke } from '../revoke.ts';
import { getDevicePolicy } from './device-policy.ts';

/** Devices of one user that were not revoked. Every gateway holds all of them, so nobody may make up any number. */
const MAX_DEVICES_PER_USER = 1_000;

type Row = Selectable<Schema['devices']>;
type PostureRow = Pick<Selectable<Schema['device_postures']>, 'facts' | 'collected_at' | 'received_at'>;

export interface EnrolledDevice {
  device: Device;
  certificate: string;
  certificateAuthority: string;
}

function toDevice(row: Row, posture: PostureRow | null = null): Device {
  return {
    id: row.id,
    organizationId: row.organization_id,
    userId: row.user_id,
    name: row.name,
    keyFingerprint: row.key_fingerprint,
    createdAt: isoTime(row.created_at),
    certificateExpiresAt: isoTime(row.certificate_expires_at),
    approvedAt: isoTime(row.approved_at),
    segments: JSON.parse(row.segments),
    posture:
      posture === null
        ? null
        : {
            facts: JSON.parse(posture.facts),
            collectedAt: isoTime(posture.collected_at),
            receivedAt: isoTime(posture.received_at),
          },
    place: toPlace(row.place),
    revokedAt: isoTime(row.revoked_at),
    version: versionOfRow(row),
  };
}

export function invalidRequest(): Refusal {
  return new Refusal('api.invalid', {
    errors: [{ path: '/csr', message: 'a signed PKCS #10 request with a P-256 or Ed25519 key' }],
  });
}

const DEVICE_SORTS = {
  created: { column: 'id', type: 'string' },
  name: { column: 'name', type: 'string' },
  seen: { column: 'last_seen_at', type: 'number', nullable: true },
} as const;

export async function listDevices(
  context: Context,
  caller: Caller,
  query: ListQuery<keyof typeof DEVICE_SORTS> & {
    readonly userId?: string | undefined;
    readonly state?: 'approved' | 'pending' | 'revoked' | undefined;
    readonly revoked?: boolean;
    readonly placed?: boolean | undefined;
  },
): Promise<Page<DeviceView> | Refusal> {
  let select = context.store.db.selectFrom('devices').selectAll().where('organization_id', '=', caller.organizationId);
  if (query.q) select = select.where(contains(query.q, ['name']));
  if (query.userId !== undefined) select = select.where('user_id', '=', query.userId);
  if (query.placed !== undefined) select = select.where('place', query.placed ? 'is not' : 'is', null);
  if (query.revoked === false) select = select.where('revoked_at', 'is', null);
  if (query.state !== undefined) {
    select = select.where('revoked_at', query.state === 'revoked' ? 'is not' : 'is', null);
    if (query.state !== 'revoked')
      select = select.where('approved_at', query.state === 'pending' ? 'is' : 'is not', null);
  }
  const rows = await listRows(select, query, DEVICE_SORTS);
  if (rows instanceof Refusal) return rows;
  const postures = await posturesOf(
    context.store.db,
    rows.items.map((row) => row.id),
  );
  const byId = new Map(postures.map((row) => [row.device_id, row]));
  const { devices } = context.presence(caller.organizationId);
  return toPage(rows.items, query.limit, (row) => toDeviceView(row, byId.get(row.id), devices), rows.cursorOf);
}

export async function getDevice(context: Context, caller: Caller, id: string): Promise<DeviceView | Refusal> {
  const { db } = context.store;
  const row = await db
    .selectFrom('devices')
    .selectAll()
    .where('organization_id', '=', caller.organizationId)
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) return new Refusal('api.not_found');
  const [posture] = await posturesOf(db, [id]);
  return toDeviceView(row, posture, context.presence(caller.organizationId).devices);
}

function toDeviceView(row: Row, posture: PostureRow | undefined, connected: ReadonlySet<string>): DeviceView {
  return { ...toDevice(row, posture), connected: connected.has(row.id), lastSeenAt: isoTime(row.last_seen_at) };
}

async function posturesOf(queries: Queries, deviceIds: readonly string[]) {
  if (deviceIds.length === 0) return [];
  return await queries
    .selectFrom('device_postures')
    .select(['device_id', 'facts', 'collected_at', 'received_at'])
    .where('device_id', 'in', deviceIds)
    .execute();
}

/**
 * A device of this organization that was not revoked. Everybody may enrol devices and call them as they like, so an id
 * is looked up as an id first, and a name that devices of several users have means none of them: else a member could
 * take over what an operator meant for another machine. Of one user's devices the newest is meant.
 */
export async function findActiveDevice(
  queries: Queries,
  organizationId: string,
  idOrName: string,
): Promise<Device | Refusal> {
  const active = queries
    .selectFrom('devices')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('revoked_at', 'is', null);
  const byId = await active.where('id', '=', idOrName).executeTakeFirst();
  if (byId !== undefined) return toDevice(byId);
  const named = active.where('name', '=', idOrName);
  const newest = await named.orderBy('id', 'desc').limit(1).executeTakeFirst();
  if (newest === undefined) return new Refusal('api.not_found', { detail: `no device ${idOrName}` });
  const rival = await named.where('user_id', '!=', newest.user_id).limit(1).executeTakeFirst();
  if (rival === undefined) return toDevice(newest);
  return new Refusal('api.conflict', { detail: `several users have a device called ${idOrName}; use the id` });
}

export async function enrolDevice(
  context: Context,
  caller: Caller,
  input: { name: string; csr: string },
): Promise<EnrolledDevice | Refusal> {
  const linked = checkNotLinked(caller);
  if (linked !== null) return linked;
  const key = await parseCertificateRequest(input.csr);
  if (key === null) return invalidRequest();
  const { certificates } = context.authority;
  const nowMs = context.clock();
  const id = createId('device', nowMs);
  const issued = await certificates.device(key, { ...caller, deviceId: id });
  return await context.store.change(caller.organizationId, async (queries) => {
    const { count } = await queries
      .selectFrom('devices')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('organization_id', '=', caller.organizationId)
      .where('user_id', '=', caller.userId)
      .where('revoked_at', 'is', null)
      .executeTakeFirstOrThrow();
    if (Number(count) >= MAX_DEVICES_PER_USER) {
      return new Refusal('api.conflict', { detail: `a user has at most ${MAX_DEVICES_PER_USER} devices; revoke some` });
    }
    const { approval } = await getDevicePolicy(queries, caller.organizationId);
    const row: Row = {
      id,
      organization_id: caller.organizationId,
      user_id: caller.userId,
      name: input.name,
      key_fingerprint: key.fingerprint,
      created_at: nowMs,
      certificate_expires_at: issued.notAfterMs,
      approved_at: approval === 'automatic' ? nowMs : null,
      revoked_at: null,
      segments: '[]',
      last_seen_at: null,
      place: null,
    };
    await queries.insertInto('devices').values(row).execute();
    await bindSession(queries, caller, row);
    const device = toDevice(row);
    await appendAudit(queries, context, caller, {
      action: 'device.enrol',
      objectKind: 'device',
      objectId: id,
      after: device,
    });
    return { device, certificate: issued.pem, certificateAuthority: certificates.certificate };
  });
}

/**
 * From now on the session of a command line is of this device: it proves its key with each call and ends with it. Only where the program
 * that enrols proves a key already: older ones, which never do, go on, and so does a machine whose clock is wrong.
 */
async function bindSession(queries: Queries, caller: Caller, device: Row): Promise<void> {
  if (caller.provedKey == null) return;
  await queries
    .updateTable('sessions')
    .set({ device_id: device.id })
    .where('organization_id', '=', caller.organizationId)
    .where('id', '=', caller.credentialId)
    .where('kind', '=', 'cli')
    .execute();
}

export async function setDevicePlace(
  context: Context,
  caller: Caller,
  id: string,
  version: number | null,
  input: Place | null,
): Promise<DeviceView | Refusal> {
  const refused = await setPlace(context, caller, id, version, input, { table: 'devices', objectKind: 'device' });
  return refused ?? (await getDevice(context, caller, id));
}

/** By a person who may; approving twice is no error. */
export async function approveDevice(context: Context, caller: Caller, id: string): Promise<Device | Refusal> {
  return await context.store.change(caller.organizationId, async (queries) => {
    const row = await queries
      .selectFrom('devices')
      .selectAll()
      .where('organization_id', '=', caller.organizationId)
      .where('id', '=', id)
      .where('revoked_at', 'is', null)
      .executeTakeFirst();
    if (row === undefined) return new Refusal('api.not_found');
    if (row.approved_at !== null) return toDevice(row);
    const approved = { ...row, approved_at: context.clock() };
    await queries
      .updateTable('devices')
      .set({ approved_at: approved.approved_at })
      .where('organization_id', '=', caller.organizationId)
      .where('id', '=', id)
      .execute();
    await appendAudit(queries, context, caller, {
      action: 'device.approve',
      objectKind: 'device',
      objectId: id,
      before: toDevice(row),
      after: toDevice(approved),
    });
    return toDevice(approved);
  });
}

/** Only for the caller's own device, and only for the key that was enrolled: another key is another device. */
export async function renewDevice(
  context: Context,
  caller: Caller,
  id: string,
  input: { csr: string },
): Promise<EnrolledDevice | Refusal> {
  const device = await findActiveDevice(context.store.db, caller.organizationId, id);
  if (device instanceof Refusal || device.id !== id) return new Refusal('api.not_found');
  if (device.userId !== caller.userId) return new Refusal('api.forbidden', { detail: 'the device of another user' });
  const key = await parseCertificateRequest(input.csr);
  if (key === null) return invalidRequest();
  if (key.fingerprint !== device.keyFingerprint) {
    return new Refusal('api.invalid', { errors: [{ path: '/csr', message: 'not the key that was enrolled' }] });
  }
  const { certificates } = context.authority;
  const issued = await certificates.device(key, { ...caller, deviceId: id });
  return await context.store.transaction(async (queries) => {
    const row = await queries
      .updateTable('devices')
      .set({ certificate_expires_at: issued.notAfterMs })
      .where('organization_id', '=', caller.organizationId)
      .where('id', '=', id)
      .where('revoked_at', 'is', null)
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return new Refusal('api.not_found');
    await appendAudit(queries, context, caller, {
      action: 'device.renew',
      objectKind: 'device',
      objectId: id,
      after: toDevice(row),
    });
    return { device: toDevice(row), certificate: issued.pem, certificateAuthority: certificates.certificate };
  });
}

/** Its services stay known but unreachable: no gateway lets the device in again. */
export async function revokeDevice(
  context: Context,
  caller: Caller,
  id: string,
  ownerId?: string,
): Promise<undefined | Refusal> {
  return await revoke(context, caller, id, {
    table: 'devices',
    objectKind: 'device',
    action: 'device.revoke',
    view: (row) => toDevice(row),
    inSnapshot: true,
    ...(ownerId === undefined ? {} : { ownerId }),
    also: async (queries) => {
      await queries
        .updateTable('sessions')
        .set({ revoked_at: context.clock() })
        .where('organization_id', '=', caller.organizationId)
        .where('device_id', '=', id)
        .where('revoked_at', 'is', null)
        .execute();
    },
  });
}
