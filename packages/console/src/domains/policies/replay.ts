import type { AccessEvent, Proposal, SnapshotPolicy, SnapshotUser } from '@zeronaut/model';
import { type AccessDecision, type AccessFacts, anonymousFacts, httpAction, type PolicyAction } from '@zeronaut/policy';
import { Refusal } from '../../store/refusal.ts';
import type { Queries } from '../../store/store.ts';
import { countryOfEvent } from '../access-events/country-of-event.ts';
import type { Caller, Context } from '../context.ts';
import { readFacts } from '../organizations/organization-facts.ts';
import type { ProvedFactor } from '../sessions/sign-in-policy.ts';
import { Judge, type JudgedQuestion } from './judge.ts';
import { proposedSet } from './policies.ts';

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 7;
const READ_BATCH = 2_000;
const MAX_GROUPS = 500;
const MAX_EXAMPLES = 5;

interface SessionThen {
  readonly factors: ProvedFactor['kind'][];
  readonly atMs: number;
}

interface Group {
  subject: string;
  object: string;
  requests: number;
  before: string;
  after: string;
  policies: string[];
  examples: string[];
}

export interface Replay extends Compared {
  asEnforced: string[];
}

interface Compared {
  events: number;
  skipped: number;
  gains: Group[];
  loses: Group[];
}

/**
 * Recorded requests, judged twice: with the policies that are in force and with a proposal. Users, groups, rules and risk
 * are those of now; address, time, method, path and the factors of the session are those of the request. What is proposed
 * to be reported is judged as if it were enforced: whoever only reports wants to know what enforcing would do.
 */
export async function replay(
  context: Context,
  caller: Caller,
  input: { proposal: Proposal; since?: string | undefined; limit: number },
): Promise<Replay | Refusal> {
  const { organizationId } = caller;
  const { db } = context.store;
  const nowMs = context.clock();
  const facts = await readFacts(db, organizationId, nowMs);
  const proposed = await proposedSet(db, context, caller, input.proposal);
  if (proposed instanceof Refusal) return proposed;
  const { policies, asEnforced } = enforced(proposed, facts.policies, input.proposal);
  const [now, then] = [new Judge(facts, nowMs), new Judge(facts, nowMs, policies)];
  const sinceMs = input.since === undefined ? nowMs - DEFAULT_DAYS * DAY_MS : Date.parse(input.since);
  const comparison = new Comparison(db, now, then);
  for await (const batch of newestEvents(db, organizationId, sinceMs, input.limit)) await comparison.add(batch);
  return { ...comparison.result(), asEnforced };
}

/** Recorded requests under two sets of policies: who gains, who loses. */
export class Comparison {
  readonly #db: Queries;
  readonly #now: Judge;
  readonly #then: Judge;
  readonly #sessions = new Map<string, SessionThen>();
  readonly #groups = { gains: new Map<string, Group>(), loses: new Map<string, Group>() };
  readonly #onJudged: (before: AccessDecision, after: AccessDecision) => void;
  #events = 0;
  #skipped = 0;

  constructor(
    db: Queries,
    now: Judge,
    then: Judge,
    onJudged: (before: AccessDecision, after: AccessDecision) => void = () => {},
  ) {
    this.#db = db;
    this.#now = now;
    this.#then = then;
    this.#onJudged = onJudged;
  }

  async add(events: readonly AccessEvent[]): Promise<void> {
    const [now, then] = [this.#now, this.#then];
    await readSessions(this.#db, now.facts.organizationId, events, this.#sessions);
    const grants = await readGrants(this.#db, now.facts.organizationId, events);
    for (const event of events) {
      const question = questionOf(now, event, this.#sessions, grants);
      if (question === null) {
        this.#skipped++;
        continue;
      }
      this.#events++;
      const [before, after] = [now.decide(question), then.decide(question)];
      this.#onJudged(before, after);
      const [let1, let2] = [before.verdict.effect === 'pass', after.verdict.effect === 'pass'];
      if (let1 === let2) continue;
      const user = now.user(event.subject);
      addTo(this.#groups[let2 ? 'gains' : 'loses'], {
        subject: user?.email ?? event.subject,
        object: question.object.name,
        requests: 1,
        before: before.verdict.reason,
        after: after.verdict.reason,
        policies: (after.explanation ?? before.explanation)?.policies.map((id) => nameOf(then, now, id)) ?? [],
        examples: [event.requestId],
      });
    }
  }

  result(): Compared {
    return {
      events: this.#events,
      skipped: this.#skipped,
      gains: sorted(this.#groups.gains),
      loses: sorted(this.#groups.loses),
    };
  }
}

/** One that is enforced and shall only be reported changes something at once, and that is what is judged. */
function enforced(
  policies: readonly SnapshotPolicy[],
  inForce: readonly SnapshotPolicy[],
  proposal: Proposal,
): { policies: SnapshotPolicy[]; asEnforced: string[] } {
  const proposed = new Set(proposal.policies.map(({ name }) => name));
  const before = new Set(inForce.filter(({ mode }) => mode === 'enforce').map(({ name }) => name));
  const asEnforced: string[] = [];
  const judged = policies.map((policy) => {
    if (policy.mode !== 'report' || !proposed.has(policy.name) || before.has(policy.name)) return policy;
    asEnforced.push(policy.name);
    return { ...policy, mode: 'enforce' as const };
  });
  return { policies: judged, asEnforced };
}

async function* newestEvents(
  db: Queries,
  organizationId: string,
  sinceMs: number,
  limit: number,
): AsyncIterable<AccessEvent[]> {
  let before: { at: number; gateway_id: string; epoch: string; seq: number } | null = null;
  for (let left = limit; left > 0; ) {
    let select = db
      .selectFrom('access_events')
      .select(['at', 'gateway_id', 'epoch', 'seq', 'body'])
      .where('organization_id', '=', organizationId)
      .where('at', '>=', sinceMs)
      .orderBy('at', 'desc')
      .orderBy('gateway_id', 'desc')
      .orderBy('epoch', 'desc')
      .orderBy('seq', 'desc')
      .limit(Math.min(READ_BATCH, left));
    if (before !== null) {
      const { at, gateway_id, epoch, seq } = before;
      select = select.where((eb) =>
        eb(eb.refTuple('at', 'gateway_id', 'epoch', 'seq'), '<', eb.tuple(at, gateway_id, epoch, seq)),
      );
    }
    const rows = await select.execute();
    yield rows.map(({ body }) => JSON.parse(body) as AccessEvent);
    if (rows.length < READ_BATCH) return;
    before = rows.at(-1)!;
    left -= rows.length;
  }
}

/** What the sessions behind these events had shown. */
async function readSessions(
  db: Queries,
  organizationId: string,
  events: readonly AccessEvent[],
  known: Map<string, SessionThen>,
): Promise<void> {
  const ids = [...new Set(events.map(({ credentialId }) => credentialId))].filter(
    (id) => id.startsWith('ses_') && !known.has(id),
  );
  for (let i = 0; i < ids.length; i += 500) {
    const rows = await db
      .selectFrom('sessions')
      .select(['id', 'factors', 'authenticated_at'])
      .where('organization_id', '=', organizationId)
      .where('id', 'in', ids.slice(i, i + 500))
      .execute();
    for (const { id, factors, authenticated_at } of rows) {
      const kinds = (JSON.parse(factors) as ProvedFactor[]).map(({ kind }) => kind);
      known.set(id, { factors: [...new Set(kinds)], atMs: authenticated_at ?? 0 });
    }
  }
}

/** The requests that were approved when these events happened, by user and object: from when until when (ms). */
type Grants = ReadonlyMap<string, readonly { readonly fromMs: number; readonly untilMs: number }[]>;

async function readGrants(db: Queries, organizationId: string, events: readonly AccessEvent[]): Promise<Grants> {
  const grants = new Map<string, { fromMs: number; untilMs: number }[]>();
  if (events.length === 0) return grants;
  let [oldest, newest] = [Number.MAX_SAFE_INTEGER, 0];
  for (const { at } of events) [oldest, newest] = [Math.min(oldest, Date.parse(at)), Math.max(newest, Date.parse(at))];
  const rows = await db
    .selectFrom('access_requests as request')
    .innerJoin('access_request_decisions as decision', 'decision.request_id', 'request.id')
    .select(({ fn }) => ['request.user_id', 'request.object_id', 'request.ends_at', fn.max('decision.at').as('from')])
    .where('request.organization_id', '=', organizationId)
    .where('request.status', 'in', ['approved', 'ended'])
    .where('request.ends_at', '>', oldest)
    .where('request.created_at', '<=', newest)
    .where('decision.effect', '=', 'approve')
    .groupBy(['request.id', 'request.user_id', 'request.object_id', 'request.ends_at'])
    .execute();
  for (const { user_id, object_id, ends_at, from } of rows) {
    const pair = `${user_id} ${object_id}`;
    // The last approval that was needed opened it.
    const grant = { fromMs: Number(from), untilMs: ends_at ?? 0 };
    grants.set(pair, [...(grants.get(pair) ?? []), grant]);
  }
  return grants;
}

/** The gateway that let somebody in by a request knows best; where something else decided, only the request itself tells. */
function wasGranted(event: AccessEvent, objectId: string, grants: Grants): boolean {
  if (event.reason === 'access.granted') return true;
  const atMs = Date.parse(event.at);
  return (grants.get(`${event.subject} ${objectId}`) ?? []).some(
    ({ fromMs, untilMs }) => fromMs <= atMs && atMs < untilMs,
  );
}

function questionOf(
  judge: Judge,
  event: AccessEvent,
  sessions: ReadonlyMap<string, SessionThen>,
  grants: Grants,
): JudgedQuestion | null {
  // A page of the gateway is for whoever asks.
  if (event.reason === 'access.portal') return null;
  const object = judge.object(objectIdOfEvent(event));
  if (object === undefined) return null;
  const facts = factsOf(judge, event, object.access.basic.length > 0);
  if (facts === null) return null;
  const session = sessions.get(event.credentialId);
  const atMs = Date.parse(event.at);
  const country = countryOfEvent(event);
  return {
    object,
    // An address for a raw port is authorised on a page, which asks as the port would.
    action:
      event.protocol === 'http' && 'protocol' in object && object.protocol !== 'http'
        ? 'connect'
        : actionOfEvent(event),
    facts,
    assumed: {
      at: event.at,
      gateway: event.gatewayId,
      granted: wasGranted(event, object.id, grants),
      ...(event.protocol === 'forward' && event.credentialId !== '' && { deviceId: event.credentialId }),
      ...(event.protocol === 'http' && { method: event.method, path: event.path }),
      // What the gateway knew then.
      ...(country !== '' && { country }),
      ...(session !== undefined && {
        factors: session.factors,
        factorMinutesAgo: Math.max(0, Math.floor((atMs - session.atMs) / 60_000)),
      }),
    },
  };
}

export function objectIdOfEvent(event: AccessEvent): string {
  return event.protocol === 'forward' ? event.targetId : (event.resourceId ?? '');
}

export function actionOfEvent(event: AccessEvent): PolicyAction {
  if (event.protocol === 'forward') return 'forward';
  return event.protocol === 'http' ? httpAction(event.method, event.status === 101) : 'connect';
}

/** Who it was, as the event tells; null: a caller of whom nothing is known that could be asked about again. */
function factsOf(judge: Judge, event: AccessEvent, hasBasic: boolean): AccessFacts | null {
  const anonymous = anonymousFacts(judge.facts.organizationId, event.sourceAddress);
  const [kind, name] = split(event.subject);
  if (kind === 'basic') return hasBasic ? { ...anonymous, basicTried: true, basicUser: name } : null;
  if (kind === 'share') return { ...anonymous, shareState: 'valid', shareId: name };
  if (kind === 'token') return { ...anonymous, tokenTried: true, tokenSubject: name };
  if (event.subject === '') return anonymous;
  const user: SnapshotUser | undefined = judge.user(event.subject);
  if (user === undefined) return null;
  if (event.credentialId.startsWith('pat_')) return { ...anonymous, personalAccessToken: { state: 'valid', user } };
  if (event.protocol === 'tcp' || event.protocol === 'udp') return { ...anonymous, addressGrant: { user } };
  return { ...anonymous, user, sessionState: 'valid' };
}

function split(subject: string): [string, string] {
  const colon = subject.indexOf(':');
  return colon === -1 ? ['', subject] : [subject.slice(0, colon), subject.slice(colon + 1)];
}

function addTo(groups: Map<string, Group>, one: Group): void {
  const key = JSON.stringify([one.subject, one.object, one.before, one.after]);
  const known = groups.get(key);
  if (known === undefined) {
    if (groups.size < MAX_GROUPS) groups.set(key, one);
    return;
  }
  known.requests++;
  if (known.examples.length < MAX_EXAMPLES) known.examples.push(...one.examples);
}

function sorted(groups: ReadonlyMap<string, Group>): Group[] {
  return [...groups.values()].sort((a, b) => b.requests - a.requests);
}

function nameOf(then: Judge, now: Judge, id: string): string {
  const find = (judge: Judge) => judge.policies.policies.find((policy) => policy.id === id)?.name;
  return find(then) ?? find(now) ?? id;
}
