import { randomInt } from 'node:crypto';
import { formatHostPort, parseAddress, type ServiceView, type serviceInput } from '@zeronaut/model';
import type { z } from 'zod';
import { Refusal } from '../../store/refusal.ts';
import type { Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { findActiveDevice } from '../devices/devices.ts';
import { activeGateways, type GatewayRow, toEndpoint } from '../gateways/gateways.ts';
import { isoTime, type Page } from '../page.ts';
import { hashAccess } from '../resources/access-input.ts';
import { loadResources, type StoredResource } from '../resources/resource-rows.ts';
import {
  findResource,
  listResources,
  putResource,
  type ResourceListQuery,
  redactResource,
  type WantedResource,
  withNameConflicts,
} from '../resources/resources.ts';
import { ADJECTIVES, NOUNS } from './words.ts';

export type ServiceInput = z.output<typeof serviceInput>;

/** Gateways of which each service of a list says how it is reached there; of a single one all are told. */
const MAX_LISTED_GATEWAYS = 5;
/** Random names that are tried before we give up: with 10^8 of them even the second try is rare. */
const MAX_NAME_TRIES = 20;

/**
 * Publishes a service of the caller's device, or publishes it again: then name and port stay and the rest becomes as
 * asked now. Without a name, device, protocol and address say which service is meant.
 */
export async function publishService(
  context: Context,
  caller: Caller,
  input: ServiceInput,
): Promise<ServiceView | Refusal> {
  const { organizationId } = caller;
  const device = await findActiveDevice(context.store.db, organizationId, input.deviceId);
  if (device instanceof Refusal || device.id !== input.deviceId) {
    return new Refusal('api.not_found', { detail: 'the device is not enrolled' });
  }
  if (device.userId !== caller.userId) {
    return new Refusal('api.forbidden', { detail: 'the device belongs to another user' });
  }
  const protocol = input.targetProtocol ?? input.protocol;
  if ((input.protocol === 'http') !== (protocol === 'http' || protocol === 'https')) {
    return new Refusal('api.invalid', {
      errors: [{ path: '/targetProtocol', message: `does not fit a service that speaks ${input.protocol}` }],
    });
  }
  if (input.protocol === 'http' && input.port !== undefined) {
    return new Refusal('api.invalid', { errors: [{ path: '/port', message: 'an HTTP service has no port' }] });
  }

  const known = await findPublished(context.store.db, caller, input);
  if (known instanceof Refusal) return known;
  const access = await hashAccess(context, input.access, known?.access ?? null);
  if (access instanceof Refusal) return access;
  return await withNameConflicts(() =>
    context.store.change(organizationId, async (queries) => {
      const gateways = await activeGateways(queries, organizationId);
      if (gateways.length === 0) return new Refusal('api.no_gateway');
      const before = await findPublished(queries, caller, input);
      if (before instanceof Refusal) return before;
      const name = before?.name ?? input.name ?? (await freeName(queries, organizationId));
      const wanted: WantedResource = {
        name,
        protocol: input.protocol,
        domains: [],
        port: input.port ?? null,
        access,
        targets: [
          {
            address: input.address,
            deviceId: device.id,
            protocol,
            weight: 1,
            healthCheck: null,
            // What an agent dials on its own machine rarely has a certificate that anybody signed.
            tlsVerify: false,
            tlsServerName: null,
          },
        ],
        proxyProtocol: input.proxyProtocol,
        headers: input.headers,
        limits: input.limits,
        // A service has one target.
        balancing: 'weighted',
        // What somebody stopped stays stopped, however often its agent comes back.
        enabled: before?.enabled ?? true,
        origin: 'service',
        deviceId: device.id,
        autoNamed: before?.autoNamed ?? input.name === undefined,
      };
      const put = await putResource(queries, context, caller, wanted, before);
      if (put instanceof Refusal) return put;
      return await viewService(context, queries, put.resource, gateways);
    }),
  );
}

/**
 * Stops a service, or starts it again: gateways let nobody in while it is stopped, and cut what is open. Name, port and
 * rule stay taken, so nothing but the switch changes.
 */
export async function setServiceEnabled(
  context: Context,
  caller: Caller,
  idOrName: string,
  enabled: boolean,
): Promise<ServiceView | Refusal> {
  const { organizationId } = caller;
  return await context.store.change(organizationId, async (queries) => {
    const before = await findResource(queries, organizationId, idOrName);
    if (before instanceof Refusal) return before;
    if (before.origin !== 'service') return new Refusal('api.not_found');
    const gateways = await activeGateways(queries, organizationId);
    if (before.enabled === enabled) return await viewService(context, queries, before, gateways);
    const nowMs = context.clock();
    const { version } = await queries
      .updateTable('resources')
      .set((eb) => ({ enabled: enabled ? 1 : 0, updated_at: nowMs, version: eb('version', '+', 1) }))
      .where('organization_id', '=', organizationId)
      .where('id', '=', before.id)
      .returning('version')
      .executeTakeFirstOrThrow();
    const after: StoredResource = { ...before, enabled, updatedAt: new Date(nowMs).toISOString(), version };
    await appendAudit(queries, context, caller, {
      action: 'service.update',
      objectKind: 'service',
      objectId: before.id,
      before: redactResource(before),
      after: redactResource(after),
    });
    return await viewService(context, queries, after, gateways);
  });
}

/** The service that this input means, if there is one. A name that somebody else has is refused. */
async function findPublished(
  queries: Queries,
  caller: Caller,
  input: ServiceInput,
): Promise<StoredResource | null | Refusal> {
  const { organizationId } = caller;
  if (input.name !== undefined) {
    const named = await findResource(queries, organizationId, input.name);
    if (named instanceof Refusal) return null;
    if (named.origin === 'service' && named.deviceId === input.deviceId) return named;
    if (named.origin === 'service' && (await isAbandoned(queries, caller, named))) return named;
    return new Refusal('api.name_taken', { detail: `${input.name} is taken` });
  }
  const row = await queries
    .selectFrom('resources')
    .selectAll('resources')
    .innerJoin('targets', 'targets.resource_id', 'resources.id')
    .where('resources.organization_id', '=', organizationId)
    .where('resources.origin', '=', 'service')
    .where('resources.device_id', '=', input.deviceId)
    .where('resources.protocol', '=', input.protocol)
    .where('resources.auto_named', '=', 1)
    .where('targets.address', '=', input.address)
    .orderBy('resources.id')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : (await loadResources(queries, organizationId, [row]))[0]!;
}

/** A machine that was set up anew is a new device; its user takes the names of the revoked one over. */
async function isAbandoned(queries: Queries, caller: Caller, service: StoredResource): Promise<boolean> {
  const device = await queries
    .selectFrom('devices')
    .select(['user_id', 'revoked_at'])
    .where('organization_id', '=', caller.organizationId)
    .where('id', '=', service.deviceId)
    .executeTakeFirst();
  return device !== undefined && device.revoked_at !== null && device.user_id === caller.userId;
}

async function freeName(queries: Queries, organizationId: string): Promise<string> {
  for (let tries = 0; tries < MAX_NAME_TRIES; tries++) {
    const number = String(randomInt(10_000)).padStart(4, '0');
    const name = `${ADJECTIVES[randomInt(ADJECTIVES.length)]}-${NOUNS[randomInt(NOUNS.length)]}-${number}`;
    const taken = await queries
      .selectFrom('resources')
      .select('id')
      .where('organization_id', '=', organizationId)
      .where('name', '=', name)
      .executeTakeFirst();
    if (taken === undefined) return name;
  }
  throw new Error('twenty random names in a row were taken');
}

/** How a service is reached through every gateway, and the DNS records that real domains need. */
async function viewService(
  context: Context,
  queries: Queries,
  resource: StoredResource,
  gateways: readonly GatewayRow[],
): Promise<ServiceView> {
  const [view] = await viewServices(context, queries, [resource], gateways);
  return view!;
}

async function viewServices(
  context: Context,
  queries: Queries,
  services: readonly StoredResource[],
  gateways: readonly GatewayRow[],
): Promise<ServiceView[]> {
  if (services.length === 0) return [];
  const newest = await queries
    .selectFrom('resources')
    .select((eb) => [
      'resources.id',
      // The newest of each by the index; a maximum over groups would read all of them.
      eb
        .selectFrom('access_events')
        .select('access_events.at')
        .whereRef('access_events.resource_id', '=', 'resources.id')
        .orderBy('access_events.at', 'desc')
        .limit(1)
        .as('at'),
    ])
    .where(
      'resources.id',
      'in',
      services.map(({ id }) => id),
    )
    .execute();
  const lastOf = new Map(newest.map(({ id, at }) => [id, at]));
  const dns = [...new Set(gateways.flatMap(dnsLines))];
  const endpoints = gateways.map(toEndpoint);
  const { serving } = context.presence(services[0]!.organizationId);
  return services.map((service) => ({
    ...redactResource(service),
    urls: [...new Set(serviceUrls(service, gateways))],
    dns: service.protocol === 'http' ? dns : [],
    gateways: endpoints,
    connected: serving.has(service.id),
    lastEventAt: isoTime(lastOf.get(service.id) ?? null),
  }));
}

export function serviceUrls(
  resource: { name: string; protocol: 'http' | 'tcp' | 'udp'; port: number | null },
  gateways: readonly GatewayRow[],
): string[] {
  return gateways.map((gateway) => {
    if (resource.protocol !== 'http') return formatHostPort(gateway.public_host, resource.port!);
    const port = gateway.https_port === 443 ? '' : `:${gateway.https_port}`;
    return `https://${resource.name}.${gateway.base_domain}${port}`;
  });
}

/** Zone-file lines: one wildcard covers every service and the sign-in pages. Nothing for names that resolve by themselves. */
function dnsLines(gateway: GatewayRow): string[] {
  const { base_domain: base, public_host: host } = gateway;
  if (base === 'localhost' || base.endsWith('.localhost')) return [];
  const address = parseAddress(host);
  const record =
    address === null ? `CNAME ${host.replace(/\.?$/, '.')}` : `${address.includes(':') ? 'AAAA' : 'A'} ${address}`;
  return [`*.${base}. 300 IN ${record}`];
}

export async function listServices(
  context: Context,
  caller: Caller,
  query: Omit<ResourceListQuery, 'origin' | 'enabled'>,
): Promise<Page<ServiceView> | Refusal> {
  const { db } = context.store;
  const page = await listResources(context, caller, { ...query, origin: 'service' });
  if (page instanceof Refusal) return page;
  const gateways = await activeGateways(db, caller.organizationId, MAX_LISTED_GATEWAYS);
  return { ...page, items: await viewServices(context, db, page.items, gateways) };
}

export async function getService(context: Context, caller: Caller, idOrName: string): Promise<ServiceView | Refusal> {
  const { db } = context.store;
  const resource = await findResource(db, caller.organizationId, idOrName);
  if (resource instanceof Refusal) return resource;
  if (resource.origin !== 'service') return new Refusal('api.not_found');
  return await viewService(context, db, resource, await activeGateways(db, caller.organizationId));
}
