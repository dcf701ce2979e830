import type { SnapshotResource, SnapshotSite, SnapshotUser } from '@zeronaut/model';
import {
  ACTION_ENTITIES,
  evaluateAccess,
  type LoadedPolicy,
  objectEntity,
  type PolicyAction,
  userEntity,
} from '@zeronaut/policy';
import { Refusal } from '../../store/refusal.ts';
import type { Caller, Context } from '../context.ts';
import { readFacts } from '../organizations/organization-facts.ts';
import { type Page, parseCursor } from '../page.ts';
import { Judge } from './judge.ts';
import { askAtLength, type GiveWay } from './long-questions.ts';

/** Questions (user, object, action, gateway) that one call asks; what is left comes with the next page. Two seconds or three. */
const MAX_QUESTIONS = 100_000;

/** Gateways that one question is asked at. */
const MAX_GATEWAYS = 100;

interface ReachAnswer {
  effect: 'pass' | 'challenge' | 'deny' | 'depends';
  reason: string;
  policies: string[];
  facts: string[];
}

interface ReachAction extends ReachAnswer {
  action: string;
  /** Where gateways answer differently: each answer, with the names of those that give it. */
  atGateways?: (ReachAnswer & { gateways: string[] })[];
}

export interface ReachRow {
  userId: string;
  email: string;
  objectId: string;
  object: string;
  kind: 'resource' | 'site';
  actions: ReachAction[];
}

export interface ReachQuery {
  readonly user?: string | undefined;
  readonly object?: string | undefined;
  readonly group?: string | undefined;
  readonly segment?: string | undefined;
  readonly device?: string | undefined;
  readonly cursor?: string | undefined;
  readonly limit: number;
}

/**
 * Who can reach what, signed in, and by which rule or policy. Where the answer hangs on facts of the moment it is
 * `depends`, with the facts; where it hangs on the gateway, what each of them answers is told, too. Pairs without any way
 * are left out unless one user and one object are asked for.
 */
export async function reach(context: Context, caller: Caller, query: ReachQuery): Promise<Page<ReachRow> | Refusal> {
  const after = parseCursor(query.cursor, ['string', 'string']);
  if (after instanceof Refusal) return after;
  return await askAtLength(caller.userId, (giveWay) => reachAfter(context, caller, query, after, giveWay));
}

async function reachAfter(
  context: Context,
  caller: Caller,
  query: ReachQuery,
  after: readonly unknown[] | null,
  giveWay: GiveWay,
): Promise<Page<ReachRow> | Refusal> {
  const facts = await readFacts(context.store.db, caller.organizationId, context.clock());
  const judge = new Judge(facts, context.clock());
  const asked = query.user === undefined ? judge.users : [judge.user(query.user)];
  const named = query.object === undefined ? judge.objects : [judge.object(query.object)];
  // One that nobody approved yet forwards nothing.
  const device = facts.devices.find(({ id, pending }) => id === query.device && pending !== true);
  if (asked.includes(undefined as never) || named.includes(undefined as never)) return new Refusal('api.not_found');
  if (query.device !== undefined && device === undefined) return new Refusal('api.not_found');
  const { group, segment } = query;
  const users = (asked as SnapshotUser[]).filter(
    ({ id, groups }) =>
      (group === undefined || groups.includes(group)) && (device === undefined || device.userId === id),
  );
  const objects = (named as (SnapshotResource | SnapshotSite)[]).filter(
    ({ segments }) => segment === undefined || segments?.includes(segment) === true,
  );
  const exact = query.user !== undefined && query.object !== undefined;

  const items: ReachRow[] = [];
  const atGateways = judge.policies.policies.some(readsGateway) ? Math.min(MAX_GATEWAYS, judge.gateways.length) : 1;
  let questions = 0;
  const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
  const sorted = [...objects].sort(byId);
  for (const user of [...users].sort(byId)) {
    if (after !== null && user.id < String(after[0])) continue;
    for (const object of sorted) {
      if (after !== null && user.id === after[0] && object.id <= String(after[1])) continue;
      const row = reachOf(judge, user, object, device?.id);
      if (exact || row.actions.some(({ effect }) => effect !== 'deny')) items.push(row);
      questions += row.actions.length * Math.max(1, atGateways);
      if (items.length >= query.limit || questions >= MAX_QUESTIONS) {
        return { items, nextCursor: cursorOf(user.id, object.id) };
      }
      await giveWay();
    }
  }
  return { items, nextCursor: null };
}

function cursorOf(...key: string[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/** `device`: the machine that forwards come from. Default: any of the user's. */
export function reachOf(
  judge: Judge,
  user: SnapshotUser,
  object: SnapshotResource | SnapshotSite,
  device?: string,
): ReachRow {
  const kind = 'protocol' in object ? 'resource' : 'site';
  const actions: PolicyAction[] =
    kind === 'site'
      ? ['forward']
      : (object as SnapshotResource).protocol === 'http'
        ? ['read', 'write', 'connect']
        : ['connect'];
  return {
    userId: user.id,
    email: user.email,
    objectId: object.id,
    object: object.name,
    kind,
    actions: actions.map((action) => actionOf(judge, user, object, action, action === 'forward' ? device : undefined)),
  };
}

function actionOf(
  judge: Judge,
  user: SnapshotUser,
  object: SnapshotResource | SnapshotSite,
  action: PolicyAction,
  device: string | undefined,
): ReachAction {
  const [principal, resource] = [userEntity(user), objectEntity(object)];
  const fitting = judge.policies.policies.filter(
    (policy) =>
      policy.mode === 'enforce' &&
      policy.matchesPrincipal(principal) &&
      policy.matchesAction(ACTION_ENTITIES[action]) &&
      policy.matchesResource(resource),
  );
  const answerAt = (gateway?: string): ReachAnswer => {
    const circumstances = {
      ...(gateway !== undefined && { gateway }),
      ...(device !== undefined && { deviceId: device }),
    };
    const question = judge.prepare({ user: user.id, object: object.id, action, circumstances });
    if (question instanceof Refusal) return { effect: 'deny', reason: question.reason, policies: [], facts: [] };
    const { verdict, explanation } = judge.decide(question);
    const deciding = fitting.filter(({ id }) => explanation?.policies.includes(id));
    const isKnown = (fact: string) =>
      (gateway !== undefined && isOf('gateway', fact)) || (device !== undefined && isOf('device', fact));
    const factsOf = ({ facts }: LoadedPolicy) => [...facts].filter((fact) => !isKnown(fact));
    const possible = fitting.filter(
      (policy) => policy.effect === 'forbid' || judge.mayHold(policy, question, principal, isKnown),
    );
    // Where neither rule, request nor permit lets them in, no forbid that might cease to hold does.
    const hasDoor =
      evaluateAccess(question.object.access, question.facts).effect !== 'deny' ||
      judge.circumstances(question, '').granted ||
      possible.some(({ effect }) => effect === 'permit');
    const open = hasDoor ? undecided(possible, deciding, verdict.effect === 'pass', factsOf) : [];
    const bySegments =
      action === 'forward' &&
      device === undefined &&
      verdict.reason === 'access.session' &&
      judge.isApartForSome(user.id, object as SnapshotSite);
    const facts = [...new Set([...open.flatMap(factsOf), ...(bySegments ? ['device'] : [])])].sort();
    return {
      effect: facts.length > 0 ? 'depends' : verdict.effect,
      reason: verdict.reason,
      policies: (facts.length > 0 ? [...new Set([...deciding, ...open])] : deciding).map(({ name }) => name),
      facts,
    };
  };

  const gateways = judge.gateways.slice(0, MAX_GATEWAYS);
  if (gateways.length === 0 || !fitting.some(readsGateway)) return { action, ...answerAt() };
  const groups = Map.groupBy(
    gateways.map(({ id, name }) => ({ name, answer: answerAt(id) })),
    ({ answer }) => JSON.stringify(answer),
  );
  const answers = [...groups.values()].map((group) => ({
    gateways: group.map(({ name }) => name),
    ...group[0]!.answer,
  }));
  const [first] = answers;
  const isComplete = gateways.length === judge.gateways.length;
  if (answers.length === 1 && isComplete) {
    const { gateways: _, ...answer } = first!;
    return { action, ...answer };
  }
  const isSame = isComplete && answers.every(({ effect }) => effect === first!.effect);
  return {
    action,
    effect: isSame ? first!.effect : 'depends',
    reason: (answers.find(({ effect }) => effect === 'pass') ?? first!).reason,
    policies: [...new Set(answers.flatMap(({ policies }) => policies))],
    facts: [...new Set([...answers.flatMap(({ facts }) => facts), ...(isSame ? [] : ['gateway'])])].sort(),
    atGateways: answers,
  };
}

const isOf = (what: 'gateway' | 'device', fact: string) => fact === what || fact.startsWith(`${what}.`);
const readsGateway = ({ facts }: LoadedPolicy) => [...facts].some((fact) => fact === '*' || isOf('gateway', fact));

/** Policies that facts could make hold, or not hold, so that the answer would be another. */
function undecided(
  fitting: readonly LoadedPolicy[],
  deciding: readonly LoadedPolicy[],
  passes: boolean,
  factsOf: (policy: LoadedPolicy) => readonly string[],
): readonly LoadedPolicy[] {
  const isFixed = (policy: LoadedPolicy) => factsOf(policy).length === 0;
  // A forbid that reads nothing holds whatever happens.
  if (deciding.some((policy) => policy.effect === 'forbid' && isFixed(policy))) return [];
  const reading = fitting.filter((policy) => !isFixed(policy));
  const forbids = reading.filter(({ effect }) => effect === 'forbid');
  const permits = reading.filter(({ effect }) => effect === 'permit');
  if (!passes) return [...forbids.filter((policy) => deciding.includes(policy)), ...permits];
  // What lets them in may cease to hold only when it is all that does.
  const fragile = deciding.length > 0 && deciding.every((policy) => policy.effect === 'permit' && !isFixed(policy));
  return fragile ? [...forbids, ...deciding] : forbids;
}
