import { isDeepStrictEqual } from 'node:util';
import {
  type AccessRule,
  type BrokenAssertions,
  createId,
  HTTP_LIMITS,
  type Resource,
  type ResourceInput,
  type Target,
} from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import { isUniqueViolation, type Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { findActiveDevice } from '../devices/devices.ts';
import { activeGateways } from '../gateways/gateways.ts';
import { contains, type ListQuery, listRows } from '../list.ts';
import { type Page, toPage } from '../page.ts';
import { compareAssertions, mayReadAssertions, NONE_BROKEN, testAssertions } from '../policies/assertions.ts';
import { hashAccess, redactAccess } from './access-input.ts';
import { keepHeaders } from './header-secrets.ts';
import { checkNames } from './names.ts';
import { choosePort } from './ports.ts';
import { keepTargetIds, loadResources, type StoredResource, saveResource } from './resource-rows.ts';

export function redactResource(stored: StoredResource): Resource {
  const { autoNamed: _, headerSecrets: __, ...resource } = stored;
  return { ...resource, access: redactAccess(resource.access) };
}

const RESOURCE_SORTS = {
  created: { column: 'id', type: 'string' },
  name: { column: 'name', type: 'string' },
  updated: { column: 'updated_at', type: 'number' },
} as const;

export interface ResourceListQuery extends ListQuery<keyof typeof RESOURCE_SORTS> {
  readonly origin?: Resource['origin'] | undefined;
  readonly protocol?: Resource['protocol'] | undefined;
  readonly enabled?: boolean | undefined;
  readonly deviceId?: string | undefined;
}

export async function listResources(
  context: Context,
  caller: Caller,
  query: ResourceListQuery,
): Promise<Page<StoredResource> | Refusal> {
  const { db } = context.store;
  const { organizationId } = caller;
  let select = db.selectFrom('resources').selectAll().where('organization_id', '=', organizationId);
  if (query.q) {
    const named = contains(query.q, ['name']);
    const domains = db
      .selectFrom('resource_domains')
      .select('resource_id')
      .where('organization_id', '=', organizationId)
      .where(contains(query.q, ['domain']));
    select = select.where((eb) => eb.or([named, eb('id', 'in', domains)]));
  }
  if (query.origin !== undefined) select = select.where('origin', '=', query.origin);
  if (query.protocol !== undefined) select = select.where('protocol', '=', query.protocol);
  if (query.enabled !== undefined) select = select.where('enabled', '=', Number(query.enabled));
  if (query.deviceId !== undefined) select = select.where('device_id', '=', query.deviceId);
  const rows = await listRows(select, query, RESOURCE_SORTS);
  if (rows instanceof Refusal) return rows;
  const page = toPage(rows.items, query.limit, (row) => row, rows.cursorOf);
  return { ...page, items: await loadResources(db, organizationId, page.items) };
}

export async function findResource(
  queries: Queries,
  organizationId: string,
  idOrName: string,
): Promise<StoredResource | Refusal> {
  const row = await queries
    .selectFrom('resources')
    .selectAll()
    .where('organization_id', '=', organizationId)
    // An id has an underscore and a name never has one.
    .where(idOrName.includes('_') ? 'id' : 'name', '=', idOrName)
    .executeTakeFirst();
  if (row === undefined) return new Refusal('api.not_found');
  return (await loadResources(queries, organizationId, [row]))[0]!;
}

/** What a resource shall be, when everything that needs a look-up or a password hash was done. */
export interface WantedResource extends Omit<ResourceInput, 'access' | 'targets'> {
  readonly access: AccessRule;
  readonly targets: readonly Omit<Target, 'id'>[];
  readonly origin: 'service' | 'declared';
  readonly deviceId: string | null;
  readonly autoNamed: boolean;
}

/** Input to what is wanted: passwords hashed, agents found. Done before the transaction because hashing is slow. */
async function prepare(
  context: Context,
  organizationId: string,
  input: ResourceInput,
  before: StoredResource | null,
): Promise<WantedResource | Refusal> {
  const targets: Omit<Target, 'id'>[] = [];
  for (const [i, { agent, protocol, ...target }] of input.targets.entries()) {
    const device = agent === null ? null : await findActiveDevice(context.store.db, organizationId, agent);
    if (device instanceof Refusal) {
      return new Refusal('api.invalid', {
        errors: [{ path: `/targets/${i}/agent`, message: device.detail ?? `no device ${agent}` }],
      });
    }
    const known = protocol ?? input.protocol;
    if ((input.protocol === 'http') !== (known === 'http' || known === 'https') || !compatible(input.protocol, known)) {
      return new Refusal('api.invalid', {
        errors: [{ path: `/targets/${i}/protocol`, message: `does not fit a ${input.protocol} resource` }],
      });
    }
    targets.push({ ...target, deviceId: device?.id ?? null, protocol: known });
  }
  const access = await hashAccess(context, input.access, before?.access ?? null);
  if (access instanceof Refusal) return access;
  return { ...input, access, targets, origin: 'declared', deviceId: null, autoNamed: false };
}

function compatible(resource: ResourceInput['protocol'], target: Target['protocol']): boolean {
  return resource === 'http' ? target === 'http' || target === 'https' : target === resource;
}

/**
 * Writes one resource within a transaction: names, domains and port are checked, an unchanged one is left as it is, and
 * the change is audited. Used by every way in which a resource comes to be.
 */
export async function putResource(
  queries: Queries,
  context: Context,
  caller: Caller,
  wanted: WantedResource,
  before: StoredResource | null,
): Promise<{ resource: StoredResource; action: 'create' | 'update' | 'none' } | Refusal> {
  const nowMs = context.clock();
  const gateways = await activeGateways(queries, caller.organizationId);
  const id = before?.id ?? createId('resource', nowMs);
  if (wanted.protocol !== 'http' && wanted.domains.length > 0) {
    return new Refusal('api.invalid', { errors: [{ path: '/domains', message: 'only HTTP resources have domains' }] });
  }
  if (wanted.protocol === 'http' && wanted.port !== null) {
    return new Refusal('api.invalid', { errors: [{ path: '/port', message: 'an HTTP resource has no port' }] });
  }
  const { host, request, response } = wanted.headers;
  if (wanted.protocol !== 'http' && (host !== null || request.length + response.length > 0)) {
    return new Refusal('api.invalid', { errors: [{ path: '/headers', message: 'only HTTP resources have headers' }] });
  }
  const misplaced = wanted.protocol === 'http' ? undefined : HTTP_LIMITS.find((limit) => wanted.limits[limit] !== null);
  if (misplaced !== undefined) {
    const message = 'only HTTP resources have it';
    return new Refusal('api.invalid', { errors: [{ path: `/limits/${misplaced}`, message }] });
  }
  const kept = keepHeaders(context.authority.sealer, id, wanted.headers, wanted.targets, before);
  if (kept instanceof Refusal) return kept;
  const clash = await checkNames(queries, caller.organizationId, gateways, { id, ...wanted });
  if (clash !== null) return clash;
  const oldPort = before !== null && before.protocol === wanted.protocol ? before.port : null;
  const port =
    wanted.protocol === 'http'
      ? null
      : await choosePort(queries, caller.organizationId, gateways, {
          resourceId: id,
          protocol: wanted.protocol,
          wanted: wanted.port,
          kept: oldPort,
        });
  if (port instanceof Refusal) return port;

  const at = new Date(nowMs).toISOString();
  const resource: StoredResource = {
    id,
    organizationId: caller.organizationId,
    name: wanted.name,
    origin: wanted.origin,
    protocol: wanted.protocol,
    domains: wanted.domains,
    port,
    access: wanted.access,
    targets: keepTargetIds(wanted.targets, before?.targets ?? [], nowMs),
    proxyProtocol: wanted.proxyProtocol,
    ...kept,
    limits: wanted.limits,
    balancing: wanted.balancing,
    // Policies rest on them, so whoever may change resources may not change these.
    segments: before?.segments ?? [],
    deviceId: wanted.deviceId,
    enabled: wanted.enabled,
    createdAt: before?.createdAt ?? at,
    updatedAt: before?.updatedAt ?? at,
    version: before?.version ?? 1,
    autoNamed: wanted.autoNamed,
  };
  if (before !== null && isDeepStrictEqual(plain(resource), plain(before))) return { resource: before, action: 'none' };
  const changed = before === null ? resource : { ...resource, updatedAt: at, version: before.version + 1 };
  await saveResource(queries, changed);
  await appendAudit(queries, context, caller, {
    action: before === null ? `${nounOf(changed)}.create` : `${nounOf(changed)}.update`,
    objectKind: nounOf(changed),
    objectId: id,
    before: before === null ? null : redactResource(before),
    after: redactResource(changed),
  });
  return { resource: changed, action: before === null ? 'create' : 'update' };
}

export function nounOf(resource: Resource): 'service' | 'resource' {
  return resource.origin === 'service' ? 'service' : 'resource';
}

/** As JSON keeps it: parsed input and stored rows differ in absent and undefined fields only. */
function plain(resource: StoredResource): unknown {
  return JSON.parse(JSON.stringify(resource));
}

/** The unique constraints are the last word when two writers pass the checks at once. */
export async function withNameConflicts<T>(run: () => Promise<T>): Promise<T | Refusal> {
  try {
    return await run();
  } catch (error) {
    if (isUniqueViolation(error)) return new Refusal('api.conflict', { detail: 'somebody else was faster; try again' });
    throw error;
  }
}

export async function createResource(
  context: Context,
  caller: Caller,
  input: ResourceInput,
  remember: (queries: Queries, response: Resource) => Promise<void>,
): Promise<Resource | Refusal> {
  const wanted = await prepare(context, caller.organizationId, input, null);
  if (wanted instanceof Refusal) return wanted;
  return await withNameConflicts(() =>
    context.store.change(caller.organizationId, async (queries) => {
      const put = await putResource(queries, context, caller, wanted, null);
      if (put instanceof Refusal) return put;
      const response = redactResource(put.resource);
      await remember(queries, response);
      return response;
    }),
  );
}

export async function updateResource(
  context: Context,
  caller: Caller,
  id: string,
  version: number,
  input: ResourceInput,
): Promise<Resource | Refusal> {
  const known = await findDeclared(context.store.db, caller.organizationId, id);
  if (known instanceof Refusal) return known;
  const wanted = await prepare(context, caller.organizationId, input, known);
  if (wanted instanceof Refusal) return wanted;
  return await withNameConflicts(() =>
    context.store.change(caller.organizationId, async (queries) => {
      // Touching the row locks it: what was read afterwards stays true until the commit.
      const locked = await queries
        .updateTable('resources')
        .set({ version })
        .where('organization_id', '=', caller.organizationId)
        .where('id', '=', id)
        .where('version', '=', version)
        .returning('id')
        .executeTakeFirst();
      if (locked === undefined) return new Refusal('api.precondition_failed');
      const before = await findDeclared(queries, caller.organizationId, id);
      if (before instanceof Refusal) return before;
      const put = await putResource(queries, context, caller, wanted, before);
      return put instanceof Refusal ? put : redactResource(put.resource);
    }),
  );
}

async function findDeclared(queries: Queries, organizationId: string, id: string): Promise<StoredResource | Refusal> {
  const resource = await findResource(queries, organizationId, id);
  if (resource instanceof Refusal || resource.origin === 'declared') return resource;
  return new Refusal('api.conflict', { detail: 'an agent publishes this one; change it there' });
}

export async function deleteResource(
  context: Context,
  caller: Caller,
  idOrName: string,
  origin: 'all' | 'service' = 'all',
): Promise<undefined | Refusal> {
  return await context.store.change(caller.organizationId, async (queries) => {
    const resource = await findResource(queries, caller.organizationId, idOrName);
    if (resource instanceof Refusal) return resource;
    if (origin === 'service' && resource.origin !== 'service') return new Refusal('api.not_found');
    await removeResource(queries, context, caller, resource);
    return undefined;
  });
}

async function removeResource(
  queries: Queries,
  context: Context,
  caller: Caller,
  resource: StoredResource,
): Promise<void> {
  await queries
    .deleteFrom('resources')
    .where('organization_id', '=', caller.organizationId)
    .where('id', '=', resource.id)
    .execute();
  await appendAudit(queries, context, caller, {
    action: `${nounOf(resource)}.delete`,
    objectKind: nounOf(resource),
    objectId: resource.id,
    before: redactResource(resource),
  });
}

export interface Change {
  name: string;
  action: 'create' | 'update' | 'delete' | 'none';
  resource: Resource | null;
}

/**
 * Makes the declared resources as the list says, all or none. With `dryRun` everything is tried and rolled back, so
 * that it meets the same refusals; what would be created has no id yet and is null.
 */
export async function applyResources(
  context: Context,
  caller: Caller,
  input: { resources: ResourceInput[]; prune: boolean; dryRun: boolean },
): Promise<{ changes: Change[]; brokenAssertions: BrokenAssertions } | Refusal> {
  const names = input.resources.map((resource) => resource.name);
  const twice = names.findIndex((name, i) => names.indexOf(name) !== i);
  if (twice !== -1) {
    return new Refusal('api.invalid', { errors: [{ path: `/resources/${twice}/name`, message: 'named twice' }] });
  }
  const wanted: WantedResource[] = [];
  for (const [i, resource] of input.resources.entries()) {
    const known = await findResource(context.store.db, caller.organizationId, resource.name);
    const before = known instanceof Refusal ? null : known;
    const prepared = await prepare(context, caller.organizationId, resource, before);
    if (prepared instanceof Refusal) return withinList(prepared, i);
    wanted.push(prepared);
  }

  const changes: Change[] = [];
  const dryRun = new Refusal('api.conflict');
  let brokenAssertions = NONE_BROKEN;
  const test = async (queries: Queries) =>
    mayReadAssertions(caller) ? await testAssertions(queries, context, caller.organizationId) : [];
  const outcome = await withNameConflicts(() =>
    context.store.change(caller.organizationId, async (queries): Promise<Refusal | undefined> => {
      const before = await test(queries);
      if (input.prune) {
        const rows = await queries
          .selectFrom('resources')
          .selectAll()
          .where('organization_id', '=', caller.organizationId)
          .where('origin', '=', 'declared')
          .execute();
        const gone = rows.filter((row) => !names.includes(row.name));
        for (const resource of await loadResources(queries, caller.organizationId, gone)) {
          await removeResource(queries, context, caller, resource);
          changes.push({ name: resource.name, action: 'delete', resource: redactResource(resource) });
        }
      }
      for (const [i, resource] of wanted.entries()) {
        const before = await findResource(queries, caller.organizationId, resource.name);
        if (!(before instanceof Refusal) && before.origin === 'service') {
          return withinList(new Refusal('api.name_taken', { detail: `${resource.name} is a service of an agent` }), i);
        }
        const put = await putResource(queries, context, caller, resource, before instanceof Refusal ? null : before);
        if (put instanceof Refusal) return withinList(put, i);
        const { action } = put;
        changes.push({
          name: resource.name,
          action,
          resource: input.dryRun && action === 'create' ? null : redactResource(put.resource),
        });
      }
      brokenAssertions = compareAssertions(before, await test(queries));
      return input.dryRun ? dryRun : undefined;
    }),
  );
  return outcome instanceof Refusal && outcome !== dryRun ? outcome : { changes, brokenAssertions };
}

function withinList(refusal: Refusal, index: number): Refusal {
  return new Refusal(refusal.reason, {
    ...(refusal.detail === undefined ? {} : { detail: refusal.detail }),
    errors: (refusal.errors ?? [{ path: '', message: refusal.detail ?? refusal.reason }]).map(({ path, message }) => ({
      path: `/resources/${index}${path}`,
      message,
    })),
  });
}
