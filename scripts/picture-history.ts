/**
 * A day that was, for `screenshots.ts`: nobody waits a day for a picture. What is counted of the last hour is there as accesses, too, so that
 * no number of a picture contradicts the list that it leads to.
 */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createId } from '@zeronaut/model';
import type { World } from '../e2e/harness/world.ts';

const HISTORY_MS = 26 * 3_600_000;
const MINUTE_MS = 60_000;
/** Of the histogram of latencies, from its third bucket on. */
const LATENCY_SHARES = [0.3, 0.25, 0.2, 0.1, 0.06, 0.04, 0.03, 0.015, 0.005];
const LATENCY_COLUMNS = Array.from({ length: 25 }, (_, index) => `l${index}`);

const HOUR_MS = 3_600_000;
/** As the console counts them. */
const REASON_STEP_MS = 600_000;
const COUNTED = ['requests', 'refused', 'challenged', 'failed', 'bytes_in', 'bytes_out', ...LATENCY_COLUMNS];
const PATHS = ['/', '/login', '/api/items', '/assets/app.js', '/search', '/product/17'];

/** Minutes that the console adds up. */
const STEPS = [1, 10, 60];

interface Served {
  readonly id: string;
  readonly organizationId: string;
  readonly name: string;
  readonly protocol: 'http' | 'tcp' | 'udp';
}

/** A day of traffic that was: nobody waits a day for a picture. */
export function writeHistory(
  world: World,
  resources: readonly Served[],
  who: Readonly<Record<'user' | 'device' | 'policy' | 'gateway', string>>,
): string {
  const db = new DatabaseSync(join(world.home, 'console/zeronaut.db'), { timeout: 10_000 });
  const nowMs = Date.now();
  const organization = resources[0]!.organizationId;
  db.exec('begin immediate');
  writeTraffic(db, resources, { organization, ...who }, nowMs);
  const activity = db.prepare('insert or replace into activity values (?, ?, ?, ?, ?, ?, ?, ?)');
  const part = db.prepare('insert or replace into activity_parts values (?, ?, ?, ?, ?, ?, ?, ?)');
  const dayMs = 86_400_000;
  for (const [index, scope] of [who.user, who.device].entries()) {
    for (const [step, days] of [
      [60, 30],
      [1_440, 30],
    ] as const) {
      const stepMs = step * MINUTE_MS;
      for (let at = nowMs - days * dayMs - ((nowMs - days * dayMs) % stepMs); at < nowMs; at += stepMs) {
        const hour = step === 60 ? (at / 3_600_000) % 24 : 12;
        const isToday = at >= nowMs - (nowMs % dayMs);
        const busy = hour > 6 && hour < 18 ? 1 + Math.sin(at / 7_900_000) * 0.4 : 0;
        const requests = Math.round(((busy * (isToday ? 90 : 24)) / (index + 1)) * (step === 60 ? 1 : 11));
        const bytes = [requests * 700, requests * 18_000] as const;
        if (requests > 0) activity.run(organization, scope, step, at, requests, Math.round(requests * 0.04), ...bytes);
      }
    }
    const day = Math.floor(nowMs / dayMs);
    for (const [place, { id }] of resources.slice(0, 3).entries())
      part.run(organization, scope, day, 'resource', id, 300 >> place, place * 4, nowMs - place * 400_000);
    for (const [place, address] of ['192.0.2.17', '2001:db8:4::9'].entries())
      part.run(organization, scope, day, 'address', address, 400 >> place, 9, nowMs - place * 700_000);
    part.run(organization, scope, day, 'country', 'CH', 410, 9, nowMs);
  }
  const incident = db.prepare(`insert into incidents values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, null)`);
  const incidents = [
    ['sign_in_guessing', 'bad', 'user', who.user, 'ann', '6 sign-ins were denied within ten minutes', 12, null],
    ['policy_used', 'bad', 'policy', who.policy, 'break-glass', 'Emergency access was used.', 47, null],
    [
      'refusal_burst',
      'warn',
      'address',
      '192.0.2.66',
      '192.0.2.66',
      '412 requests were refused within five minutes',
      130,
      110,
    ],
    [
      'gateway_offline',
      'bad',
      'gateway',
      who.gateway,
      'edge-one',
      'it is not connected; it goes on with what it knows',
      900,
      860,
    ],
  ] as const;
  const ids = incidents.map(([kind, severity, of, id, name, detail, cameMinutes, overMinutes], index) => {
    const incidentId = createId('incident', nowMs - cameMinutes * MINUTE_MS);
    const ended = overMinutes === null ? null : nowMs - overMinutes * MINUTE_MS;
    const looked = index === 1 ? [nowMs - 20 * MINUTE_MS, who.user, 'Asked the person on call.'] : [null, null, ''];
    incident.run(
      ...[incidentId, organization, `${kind} ${id}`, kind, severity, of, id, name, detail],
      ...[nowMs - cameMinutes * MINUTE_MS, ended ?? nowMs, ended, null, 1],
      ...looked,
    );
    return incidentId;
  });
  db.exec('commit');
  db.close();
  return ids[1]!;
}

/** What one resource had in a minute: busy by day, with a little unrest, each a little less than the one before. */
function minuteOf(at: number, index: number, nowMs: number) {
  const hour = (at / HOUR_MS) % 24;
  const wave = 1.6 + Math.sin(((hour - 8) / 24) * 2 * Math.PI) + 0.3 * Math.sin(at / 1_700_000 + index);
  // The one that runs is not over.
  const part = Math.min(1, (nowMs - at) / MINUTE_MS);
  const requests = Math.max(0, Math.round((wave * 60 * part) / (index + 2)));
  const refused = Math.min(requests, Math.round(requests * 0.03 * (1 + Math.sin(at / 3_100_000 + index))));
  const isBad = nowMs - at > 8.4 * HOUR_MS && nowMs - at < 9 * HOUR_MS;
  const failed = isBad ? Math.round((requests - refused) * 0.08) : 0;
  return { requests, refused, failed };
}

/** The sums of a day by minute, ten of them and hour, the reasons of refusals, and each access of the last hour. */
function writeTraffic(
  db: DatabaseSync,
  resources: readonly Served[],
  who: Readonly<Record<'organization' | 'gateway' | 'user' | 'policy', string>>,
  nowMs: number,
): void {
  const insert = db.prepare(
    `insert or replace into traffic (organization_id, kind, scope, step, at, shard, ${COUNTED.join(', ')})
     values (?, ?, ?, ?, ?, 0, ${COUNTED.map(() => '?').join(', ')})`,
  );
  const event = db.prepare(
    `insert into access_events (organization_id, gateway_id, epoch, seq, at, resource_id, effect, body, reason, subject, source_address)
     values (?, ?, 'of-a-picture', ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const sums = new Map<string, Map<string, number>>();
  const reasons = new Map<string, number>();
  const forbade = new Map<string, number>();
  const add = (into: Map<string, number>, name: string, count: number) => into.set(name, (into.get(name) ?? 0) + count);
  const sumOf = (scope: string, step: number, at: number) => {
    const key = `${scope} ${step} ${at - (at % (step * MINUTE_MS))}`;
    const sum = sums.get(key) ?? new Map<string, number>();
    sums.set(key, sum);
    return sum;
  };
  let seq = 0;
  for (let at = nowMs - HISTORY_MS - ((nowMs - HISTORY_MS) % MINUTE_MS); at < nowMs; at += MINUTE_MS) {
    for (const [index, { id, name, protocol }] of resources.entries()) {
      const { requests, refused, failed } = minuteOf(at, index, nowMs);
      for (const sum of [id, '', who.gateway].flatMap((scope) => STEPS.map((step) => sumOf(scope, step, at)))) {
        add(sum, 'requests', requests);
        add(sum, 'refused', refused);
        add(sum, 'failed', failed);
        add(sum, 'bytes_in', requests * 900);
        add(sum, 'bytes_out', requests * 21_000);
        for (const [place, share] of LATENCY_SHARES.entries()) add(sum, `l${place + 2}`, Math.round(requests * share));
      }
      const reason =
        name === 'shop' ? 'access.rate_limited' : name === 'payroll' ? 'access.policy_forbids' : 'access.not_allowed';
      if (refused > 0)
        for (const scope of ['', id]) add(reasons, `${scope} ${at - (at % REASON_STEP_MS)} ${reason}`, refused);
      if (name === 'payroll' && refused > 0)
        for (const step of [60, 1_440]) add(forbade, `${step} ${at - (at % (step * MINUTE_MS))}`, refused);
      if (at < nowMs - HOUR_MS - MINUTE_MS) continue;
      for (let one = 0; one < requests; one++) {
        const isHttp = protocol === 'http';
        const deny = one < refused;
        const spread = Math.min(MINUTE_MS, nowMs - at) / requests;
        const atMs = at + Math.floor((requests - 1 - ((one * 7 + index * 3) % requests) + index / 7) * spread);
        const subject = name === 'shop' ? '' : who.user;
        const address = deny ? `192.0.2.${60 + (one % 9)}` : `198.51.100.${10 + (one % 40)}`;
        const status = deny ? (name === 'shop' ? 429 : 403) : isHttp && one - refused < failed ? 502 : 200;
        const said = deny
          ? reason
          : subject === ''
            ? 'access.public'
            : isHttp
              ? 'access.session'
              : 'access.address_authorised';
        const body = {
          ...{ gatewayId: who.gateway, epoch: 'of-a-picture', seq: ++seq, at: new Date(atMs).toISOString() },
          ...{ requestId: createId('request', atMs), organizationId: who.organization, resourceId: id },
          ...{ protocol, effect: deny ? 'deny' : 'pass', reason: said, subject, credentialId: '' },
          ...{
            sourceAddress: address,
            country: deny ? 'NL' : 'CH',
            method: isHttp ? (one % 5 === 0 ? 'POST' : 'GET') : '',
          },
          ...{
            host: `${name}.example.com`,
            path: isHttp ? PATHS[one % PATHS.length] : '',
            status: isHttp ? status : 0,
            durationMs: 8 + (one % 60),
          },
          ...{ bytesIn: 900, bytesOut: 21_000, targetId: '', snapshotVersion: 1 },
          ...(deny &&
            name === 'payroll' && { explanation: { policies: [who.policy], facts: {}, reported: null, advice: '' } }),
        };
        event.run(
          ...[who.organization, who.gateway, seq, atMs, id, body.effect, JSON.stringify(body)],
          ...[said, subject, address],
        );
      }
    }
  }
  for (const [key, sum] of sums) {
    const [scope, step, at] = key.split(' ') as [string, string, string];
    insert.run(
      ...[who.organization, scope === '' ? 'organization' : scope === who.gateway ? 'gateway' : 'resource', scope],
      ...[Number(step), Number(at)],
      ...COUNTED.map((column) => sum.get(column) ?? 0),
    );
  }
  const hit = db.prepare('insert or replace into policy_hits values (?, ?, ?, ?, ?, 0, ?, ?)');
  for (const [key, count] of forbade) {
    const [step, at] = key.split(' ').map(Number) as [number, number];
    hit.run(who.organization, step, at, who.policy, 'deny', count, Math.min(nowMs, at + step * MINUTE_MS) - 1);
  }
  const reasonRow = db.prepare(
    'insert or replace into traffic_reasons (organization_id, resource_id, at, reason, shard, count) values (?, ?, ?, ?, 0, ?)',
  );
  for (const [key, count] of reasons) {
    const [resource, at, reason] = key.split(' ') as [string, string, string];
    reasonRow.run(who.organization, resource, Number(at), reason, count);
  }
}
