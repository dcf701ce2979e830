import { isDeepStrictEqual } from 'node:util';
import { type AccessInput, createId, type Place, type Site, type SiteView } from '@zeronaut/model';
import type { Selectable } from 'kysely';
import { Refusal } from '../../store/refusal.ts';
import type { Schema } from '../../store/schema.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { findActiveDevice } from '../devices/devices.ts';
import { contains, type ListQuery, listPage } from '../list.ts';
import { isoTime, type Page } from '../page.ts';
import { setPlace, toPlace } from '../places.ts';
import { hashAccess, redactAccess } from '../resources/access-input.ts';
import { withNameConflicts } from '../resources/resources.ts';

type Row = Selectable<Schema['sites']>;

export function toSite(row: Row): Site {
  return {
    id: row.id,
    organizationId: row.organization_id,
    name: row.name,
    connection: row.connection,
    deviceId: row.device_id,
    destinations: JSON.parse(row.destinations),
    access: JSON.parse(row.access),
    segments: JSON.parse(row.segments),
    place: toPlace(row.place),
    createdAt: isoTime(row.created_at),
    updatedAt: isoTime(row.updated_at),
    version: row.version,
  };
}

function redactSite(site: Site): Site {
  return { ...site, access: redactAccess(site.access) };
}

function view(context: Context, row: Row): SiteView {
  const connected = row.device_id === null ? null : context.presence(row.organization_id).serving.has(row.id);
  return { ...redactSite(toSite(row)), connected };
}

const SITE_SORTS = {
  created: { column: 'id', type: 'string' },
  name: { column: 'name', type: 'string' },
} as const;

export async function listSites(
  context: Context,
  caller: Caller,
  query: ListQuery<keyof typeof SITE_SORTS> & { readonly connection?: Site['connection'] | undefined },
): Promise<Page<SiteView> | Refusal> {
  let select = context.store.db.selectFrom('sites').selectAll().where('organization_id', '=', caller.organizationId);
  if (query.q) select = select.where(contains(query.q, ['name', 'destinations']));
  if (query.connection !== undefined) select = select.where('connection', '=', query.connection);
  return await listPage(select, query, SITE_SORTS, (row) => view(context, row));
}

export async function getSite(context: Context, caller: Caller, id: string): Promise<SiteView | Refusal> {
  const row = await context.store.db
    .selectFrom('sites')
    .selectAll()
    .where('organization_id', '=', caller.organizationId)
    .where('id', '=', id)
    .executeTakeFirst();
  return row === undefined ? new Refusal('api.not_found') : view(context, row);
}

/** Creates or changes a site by name. One that is as asked already is left alone. */
export async function publishSite(
  context: Context,
  caller: Caller,
  input: {
    name: string;
    connection: 'tunnel' | 'local';
    deviceId: string | null;
    destinations: string[];
    access: AccessInput;
  },
): Promise<Site | Refusal> {
  if ((input.connection === 'tunnel') !== (input.deviceId !== null)) {
    return new Refusal('api.invalid', {
      errors: [{ path: '/deviceId', message: 'a tunnel site has a device, a local one has none' }],
    });
  }
  if (input.deviceId !== null) {
    const device = await findActiveDevice(context.store.db, caller.organizationId, input.deviceId);
    if (device instanceof Refusal || device.id !== input.deviceId) {
      return new Refusal('api.not_found', { detail: 'the device is not enrolled' });
    }
  }
  const find = (queries: typeof context.store.db) =>
    queries
      .selectFrom('sites')
      .selectAll()
      .where('organization_id', '=', caller.organizationId)
      .where('name', '=', input.name)
      .executeTakeFirst();
  const known = await find(context.store.db);
  const access = await hashAccess(context, input.access, known === undefined ? null : toSite(known).access);
  if (access instanceof Refusal) return access;

  return await withNameConflicts(() =>
    context.store.change(caller.organizationId, async (queries) => {
      const row = await find(queries);
      const before = row === undefined ? null : toSite(row);
      const nowMs = context.clock();
      const facts = {
        connection: input.connection,
        device_id: input.deviceId,
        destinations: JSON.stringify(input.destinations),
        access: JSON.stringify(access),
      };
      if (row !== undefined && isDeepStrictEqual({ ...row }, { ...row, ...facts })) return redactSite(before!);
      const next: Row = {
        ...facts,
        id: row?.id ?? createId('site', nowMs),
        organization_id: caller.organizationId,
        segments: row?.segments ?? '[]',
        place: row?.place ?? null,
        name: input.name,
        created_at: row?.created_at ?? nowMs,
        updated_at: nowMs,
        version: (row?.version ?? 0) + 1,
      };
      if (row === undefined) await queries.insertInto('sites').values(next).execute();
      else {
        await queries
          .updateTable('sites')
          .set(next)
          .where('organization_id', '=', caller.organizationId)
          .where('id', '=', row.id)
          .execute();
      }
      const after = redactSite(toSite(next));
      await appendAudit(queries, context, caller, {
        action: before === null ? 'site.create' : 'site.update',
        objectKind: 'site',
        objectId: next.id,
        before: before === null ? null : redactSite(before),
        after,
      });
      return after;
    }),
  );
}

export async function setSitePlace(
  context: Context,
  caller: Caller,
  id: string,
  version: number | null,
  input: Place | null,
): Promise<SiteView | Refusal> {
  const refused = await setPlace(context, caller, id, version, input, { table: 'sites', objectKind: 'site' });
  return refused ?? (await getSite(context, caller, id));
}

export async function deleteSite(context: Context, caller: Caller, id: string): Promise<undefined | Refusal> {
  return await context.store.change(caller.organizationId, async (queries) => {
    const row = await queries
      .deleteFrom('sites')
      .where('organization_id', '=', caller.organizationId)
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return new Refusal('api.not_found');
    await appendAudit(queries, context, caller, {
      action: 'site.delete',
      objectKind: 'site',
      objectId: id,
      before: redactSite(toSite(row)),
    });
    return undefined;
  });
}
