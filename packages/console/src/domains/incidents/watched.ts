import { type Alarm, type AlarmKind, isFailureReason, sayDetail } from '@zeronaut/model';
import { sql } from 'kysely';
import type { Queries } from '../../store/store.ts';
import type { Context } from '../context.ts';
import { isoTime } from '../page.ts';
import { rateLimitKey } from '../sessions/rate-limit.ts';
import { HOUR_STEP } from '../traffic/count-activity.ts';

/**
 * Alarms that are told from what happened lately instead of from how things are: looked for by the worker alone, and shown as the
 * incidents that it made of them.
 */
export const WATCHED_KINDS = [
  'sign_in_guessing',
  'refusal_burst',
  'policy_used',
  'audit_inconsistent',
  'audit_export_stuck',
] as const satisfies readonly AlarmKind[];

/** What is older than this is no burst any more. */
const BURST_MS = 300_000;
const LATELY_MS = 600_000;
/** Refusals of one address or user within it. */
const BURST_REFUSALS = 100;
/** Newest refusals that are looked through. */
const MAX_REFUSALS = 5_000;
const MAX_BURSTS = 20;
/** Of one account: one denied sign-in a minute is written down at most, so this is guessing that goes on for as many minutes. */
const GUESSES_OF_ONE = 5;
/** Of all accounts together. */
const GUESSES_OF_ALL = 20;
const MAX_GUESSES = 500;
const STUCK_FAILURES = 3;
const HOUR_MS = 3_600_000;
/** A policy with this annotation raises an incident when it decides. */
const ALARM_ANNOTATION = 'alarm';

export async function watchedAlarms(context: Context, organizationId: string): Promise<Alarm[]> {
  const { db } = context.store;
  const nowMs = context.clock();
  const refused = await newestRefusals(db, organizationId, nowMs);
  return [
    ...(await guessing(db, organizationId, nowMs)),
    ...(await refusalBursts(db, organizationId, refused, nowMs)),
    ...(await policiesUsed(db, organizationId, nowMs)),
    ...(await expiredLately(db, organizationId, refused)),
    ...(await stuckExports(db, organizationId)),
    ...(await inconsistentLog(context, organizationId)),
  ];
}

async function organizationName(queries: Queries, organizationId: string): Promise<string> {
  const { name } = await queries
    .selectFrom('organizations')
    .select('name')
    .where('id', '=', organizationId)
    .executeTakeFirstOrThrow();
  return name;
}

async function namesOfUsers(
  queries: Queries,
  organizationId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await queries
    .selectFrom('users')
    .select(['id', 'name'])
    .where('organization_id', '=', organizationId)
    .where('id', 'in', [...ids])
    .execute();
  return new Map(rows.map(({ id, name }) => [id, name]));
}

async function guessing(queries: Queries, organizationId: string, nowMs: number): Promise<Alarm[]> {
  const rows = await queries
    .selectFrom('audit_entries')
    .select(['at', 'object_id'])
    .where('organization_id', '=', organizationId)
    .where('action', '=', 'session.denied')
    .orderBy('seq', 'desc')
    .limit(MAX_GUESSES)
    .execute();
  const lately = rows.filter(({ at }) => at > nowMs - LATELY_MS);
  const counts = countBy(lately, ({ object_id }) => object_id);
  const guessed = [...counts].filter(([id, count]) => id !== '' && count >= GUESSES_OF_ONE).slice(0, MAX_BURSTS);
  const names = await namesOfUsers(
    queries,
    organizationId,
    guessed.map(([id]) => id),
  );
  const alarms = guessed.flatMap(([id, count]): Alarm[] => {
    const name = names.get(id);
    if (name === undefined) return [];
    return [
      {
        ...{ kind: 'sign_in_guessing', severity: 'bad', object: { kind: 'user', id, name }, since: null },
        ...sayDetail('sign_ins_of_one', { count }),
      },
    ];
  });
  if (alarms.length === 0 && lately.length >= GUESSES_OF_ALL) {
    const name = await organizationName(queries, organizationId);
    alarms.push({
      ...{ kind: 'sign_in_guessing', severity: 'bad', object: { kind: 'organization', id: organizationId, name } },
      ...{ since: null, ...sayDetail('sign_ins_of_all', { count: lately.length, accounts: counts.size }) },
    });
  }
  return alarms;
}

type Refused = Awaited<ReturnType<typeof newestRefusals>>;

async function newestRefusals(queries: Queries, organizationId: string, nowMs: number) {
  return await queries
    .selectFrom('access_events')
    .select(['at', 'gateway_id', 'subject', 'source_address', 'reason'])
    .where('organization_id', '=', organizationId)
    .where('effect', '=', 'deny')
    // Said as the index is, which holds only those.
    .where('effect', '<>', sql.lit('pass'))
    .where('at', '>', nowMs - LATELY_MS)
    .orderBy('at', 'desc')
    .limit(MAX_REFUSALS)
    .execute();
}

async function refusalBursts(queries: Queries, organizationId: string, rows: Refused, nowMs: number): Promise<Alarm[]> {
  const refused = rows.filter(({ at, reason }) => at > nowMs - BURST_MS && !isFailureReason(reason));
  const many = (of: (row: (typeof refused)[number]) => string) =>
    [...countBy(refused, of)]
      .filter(([key, count]) => key !== '' && count >= BURST_REFUSALS)
      .sort(([, a], [, b]) => b - a)
      .slice(0, MAX_BURSTS);
  const users = many(({ subject }) => subject);
  const names = await namesOfUsers(
    queries,
    organizationId,
    users.map(([id]) => id),
  );
  const detail = (count: number) => sayDetail('refusals', { count });
  const burst = { kind: 'refusal_burst', severity: 'warn', since: null } as const;
  return [
    ...users.flatMap(([id, count]): Alarm[] => {
      const name = names.get(id);
      return name === undefined ? [] : [{ ...burst, object: { kind: 'user', id, name }, ...detail(count) }];
    }),
    // Of IPv6 a host has a whole network to ask from.
    ...many(({ source_address }) => rateLimitKey(source_address)).map(
      ([address, count]): Alarm => ({
        ...burst,
        object: { kind: 'address', id: address, name: address },
        ...detail(count),
      }),
    ),
  ];
}

/**
 * Gateways that are back after they had refused everything. Where the console itself was away, nobody looked at them meanwhile: what they
 * refused is all that tells of it.
 */
async function expiredLately(queries: Queries, organizationId: string, rows: Refused): Promise<Alarm[]> {
  const counts = countBy(
    rows.filter(({ reason }) => reason === 'access.snapshot_expired'),
    ({ gateway_id }) => gateway_id,
  );
  if (counts.size === 0) return [];
  const gateways = await queries
    .selectFrom('gateways')
    .select(['id', 'name'])
    .where('organization_id', '=', organizationId)
    .where('id', 'in', [...counts.keys()])
    .execute();
  return gateways.map(
    ({ id, name }): Alarm => ({
      ...{ kind: 'gateway_expiring', severity: 'bad', object: { kind: 'gateway', id, name }, since: null },
      ...sayDetail('gateway_had_expired', { count: counts.get(id)! }),
    }),
  );
}

/** Policies that ask to be told of, such as those for emergencies. */
async function policiesUsed(queries: Queries, organizationId: string, nowMs: number): Promise<Alarm[]> {
  const policies = await queries
    .selectFrom('policies')
    .select(['id', 'name', 'json'])
    .where('organization_id', '=', organizationId)
    .where('mode', '=', 'enforce')
    .where('text', 'like', `%@${ALARM_ANNOTATION}%`)
    .execute();
  const asking = policies.flatMap(({ id, name, json }) => {
    const { annotations } = JSON.parse(json) as { annotations?: Readonly<Record<string, string | null>> };
    if (annotations === undefined || !Object.hasOwn(annotations, ALARM_ANNOTATION)) return [];
    return [{ id, name, words: annotations[ALARM_ANNOTATION] ?? '' }];
  });
  if (asking.length === 0) return [];
  const hits = await queries
    .selectFrom('policy_hits')
    .select(['policy_id', (eb) => eb.fn.max<number>('last_at').as('last_at')])
    .where('organization_id', '=', organizationId)
    .where('step', '=', HOUR_STEP)
    .where('at', '>', nowMs - LATELY_MS - HOUR_MS)
    .where('effect', '<>', 'reported')
    .where('last_at', '>', nowMs - LATELY_MS)
    .groupBy('policy_id')
    .execute();
  const lastAt = new Map(hits.map(({ policy_id, last_at }) => [policy_id, last_at]));
  return asking.flatMap(({ id, name, words }): Alarm[] => {
    const at = lastAt.get(id);
    if (at === undefined) return [];
    const detail = words === '' ? sayDetail('policy_decided') : { detail: words.slice(0, 300), said: null };
    const object = { kind: 'policy' as const, id, name };
    return [{ kind: 'policy_used', severity: 'bad', object, since: isoTime(at), ...detail }];
  });
}

async function stuckExports(queries: Queries, organizationId: string): Promise<Alarm[]> {
  const rows = await queries
    .selectFrom('audit_exports')
    .select(['id', 'name', 'failures', 'last_error'])
    .where('organization_id', '=', organizationId)
    .where('failures', '>=', STUCK_FAILURES)
    .execute();
  return rows.map(({ id, name, failures, last_error }) => ({
    ...{ kind: 'audit_export_stuck' as const, severity: 'bad' as const, since: null },
    object: { kind: 'audit_export' as const, id, name },
    ...(last_error === null
      ? sayDetail('export_stuck_silent', { count: failures })
      : sayDetail('export_stuck', { count: failures, error: last_error })),
  }));
}

/** By organization: what was found when its log was to be signed last. */
const inconsistent = new WeakMap<Context, Map<string, string>>();

/** Told by whoever signs the logs; null: it is as it was. */
export function noteLogCheck(context: Context, organizationId: string, problem: string | null): void {
  const found = inconsistent.get(context) ?? new Map<string, string>();
  inconsistent.set(context, found);
  if (problem === null) found.delete(organizationId);
  else found.set(organizationId, problem);
}

async function inconsistentLog(context: Context, organizationId: string): Promise<Alarm[]> {
  const problem = inconsistent.get(context)?.get(organizationId);
  if (problem === undefined) return [];
  const name = await organizationName(context.store.db, organizationId);
  return [
    {
      ...{ kind: 'audit_inconsistent', severity: 'bad', since: null },
      object: { kind: 'organization', id: organizationId, name },
      ...sayDetail('log_inconsistent', { problem }),
    },
  ];
}

function countBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}
