import type { SnapshotPolicy, SnapshotUser } from '@zeronaut/model';
import type { Test } from './analysis/formula.ts';
import { policyTests } from './analysis/policy-tests.ts';
import { addressText } from './cedar/extensions.ts';
import type { Circumstances, DeviceFacts, GatewayFacts } from './circumstances.ts';
import type { AccessQuestion } from './decide-access.ts';
import { SERVICE_ACCOUNT_DOMAIN } from './entities.ts';
import { httpAction } from './policy-schema.ts';

/**
 * What could be otherwise about a question, in the order of what a person can do: show a factor, ask for access, join a group, come
 * from elsewhere, ask for something else, wait; and last what an administrator can do. Made of what policies and the rule name;
 * whether it turns the answer is found by trying it (`explain-access.ts`).
 */
export interface Alternative {
  /** `factors`, `factorMinutesAgo`, `granted`, `by`, `group`, `withoutGroup`, `device`, `address`, `time`, … */
  readonly fact: string;
  readonly value: string;
  change(question: AccessQuestion): AccessQuestion;
}

/** Of one fact so many values are tried, hours aside. */
const MAX_VALUES = 20;
/** Of many policies so many are read. */
const MAX_POLICIES = 200;
/** Hours that are tried, one after the other: a week, so that every office hour is among them. */
const HOURS = 168;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

export interface Surroundings {
  readonly policies: readonly SnapshotPolicy[];
  readonly devices: readonly DeviceFacts[];
  readonly gateways: readonly GatewayFacts[];
}

/** With the circumstances as they are changed; so that changes add up, each says only what it is about. */
export function changedQuestion(question: AccessQuestion, change: Partial<Circumstances>): AccessQuestion {
  return { ...question, circumstances: (by) => ({ ...question.circumstances(by), ...change }) };
}

export function alternativesOf(question: AccessQuestion, surroundings: Surroundings): Alternative[] {
  const tests = surroundings.policies.slice(0, MAX_POLICIES).flatMap(({ json }) => policyTests(json));
  const now = question.circumstances('');
  return [
    ...map(factorAlternatives(now)),
    ...doorAlternatives(question),
    ...personAlternatives(question, tests, ['Group']),
    ...deviceAlternatives(now, surroundings),
    ...map(addressAlternatives(now, question.object.access.addresses, tests)),
    ...map(countryAlternatives(now, tests)),
    ...requestAlternatives(question, now, tests),
    ...map(timeAlternatives(now, tests)),
    ...map(riskAlternatives()),
    ...personAlternatives(question, tests, ['Role', 'type']),
    ...segmentAlternatives(question, tests),
  ];
}

function moment(fact: string, value: string, change: Partial<Circumstances>): Alternative {
  return { fact, value, change: (question) => changedQuestion(question, change) };
}

export interface MomentAlternative {
  readonly fact: string;
  readonly value: string;
  readonly change: Partial<Circumstances>;
}

/** What could be otherwise of the moment alone, for administration, which has no object with a rule. */
export function* momentAlternatives(
  now: Circumstances,
  policies: readonly SnapshotPolicy[],
): Iterable<MomentAlternative> {
  const tests = policies.slice(0, MAX_POLICIES).flatMap(({ json }) => policyTests(json));
  yield* factorAlternatives(now);
  yield* addressAlternatives(now, [], tests);
  yield* countryAlternatives(now, tests);
  yield* timeAlternatives(now, tests);
  yield* riskAlternatives();
}

/** The rule reads the address, too. */
function map(alternatives: Iterable<MomentAlternative>): Alternative[] {
  return [...alternatives].map(({ fact, value, change }) => ({
    ...{ fact, value },
    change: (question) => {
      const changed = changedQuestion(question, change);
      const { address } = change;
      return address === undefined ? changed : { ...changed, facts: { ...question.facts, address } };
    },
  }));
}

function* factorAlternatives({ factors, factorsAtMs, granted, nowMs }: Circumstances): Iterable<MomentAlternative> {
  for (const factor of ['totp', 'passkey'] as const) {
    if (!factors.includes(factor)) {
      yield { fact: 'factors', value: factor, change: { factors: [...factors, factor] } };
    }
  }
  if (factorsAtMs !== nowMs) yield { fact: 'factorMinutesAgo', value: '0', change: { factorsAtMs: nowMs } };
  yield { fact: 'granted', value: String(!granted), change: { granted: !granted } };
}

function* riskAlternatives(): Iterable<MomentAlternative> {
  for (const risk of [0, 100]) yield { fact: 'risk', value: String(risk), change: { risk } };
}

/** Signing in, in the place of a token. */
function* doorAlternatives({ facts }: AccessQuestion): Iterable<Alternative> {
  const user = facts.personalAccessToken?.user ?? null;
  if (user === null) return;
  yield {
    fact: 'by',
    value: 'session',
    change: (question) => ({
      ...question,
      facts: { ...question.facts, personalAccessToken: null, user, sessionState: 'valid' },
    }),
  };
}

function namesOf(tests: readonly Test[], about: string, type: string): string[] {
  const names = tests.flatMap(({ about: of, asks }) =>
    of === about && asks.kind === 'inEntity' && asks.type === type ? [asks.id] : [],
  );
  return [...new Set(names)].slice(0, MAX_VALUES);
}

function* personAlternatives(
  { object, facts }: AccessQuestion,
  tests: readonly Test[],
  what: readonly ('Group' | 'Role' | 'type')[],
): Iterable<Alternative> {
  const user = facts.personalAccessToken?.user ?? facts.user ?? facts.addressGrant?.user ?? null;
  if (user === null) return;
  const allowed = (prefix: string) =>
    object.access.allow.flatMap((one) => (one.startsWith(prefix) ? [one.slice(prefix.length)] : []));
  if (what.includes('Group')) {
    for (const group of new Set([...allowed('group:'), ...namesOf(tests, 'principal', 'Group')])) {
      const isIn = user.groups.includes(group);
      const groups = isIn ? user.groups.filter((one) => one !== group) : [...user.groups, group];
      yield {
        fact: isIn ? 'withoutGroup' : 'group',
        value: group,
        change: (question) => withUser(question, { groups }),
      };
    }
  }
  if (what.includes('Role')) {
    for (const role of new Set([...allowed('role:'), ...namesOf(tests, 'principal', 'Role')])) {
      if (role === user.role) continue;
      yield { fact: 'role', value: role, change: (question) => withUser(question, { role }) };
    }
  }
  if (!what.includes('type') || !tests.some(({ about, asks }) => about === 'principal' && asks.kind === 'isType'))
    return;
  const isService = user.email.endsWith(`@${SERVICE_ACCOUNT_DOMAIN}`);
  const email = isService ? 'somebody@example.com' : `program@${SERVICE_ACCOUNT_DOMAIN}`;
  yield {
    fact: 'who',
    value: isService ? 'User' : 'ServiceAccount',
    change: (question) => withUser(question, { email }),
  };
}

function withUser(question: AccessQuestion, change: Partial<SnapshotUser>): AccessQuestion {
  const { facts } = question;
  const { user, personalAccessToken: token, addressGrant: grant } = facts;
  const other = <U extends SnapshotUser | null>(one: U): U => (one === null ? one : { ...one, ...change });
  return {
    ...question,
    facts: {
      ...facts,
      user: other(user),
      personalAccessToken: token === null ? null : { ...token, user: other(token.user) },
      addressGrant: grant === null ? null : { ...grant, user: other(grant.user) },
    },
  };
}

function* deviceAlternatives(
  { device, gateway, nowMs }: Circumstances,
  { devices, gateways }: Surroundings,
): Iterable<Alternative> {
  const posture = device?.posture ?? null;
  if (device !== null && posture !== null) {
    for (const name of ['diskEncryption', 'firewall', 'screenLock'] as const) {
      if (posture.facts[name] === 'on') continue;
      const facts = { ...posture.facts, [name]: 'on' as const };
      yield moment(`device.${name}`, 'on', { device: { ...device, posture: { ...posture, facts } } });
    }
    const collectedAt = new Date(nowMs).toISOString();
    yield moment('device.reportedMinutesAgo', '0', { device: { ...device, posture: { ...posture, collectedAt } } });
  }
  for (const other of devices) if (other.id !== device?.id) yield moment('device', other.id, { device: other });
  for (const other of gateways) {
    if (other.id !== gateway?.id) yield moment('gateway', other.name, { gateway: other });
  }
}

/** Nobody's; for addresses that are in none of the networks that are named (RFC 5737, RFC 3849). */
const ELSEWHERE = ['203.0.113.1', '2001:db8:ffff::1', '10.255.255.254'];
const COUNTRIES = ['CH', 'DE', 'US', 'JP'];

function* addressAlternatives(
  { address, country }: Circumstances,
  ofRule: readonly string[],
  tests: readonly Test[],
): Iterable<MomentAlternative> {
  const named = tests.flatMap(({ asks }) =>
    asks.kind === 'inNetwork' || asks.kind === 'isAddress' ? [addressText(asks.network)] : [],
  );
  const listed = ofRule.map((one) => ({ network: one, address: one.split('/')[0]! }));
  if (named.length + listed.length === 0) return;
  const places = [...listed, ...named, ...ELSEWHERE.map((one) => ({ network: one, address: one }))];
  const known = new Map(places.map((one) => [one.network, one.address]));
  for (const [network, other] of [...known].slice(0, MAX_VALUES)) {
    // Its country is a fact of its own.
    const change = { address: other, country: country ?? null };
    if (other !== address) yield { fact: 'address', value: network, change };
  }
}

function* countryAlternatives({ country }: Circumstances, tests: readonly Test[]): Iterable<MomentAlternative> {
  const countries = textsOf(tests, 'context.country');
  if (countries.length === 0) return;
  for (const other of new Set([...countries, ...COUNTRIES])) {
    if (other !== country) yield { fact: 'country', value: other, change: { country: other } };
  }
}

function textsOf(tests: readonly Test[], about: string): string[] {
  const texts = tests.flatMap(({ about: of, asks }) => {
    if (of !== about) return [];
    if (asks.kind === 'text') return asks.values;
    return asks.kind === 'like' ? [asks.pattern.map((part) => part ?? '').join('')] : [];
  });
  return [...new Set(texts)].slice(0, MAX_VALUES);
}

function* requestAlternatives(
  { action }: AccessQuestion,
  { http }: Circumstances,
  tests: readonly Test[],
): Iterable<Alternative> {
  if (action === 'forward') return;
  const read = tests.some(({ about }) => about === 'action');
  const methods = textsOf(tests, 'context.http.method');
  for (const other of ['read', 'write'] as const) {
    if (other === action || !(read || methods.length > 0) || action === 'connect') continue;
    const method = other === 'read' ? 'GET' : 'POST';
    yield {
      fact: 'action',
      value: other,
      change: (question) => ({
        ...changedQuestion(question, http === null ? {} : { http: { ...http, method } }),
        action: other,
      }),
    };
  }
  if (http === null) return;
  for (const method of methods) {
    if (method === http.method) continue;
    yield {
      fact: 'method',
      value: method,
      change: (question) => ({
        ...changedQuestion(question, { http: { ...http, method } }),
        action: httpAction(method, action === 'connect'),
      }),
    };
  }
  const paths = textsOf(tests, 'context.http.path');
  for (const path of paths.length === 0 ? [] : new Set(['/', ...paths])) {
    if (path !== http.path) yield moment('path', path, { http: { ...http, path } });
  }
}

function* timeAlternatives({ nowMs, factorsAtMs }: Circumstances, tests: readonly Test[]): Iterable<MomentAlternative> {
  const at = (atMs: number): MomentAlternative => {
    // How long ago a factor was shown is a fact of its own.
    const shown = factorsAtMs === null ? null : factorsAtMs + (atMs - nowMs);
    return { fact: 'time', value: new Date(atMs).toISOString(), change: { nowMs: atMs, factorsAtMs: shown } };
  };
  for (let hours = 1; hours < HOURS; hours++) yield at(Math.floor(nowMs / HOUR_MS + hours) * HOUR_MS);
  const bounds = tests.flatMap(({ asks }) =>
    asks.kind === 'between' && asks.isTime ? [asks.from, asks.to].filter(Number.isFinite) : [],
  );
  for (const bound of [...new Set(bounds)].slice(0, MAX_VALUES)) {
    const minute = Math.floor(bound / MINUTE_MS) * MINUTE_MS;
    for (const atMs of [minute + MINUTE_MS, minute, minute - MINUTE_MS]) {
      // Beyond this no date can be written.
      if (Math.abs(atMs) < 8.64e15) yield at(atMs);
    }
  }
}

function* segmentAlternatives({ object }: AccessQuestion, tests: readonly Test[]): Iterable<Alternative> {
  const segments = object.segments ?? [];
  for (const segment of namesOf(tests, 'resource', 'Segment')) {
    const isIn = segments.includes(segment);
    const other = isIn ? segments.filter((one) => one !== segment) : [...segments, segment];
    yield {
      fact: isIn ? 'withoutSegment' : 'segment',
      value: segment,
      change: (question) => ({ ...question, object: { ...question.object, segments: other } }),
    };
  }
}
