import type { FactorKind, Snapshot } from '@zeronaut/model';
import type { Environment } from './cedar/expression.ts';
import { datetimeValue, ipValue } from './cedar/extensions.ts';
import { type CedarRecord, CedarSet, type Entity, type Value } from './cedar/values.ts';
import { record, ref } from './entities.ts';

/** What is known of the moment, beside who asks for what. Becomes the `context` of the policy schema. */
export interface Circumstances {
  /** Normalised source address. */
  readonly address: string;
  /** ISO 3166-1, two letters; null or absent: unknown. May be a getter: it is read only where a policy reads it. */
  readonly country?: string | null;
  /** Wall clock, ms. */
  readonly nowMs: number;
  /** IANA name; weekday, hour and minute are told there. */
  readonly timeZone: string;
  /** 0 (none) to 100, of the user. */
  readonly risk: number;
  /** What was shown when the session was opened. Empty where there is no session. */
  readonly factors: readonly FactorKind[];
  /** When the last of them was shown; null: unknown. */
  readonly factorsAtMs: number | null;
  /** Which door is open: `session`, `personal_access_token`, `basic`, `share`, `token`, `address`, `device`, `public`. */
  readonly by: string;
  /** An access request for this very resource was approved and still runs. */
  readonly granted: boolean;
  readonly device: DeviceFacts | null;
  readonly http: { readonly method: string; readonly host: string; readonly path: string } | null;
  readonly destination: { readonly host: string; readonly port: number } | null;
  /** Where the request comes in; null: unknown, or there is none. */
  readonly gateway: GatewayFacts | null;
}

export interface GatewayFacts {
  readonly id: string;
  readonly name: string;
  readonly region: string;
  readonly segments: readonly string[];
}

export interface DeviceFacts {
  readonly id: string;
  readonly segments: readonly string[];
  readonly risk: number;
  readonly posture: Snapshot['devices'][number]['posture'] | null;
}

/** The context as Cedar values. Only built when a decision is not known yet. */
export function contextOf(circumstances: Circumstances): CedarRecord {
  const { factorsAtMs, device, http, destination, gateway } = circumstances;
  const members: Record<string, Value> = {
    address: ipValue(circumstances.address),
    now: datetimeValue(minuteOf(circumstances.nowMs) * 60_000),
    time: record(localTime(circumstances.nowMs, circumstances.timeZone)),
    risk: circumstances.risk,
    factors: new CedarSet(circumstances.factors),
    by: circumstances.by,
    granted: circumstances.granted,
  };
  const country = circumstances.country ?? null;
  if (country !== null) members.country = country;
  if (factorsAtMs !== null) members.factorMinutesAgo = minutesAgo(factorsAtMs, circumstances.nowMs);
  if (device !== null) members.device = ref('Device', device.id);
  if (http !== null) members.http = record({ ...http });
  if (destination !== null) members.destination = record({ ...destination });
  if (gateway !== null) members.gateway = ref('Gateway', gateway.id);
  return record(members);
}

/** The entities that the context names. */
export function entitiesOf({ device, gateway, nowMs }: Circumstances): Entity[] {
  return [
    ...(device === null ? [] : [entityIn('Device', device, deviceRecord(device, nowMs))]),
    ...(gateway === null ? [] : [entityIn('Gateway', gateway, gatewayRecord(gateway))]),
  ];
}

/** What a policy is evaluated with of the moment. */
export function momentOf(circumstances: Circumstances): Pick<Environment, 'context' | 'find'> {
  const entities = entitiesOf(circumstances);
  return {
    context: contextOf(circumstances),
    find: ({ key }) => entities.find(({ ref }) => ref.key === key),
  };
}

/**
 * The value of one fact as text, for the key of a remembered decision: two circumstances with the same text are the same
 * to every policy that reads this fact. Time is told in minutes, so a decision is asked again once a minute at most.
 */
export function factText(fact: string, circumstances: Circumstances): string {
  switch (fact) {
    case 'address':
      return circumstances.address;
    case 'country':
      return circumstances.country ?? '';
    case 'now':
    case 'time':
    case 'time.weekday':
    case 'time.hour':
    case 'time.minute':
      return String(minuteOf(circumstances.nowMs));
    case 'risk':
      return String(circumstances.risk);
    case 'factors':
      return circumstances.factors.join(' ');
    case 'factorMinutesAgo': {
      const { factorsAtMs, nowMs } = circumstances;
      return factorsAtMs === null ? '' : String(minutesAgo(factorsAtMs, nowMs));
    }
    case 'by':
      return circumstances.by;
    case 'granted':
      return String(circumstances.granted);
    case 'http.method':
      return circumstances.http?.method ?? '';
    case 'http.host':
      return circumstances.http?.host ?? '';
    case 'http.path':
      return circumstances.http?.path ?? '';
    case 'device.reportedMinutesAgo': {
      const collectedAt = circumstances.device?.posture?.collectedAt;
      return collectedAt === undefined ? '' : String(minutesAgo(Date.parse(collectedAt), circumstances.nowMs));
    }
  }
  const [root] = fact.split('.');
  if (root === 'device') {
    const device = circumstances.device;
    const age = fact === 'device' ? factText('device.reportedMinutesAgo', circumstances) : '';
    return device === null
      ? ''
      : `${age}${JSON.stringify([device.id, device.segments, device.risk, device.posture ?? null])}`;
  }
  if (root === 'http') return JSON.stringify(circumstances.http);
  if (root === 'destination') return JSON.stringify(circumstances.destination);
  if (root === 'gateway') return JSON.stringify(circumstances.gateway);
  return JSON.stringify({ ...circumstances, nowMs: minuteOf(circumstances.nowMs) });
}

/** The same for people: what it was, in the words of the policy. */
export function factShown(fact: string, circumstances: Circumstances): string {
  const { nowMs, timeZone } = circumstances;
  if (fact === 'now') return new Date(minuteOf(nowMs) * 60_000).toISOString();
  const [root, part] = fact.split('.');
  if (root === 'gateway') return circumstances.gateway?.name ?? '';
  if (root !== 'time') return factText(fact, circumstances);
  const time = localTime(nowMs, timeZone);
  return part === undefined ? JSON.stringify(time) : String(time[part] ?? '');
}

/** Whether the passing of time alone can change what a policy that reads these facts says. */
export function readsTime(facts: ReadonlySet<string>): boolean {
  for (const fact of facts) {
    if (fact === '*' || fact === 'device' || /^(?:now|time|factorMinutesAgo)\b|reportedMinutesAgo$/.test(fact))
      return true;
  }
  return false;
}

function entityIn(type: string, { id, segments }: GatewayFacts | DeviceFacts, attributes: CedarRecord): Entity {
  return {
    ref: ref(type, id),
    attributes,
    ancestors: new Set(segments.map((segment) => ref('Segment', segment).key)),
  };
}

function gatewayRecord({ id, name, region, segments }: GatewayFacts): CedarRecord {
  return record({ id, name, region, segments: new CedarSet(segments) });
}

function deviceRecord(device: DeviceFacts, nowMs: number): CedarRecord {
  const posture = device.posture ?? null;
  const members: Record<string, Value> = {
    id: device.id,
    segments: new CedarSet(device.segments),
    risk: device.risk,
    processes: new CedarSet(namesThatAreTrue(posture?.facts.processes)),
    files: new CedarSet(namesThatAreTrue(posture?.facts.files)),
  };
  if (posture !== null) {
    const { facts } = posture;
    members.platform = facts.platform;
    members.os = facts.os;
    members.osVersion = facts.osVersion;
    // `unknown` stays absent: a policy that asks for it must say what then.
    for (const name of ['diskEncryption', 'firewall', 'screenLock'] as const) {
      if (facts[name] !== 'unknown') members[name] = facts[name] === 'on';
    }
    members.reportedMinutesAgo = minutesAgo(Date.parse(posture.collectedAt), nowMs);
  }
  return record(members);
}

function namesThatAreTrue(names: Readonly<Record<string, boolean>> | undefined): string[] {
  return Object.entries(names ?? {}).flatMap(([name, is]) => (is ? [name] : []));
}

function minuteOf(ms: number): number {
  return Math.floor(ms / 60_000);
}

function minutesAgo(atMs: number, nowMs: number): number {
  return Math.max(0, minuteOf(nowMs) - minuteOf(atMs));
}

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const formats = new Map<string, Intl.DateTimeFormat>();
let lastTime: { minute: number; timeZone: string; time: Readonly<Record<string, number>> } | null = null;

/** Monday is 1. */
export function localTime(nowMs: number, timeZone: string): Readonly<Record<string, number>> {
  const minute = minuteOf(nowMs);
  if (lastTime?.minute === minute && lastTime.timeZone === timeZone) return lastTime.time;
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    formats.set(timeZone, format);
  }
  const parts = new Map(format.formatToParts(nowMs).map(({ type, value }) => [type, value]));
  const time = {
    weekday: WEEKDAYS.indexOf(parts.get('weekday')!) + 1,
    hour: Number(parts.get('hour')),
    minute: Number(parts.get('minute')),
  };
  lastTime = { minute, timeZone, time };
  return time;
}
