import { type Alarm, sayDetail, type TrafficCounts } from '@zeronaut/model';
import type { SelectQueryBuilder } from 'kysely';
import type { Schema } from '../../store/schema.ts';
import type { Queries } from '../../store/store.ts';
import type { Presence } from '../../sync/presence.ts';
import type { Caller, Context } from '../context.ts';
import { activeGateways, type GatewayRow, leaseOf } from '../gateways/gateways.ts';
import { watchedNow } from '../incidents/incidents.ts';
import { getOrganization } from '../organizations/organizations.ts';
import { isoTime } from '../page.ts';
import { lastMinute } from './traffic.ts';

/** Gateways take a new snapshot within a second; one that has not after this time is behind. */
const BEHIND_MS = 30_000;
/** Certificates are renewed long before: one that is this near its end was not. */
const ENDING_MS = 864_000_000;
const MAX_ALARMS = 200;
/** A spool of 1 GiB holds about four times as many. */
const MANY_WAITING = 500_000;

export interface Overview {
  readonly at: string;
  readonly lastMinute: TrafficCounts;
  readonly counts: {
    gateways: number;
    gatewaysConnected: number;
    resources: number;
    services: number;
    sites: number;
    users: number;
    devices: number;
    pendingRequests: number;
    openIncidents: number;
    newIncidents: number;
  };
  readonly alarms: Alarm[];
  readonly alarmCount: number;
}

export async function getOverview(context: Context, caller: Caller): Promise<Overview> {
  const { organizationId } = caller;
  const gateways = await activeGateways(context.store.db, organizationId);
  const alarms = worstFirst([
    ...(await alarmsOf(context, organizationId, gateways)),
    ...(await watchedNow(context.store.db, organizationId)),
  ]);
  return {
    at: isoTime(context.clock()),
    lastMinute: await lastMinute(context, organizationId),
    counts: await countThings(context, organizationId, gateways),
    alarms: alarms.slice(0, MAX_ALARMS),
    alarmCount: alarms.length,
  };
}

async function countThings(
  context: Context,
  organizationId: string,
  gateways: readonly GatewayRow[],
): Promise<Overview['counts']> {
  const { db } = context.store;
  const connected = context.connectedGateways();
  const open = db.selectFrom('incidents').where('organization_id', '=', organizationId).where('closed_at', 'is', null);
  const [byOrigin, sites, users, devices, requests, openIncidents, newIncidents] = await Promise.all([
    db
      .selectFrom('resources')
      .select(['origin', (eb) => eb.fn.countAll<number>().as('count')])
      .where('organization_id', '=', organizationId)
      .groupBy('origin')
      .execute(),
    count(db.selectFrom('sites').where('organization_id', '=', organizationId)),
    count(
      db
        .selectFrom('users')
        .where('organization_id', '=', organizationId)
        .where('status', '=', 'active')
        .where('kind', '=', 'person'),
    ),
    count(db.selectFrom('devices').where('organization_id', '=', organizationId).where('revoked_at', 'is', null)),
    count(
      db
        .selectFrom('access_requests')
        .where('organization_id', '=', organizationId)
        .where('status', '=', 'pending')
        .where('closes_at', '>', context.clock()),
    ),
    count(open),
    count(open.where('acknowledged_at', 'is', null)),
  ]);
  const ofOrigin = (origin: string) => Number(byOrigin.find((row) => row.origin === origin)?.count ?? 0);
  return {
    gateways: gateways.length,
    gatewaysConnected: gateways.filter(({ id }) => connected.has(id)).length,
    resources: ofOrigin('declared'),
    services: ofOrigin('service'),
    sites,
    users,
    devices,
    ...{ pendingRequests: requests, openIncidents, newIncidents },
  };
}

async function count<T extends keyof Schema>(rows: SelectQueryBuilder<Schema, T, object>): Promise<number> {
  const { total } = await rows.select((eb) => eb.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  return Number(total);
}

/** What is wrong by how things are now, the worst first. */
export async function alarmsOf(
  context: Context,
  organizationId: string,
  known?: readonly GatewayRow[],
): Promise<Alarm[]> {
  const { db } = context.store;
  const gateways = known ?? (await activeGateways(db, organizationId));
  const nowMs = context.clock();
  if (gateways.length === 0) {
    const organization = await getOrganization(db, organizationId);
    return [
      {
        kind: 'no_gateway',
        severity: 'bad',
        object: { kind: 'organization', id: organizationId, name: organization.name },
        since: null,
        ...sayDetail('no_gateway'),
      },
    ];
  }
  const certificates = await db
    .selectFrom('gateway_certificates')
    .innerJoin('gateways', 'gateways.id', 'gateway_certificates.gateway_id')
    .select(['gateways.id', 'gateways.name', 'gateway_certificates.host', 'gateway_certificates.not_after'])
    .where('gateway_certificates.organization_id', '=', organizationId)
    .where('gateways.status', '=', 'active')
    .where('gateway_certificates.not_after', '<', nowMs + ENDING_MS)
    .orderBy('gateway_certificates.not_after')
    .limit(MAX_ALARMS)
    .execute();
  const devices = await db
    .selectFrom('devices')
    .select(['id', 'name', 'certificate_expires_at'])
    .where('organization_id', '=', organizationId)
    .where('revoked_at', 'is', null)
    .where('certificate_expires_at', '<', nowMs + ENDING_MS)
    // What ended long ago belongs to machines that nobody uses any more.
    .where('certificate_expires_at', '>', nowMs - ENDING_MS)
    .orderBy('certificate_expires_at')
    .limit(MAX_ALARMS)
    .execute();
  const presence = context.presence(organizationId);
  const alarms: Alarm[] = [
    ...gateways.flatMap((gateway) => gatewayAlarms(gateway, context.connectedGateways(), nowMs)),
    ...gateways.flatMap((gateway) => lossAlarms(gateway, presence)),
    ...(await targetAlarms(db, organizationId, presence)),
    ...(await agentAlarms(db, organizationId, presence)),
    ...certificates.map((row) =>
      ending('certificate_ending', { kind: 'gateway', ...row }, row.not_after, nowMs, row.host),
    ),
    ...devices.map((row) =>
      ending('device_certificate_ending', { kind: 'device', ...row }, row.certificate_expires_at, nowMs, row.name),
    ),
  ];
  return worstFirst(alarms);
}

function worstFirst(alarms: Alarm[]): Alarm[] {
  return alarms.sort((a, b) => Number(a.severity === 'warn') - Number(b.severity === 'warn'));
}

function lossAlarms({ id, name }: GatewayRow, { gateways }: Presence): Alarm[] {
  const load = gateways.get(id)?.load;
  if (load === undefined) return [];
  const object = { kind: 'gateway' as const, id, name };
  const lost = sayDetail('events_dropped', { count: load.eventsDropped });
  const waiting = sayDetail('events_waiting', { count: load.eventsWaiting });
  return [
    ...(load.eventsDropped === 0
      ? []
      : [{ kind: 'events_dropped' as const, severity: 'bad' as const, object, since: load.startedAt, ...lost }]),
    ...(load.eventsWaiting < MANY_WAITING
      ? []
      : [{ kind: 'events_waiting' as const, severity: 'warn' as const, object, since: null, ...waiting }]),
  ];
}

/** Resources of which some target is left out at some gateway. */
async function targetAlarms(queries: Queries, organizationId: string, { gateways }: Presence): Promise<Alarm[]> {
  const targets = new Map<string, Set<string>>();
  for (const { unhealthy } of gateways.values()) {
    for (const { resourceId, targetId } of unhealthy) {
      targets.set(resourceId, (targets.get(resourceId) ?? new Set()).add(targetId));
    }
  }
  if (targets.size === 0) return [];
  const rows = await queries
    .selectFrom('resources')
    .innerJoin('targets', 'targets.resource_id', 'resources.id')
    .select(['resources.id', 'resources.name', (eb) => eb.fn.countAll<number>().as('all')])
    .where('resources.organization_id', '=', organizationId)
    .where('resources.id', 'in', [...targets.keys()].slice(0, MAX_ALARMS))
    .groupBy(['resources.id', 'resources.name'])
    .execute();
  return rows.map(({ id, name, all }) => {
    const unwell = targets.get(id)!.size;
    const object = { kind: 'resource' as const, id, name };
    const isAll = unwell >= Number(all);
    const detail = isAll ? sayDetail('targets_all') : sayDetail('targets_some', { unwell, all: Number(all) });
    return {
      ...{ kind: 'target_unhealthy' as const, severity: isAll ? ('bad' as const) : ('warn' as const) },
      ...{ object, since: null, ...detail },
    };
  });
}

/** Services that no connected gateway has an agent for. */
async function agentAlarms(queries: Queries, organizationId: string, presence: Presence): Promise<Alarm[]> {
  if (presence.gateways.size === 0) return [];
  const rows = await queries
    .selectFrom('resources')
    .select(['id', 'name'])
    .where('organization_id', '=', organizationId)
    .where('origin', '=', 'service')
    .where('enabled', '=', 1)
    .execute();
  return rows
    .filter(({ id }) => !presence.serving.has(id))
    .map(({ id, name }) => ({
      ...{ kind: 'agent_away' as const, severity: 'warn' as const, object: { kind: 'resource' as const, id, name } },
      since: null,
      ...sayDetail('agent_away'),
    }));
}

function gatewayAlarms(gateway: GatewayRow, connected: ReadonlySet<string>, nowMs: number): Alarm[] {
  const object = { kind: 'gateway' as const, id: gateway.id, name: gateway.name };
  // One that is being emptied is going to be stopped: nothing is wrong then.
  if (!connected.has(gateway.id) && gateway.drain_since !== null) return [];
  if (!connected.has(gateway.id)) {
    const since = isoTime(gateway.last_seen_at);
    const lease = leaseOf(gateway, false);
    const at = lease?.endsAt ?? '';
    const isOver = at !== '' && nowMs >= Date.parse(at);
    const isHalf = at !== '' && nowMs >= Date.parse(at) - lease!.maxAgeSeconds * 500;
    // From half of the time on there is an alarm of its own that says when it ends.
    const away = isHalf
      ? sayDetail('gateway_off')
      : sayDetail(at === '' ? 'gateway_away' : 'gateway_away_until', { at });
    const offline = gateway.last_seen_at === null ? sayDetail('gateway_never') : away;
    const ends = sayDetail(isOver ? 'gateway_expired' : 'gateway_expiring', { at });
    return [
      { kind: 'gateway_offline', severity: 'bad', object, since, ...offline },
      ...(isHalf ? [{ kind: 'gateway_expiring' as const, severity: 'bad' as const, object, since, ...ends }] : []),
    ];
  }
  const applied = gateway.applied_version ?? 0;
  if (applied >= gateway.snapshot_version || nowMs - gateway.snapshot_issued_at < BEHIND_MS) return [];
  const detail = sayDetail('gateway_behind', { applied, wanted: gateway.snapshot_version });
  return [{ kind: 'gateway_behind', severity: 'bad', object, since: isoTime(gateway.snapshot_issued_at), ...detail }];
}

function ending(
  kind: 'certificate_ending' | 'device_certificate_ending',
  { kind: objectKind, id, name }: { kind: 'gateway' | 'device'; id: string; name: string },
  endsAtMs: number,
  nowMs: number,
  of: string,
): Alarm {
  return {
    kind,
    severity: endsAtMs <= nowMs ? 'bad' : 'warn',
    object: { kind: objectKind, id, name },
    since: null,
    ...sayDetail(endsAtMs <= nowMs ? 'certificate_ended' : 'certificate_ends', { of, at: isoTime(endsAtMs) }),
  };
}
