import type { AccessEvent, PolicyForm, SnapshotResource, SnapshotSite, UnusedPermissions } from '@zeronaut/model';
import {
  ACTION_ENTITIES,
  ACTIONS,
  type LoadedPolicy,
  objectEntity,
  type PolicyAction,
  userEntity,
} from '@zeronaut/policy';
import { formOfPolicy, policyOfForm } from '@zeronaut/policy/authoring';
import { sql } from 'kysely';
import { Refusal } from '../../store/refusal.ts';
import type { Queries } from '../../store/store.ts';
import type { Caller, Context } from '../context.ts';
import { readFacts } from '../organizations/organization-facts.ts';
import { isoTime } from '../page.ts';
import { may } from '../roles/held-role.ts';
import { Judge } from './judge.ts';
import { type PolicyRow, proposedSet, rowsOf } from './policies.ts';
import { actionOfEvent, Comparison, objectIdOfEvent } from './replay.ts';
import { tighten, type Use } from './tighten.ts';
import { RuleUses, reportRules } from './unused-rules.ts';

const DAY_MS = 86_400_000;
const MAX_EVENTS = 1_000_000;
/** Read at once. */
const READ_BATCH = 2_000;
/** Judged again at once. */
const JUDGE_BATCH = 250;
/** Different uses of all policies together. */
const MAX_USES = 200_000;
/** Newest accesses by a permit that every proposal is asked about again. */
const MAX_REPLAYED = 20_000;
/** Lines of one policy in the answer. */
const MAX_LINES = 200;

type PolicyReport = UnusedPermissions['policies'][number];

interface Recorded {
  readonly events: number;
  /** By policy: what it was used for. */
  readonly uses: ReadonlyMap<string, ReadonlyMap<string, Use & { requests: number }>>;
  readonly rules: RuleUses;
  readonly newest: readonly AccessEvent[];
  /** Nothing before was looked at. */
  readonly sinceMs: number;
  readonly complete: boolean;
}

/**
 * What permits and rules of resources allow and nobody used, from recorded access events, with tighter ones in their place. A permit counts
 * as used where the event names it: where the rule of a resource would have let the person in anyway, no permit was needed.
 * Every proposal was asked about the recorded accesses again, and none is given that would have refused one.
 */
export async function unusedPermissions(
  context: Context,
  caller: Caller,
  query: { days: number },
): Promise<UnusedPermissions | Refusal> {
  const report = await sharedReport(context, caller, query);
  if (report instanceof Refusal || may(caller, 'resources:read')) return report;
  return { ...report, rules: [], moreRules: 0 };
}

async function sharedReport(
  context: Context,
  caller: Caller,
  query: { days: number },
): Promise<UnusedPermissions | Refusal> {
  let running = reports.get(context);
  if (running === undefined) {
    running = new Map();
    reports.set(context, running);
  }
  // It takes seconds of this thread: whoever asks meanwhile gets the same report, and of all organizations few are made at once.
  const known = running.get(caller.organizationId);
  if (known?.days === query.days) return await known.report;
  if (known !== undefined || running.size >= MAX_REPORTS) {
    return new Refusal('api.rate_limited', { detail: 'such a report is being made', retryAfterSeconds: RETRY_SECONDS });
  }
  const report = createReport(context, caller, query);
  running.set(caller.organizationId, { days: query.days, report });
  try {
    return await report;
  } finally {
    running.delete(caller.organizationId);
  }
}

/** Those that are being made, by organization. */
const reports = new WeakMap<Context, Map<string, { days: number; report: Promise<UnusedPermissions | Refusal> }>>();
const MAX_REPORTS = 2;
const RETRY_SECONDS = 10;

async function createReport(
  context: Context,
  caller: Caller,
  query: { days: number },
): Promise<UnusedPermissions | Refusal> {
  const { organizationId } = caller;
  const { db } = context.store;
  const nowMs = context.clock();
  const judge = new Judge(await readFacts(db, organizationId, nowMs), nowMs);
  const permits = judge.policies.policies.filter(({ effect, mode }) => effect === 'permit' && mode === 'enforce');
  const recorded = await readUses(db, organizationId, nowMs - query.days * DAY_MS, judge);
  const rows = new Map((await rowsOf(db, organizationId).execute()).map((row) => [row.id, row]));
  const reports = permits.flatMap((permit) => {
    const row = rows.get(permit.id);
    // Removed since the facts were read.
    if (row === undefined) return [];
    return [reportOf(judge, permit, row, [...(recorded.uses.get(permit.id)?.values() ?? [])])];
  });
  return {
    since: isoTime(recorded.sinceMs),
    events: recorded.events,
    complete: recorded.complete,
    policies: await proved(context, caller, judge, recorded, reports),
    ...(await reportRules(judge, judge.facts.resources, recorded.rules, giveWay)),
  };
}

/** Newest first, and of each event no more than is needed: only those that a policy decided are brought here whole. */
async function readUses(db: Queries, organizationId: string, sinceMs: number, judge: Judge): Promise<Recorded> {
  const uses = new Map<string, Map<string, Use & { requests: number }>>();
  const rules = new RuleUses();
  const newest: AccessEvent[] = [];
  let [events, different, oldest] = [0, 0, Number.MAX_SAFE_INTEGER];
  let before: { at: number; gateway_id: string; epoch: string; seq: number } | null = null;
  for (;;) {
    let select = db
      .selectFrom('access_events')
      .select(['at', 'gateway_id', 'epoch', 'seq', 'resource_id', 'reason', 'subject', 'source_address'])
      // A quotation mark inside a value is escaped, so this is found nowhere else.
      .select(sql<string | null>`case when body like '%"explanation":{%' then body end`.as('decided'))
      .where('organization_id', '=', organizationId)
      .where('effect', '=', 'pass')
      .where('at', '>=', sinceMs)
      .orderBy('at', 'desc')
      .orderBy('gateway_id', 'desc')
      .orderBy('epoch', 'desc')
      .orderBy('seq', 'desc')
      .limit(Math.min(READ_BATCH, MAX_EVENTS - events));
    if (before !== null) {
      const { at, gateway_id, epoch, seq } = before;
      select = select.where((eb) =>
        eb(eb.refTuple('at', 'gateway_id', 'epoch', 'seq'), '<', eb.tuple(at, gateway_id, epoch, seq)),
      );
    }
    const rows = await select.execute();
    events += rows.length;
    for (const row of rows) {
      different += rules.note(row);
      const { decided } = row;
      if (decided === null) continue;
      const event = JSON.parse(decided) as AccessEvent;
      if (newest.length < MAX_REPLAYED) newest.push(event);
      different += note(uses, event, judge);
    }
    before = rows.at(-1) ?? before;
    oldest = Math.min(oldest, before?.at ?? oldest);
    const ended = rows.length < READ_BATCH;
    const full = events >= MAX_EVENTS || different >= MAX_USES;
    if (ended || full) {
      const complete = ended && events < MAX_EVENTS && different < MAX_USES;
      return { events, uses, rules, newest, complete, sinceMs: complete ? sinceMs : oldest };
    }
    await giveWay();
  }
}

/** How many uses were new. */
function note(uses: Map<string, Map<string, Use & { requests: number }>>, event: AccessEvent, judge: Judge): number {
  const user = judge.user(event.subject);
  const object = judge.object(objectIdOfEvent(event));
  if (user === undefined || object === undefined) return 0;
  const action = actionOfEvent(event);
  const key = `${user.id} ${object.id} ${action}`;
  let fresh = 0;
  for (const policyId of event.explanation?.policies ?? []) {
    let ofPolicy = uses.get(policyId);
    if (ofPolicy === undefined) {
      ofPolicy = new Map();
      uses.set(policyId, ofPolicy);
    }
    const known = ofPolicy.get(key);
    if (known !== undefined) known.requests++;
    else {
      const kind = 'protocol' in object ? 'resource' : 'site';
      ofPolicy.set(key, { userId: user.id, objectId: object.id, kind, action, requests: 1 });
      fresh++;
    }
  }
  return fresh;
}

function reportOf(
  judge: Judge,
  permit: LoadedPolicy,
  row: PolicyRow,
  uses: (Use & { requests: number })[],
): PolicyReport {
  const read = formOfPolicy(row.text);
  const form = read.ok ? read.form : null;
  // Several selectors are a condition and not in the head, so the form is asked as well.
  const users = judge.users.filter(
    (user) =>
      permit.matchesPrincipal(userEntity(user)) &&
      (form === null || form.who.length === 0 || form.who.some((who) => belongs(judge, user.id, who))),
  );
  const objects = judge.objects.filter(
    (object) =>
      permit.matchesResource(objectEntity(object)) &&
      (form === null || form.what.length === 0 || form.what.some((what) => names(judge, object.id, what))),
  );
  const selectors: (PolicyForm['who'][number] | null)[] = form === null || form.who.length === 0 ? [null] : form.who;
  const unused: PolicyReport['unused'] = [];
  let more = 0;
  for (const who of selectors) {
    const theirs = who === null ? uses : uses.filter(({ userId }) => belongs(judge, userId, who));
    const used = new Set(theirs.map(({ objectId, action }) => `${objectId} ${action}`));
    for (const object of objects) {
      for (const action of actionsFor(object)) {
        if (!permit.matchesAction(ACTION_ENTITIES[action]) || used.has(`${object.id} ${action}`)) continue;
        if (unused.length < MAX_LINES) unused.push({ who, objectId: object.id, object: object.name, action });
        else more++;
      }
    }
  }
  const active = new Set(uses.map(({ userId }) => userId));
  const idle = users.filter(({ id }) => !active.has(id));
  return {
    id: permit.id,
    name: permit.name,
    changedAt: isoTime(row.updated_at),
    requests: uses.reduce((sum, { requests }) => sum + requests, 0),
    users: users.length,
    unusedUsers: { count: idle.length, emails: idle.slice(0, MAX_LINES).map(({ email }) => email) },
    unused,
    moreUnused: more,
    ...proposalOf(judge, row, form, uses, objects.length),
  };
}

function proposalOf(
  judge: Judge,
  row: PolicyRow,
  form: PolicyForm | null,
  uses: readonly Use[],
  reach: number,
): Pick<PolicyReport, 'proposal' | 'without'> {
  if (uses.length === 0) return { proposal: null, without: 'never_used' };
  if (form === null) return { proposal: null, without: 'text_only' };
  const tightened = tighten(form, uses, { belongs: (userId, who) => belongs(judge, userId, who), reach });
  if (tightened.narrowed.length === 0) return { proposal: null, without: 'all_used' };
  const annotations = { id: row.name, ...tightened.form.annotations };
  const written = policyOfForm({ ...tightened.form, annotations });
  if (!written.ok) return { proposal: null, without: 'text_only' };
  const { text } = written;
  return {
    proposal: { text, form: { ...tightened.form, annotations }, narrowed: [...tightened.narrowed], replayed: 0 },
    without: null,
  };
}

/** The reports; a proposal that would refuse one of the recorded accesses is taken out of them. */
async function proved(
  context: Context,
  caller: Caller,
  judge: Judge,
  recorded: Recorded,
  reports: readonly PolicyReport[],
): Promise<PolicyReport[]> {
  const proposed = reports.flatMap(({ name, proposal }) =>
    proposal === null ? [] : [{ name, description: '', text: proposal.text, mode: 'enforce' as const }],
  );
  if (proposed.length === 0) return [...reports];
  const { db } = context.store;
  const policies = await proposedSet(db, context, caller, { policies: proposed, prune: false });
  const replayed = new Map<string, number>();
  const differing = new Set<string>();
  if (!(policies instanceof Refusal)) {
    const then = new Judge(judge.facts, context.clock(), policies);
    const comparison = new Comparison(db, judge, then, (before, after) => {
      for (const id of before.explanation?.policies ?? []) {
        replayed.set(id, (replayed.get(id) ?? 0) + 1);
        if (before.verdict.effect !== after.verdict.effect) differing.add(id);
      }
    });
    for (let at = 0; at < recorded.newest.length; at += JUDGE_BATCH) {
      await comparison.add(recorded.newest.slice(at, at + JUDGE_BATCH));
      await giveWay();
    }
  }
  return reports.map((report) => {
    const { proposal, id } = report;
    if (proposal === null) return report;
    // The conditions are the same, so that the head alone decides: asked of every use, also of those too old to replay.
    const uses = [...(recorded.uses.get(id)?.values() ?? [])];
    const covers = uses.every((use) => isAbout(judge, proposal.form, use));
    if (policies instanceof Refusal || differing.has(id) || !covers) {
      return { ...report, proposal: null, without: 'would_differ' };
    }
    return { ...report, proposal: { ...proposal, replayed: replayed.get(id) ?? 0 } };
  });
}

function isAbout(judge: Judge, form: PolicyForm, { userId, objectId, action }: Use): boolean {
  return (
    (form.who.length === 0 || form.who.some((who) => belongs(judge, userId, who))) &&
    (form.what.length === 0 || form.what.some((what) => names(judge, objectId, what))) &&
    (form.actions.length === 0 || form.actions.some((allowed) => allowed === action || allowed === 'access'))
  );
}

function names(judge: Judge, objectId: string, { is, id }: PolicyForm['what'][number]): boolean {
  const object = judge.object(objectId);
  if (object === undefined) return false;
  if (is === 'segment') return object.segments?.includes(id) === true;
  return ('protocol' in object ? 'resource' : 'site') === is && (id === null || id === object.id);
}

function belongs(judge: Judge, userId: string, { is, id }: PolicyForm['who'][number]): boolean {
  const user = judge.user(userId);
  if (user === undefined) return false;
  const entity = userEntity(user);
  const type = { user: 'User', service_account: 'ServiceAccount', guest: 'Guest', group: 'Group', role: 'Role' }[is];
  if (is === 'group' || is === 'role') return entity.ancestors.has(`${type}"${id}`);
  return entity.ref.type === type && (id === null || id === user.id);
}

function actionsFor(object: SnapshotResource | SnapshotSite): readonly PolicyAction[] {
  if (!('protocol' in object)) return ['forward'];
  return object.protocol === 'http' ? ACTIONS.filter((action) => action !== 'forward') : ['connect'];
}

/** SQLite answers within this thread, and so does the evaluator: between two batches everybody else has their turn. */
async function giveWay(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
