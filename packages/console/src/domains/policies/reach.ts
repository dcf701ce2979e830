import type { AssumedCircumstances, SnapshotResource, SnapshotSite, SnapshotUser } from '@zeronaut/model';
import { ACTION_ENTITIES, type LoadedPolicy, objectEntity, type PolicyAction, userEntity } from '@zeronaut/policy';
import { Refusal } from '../../store/refusal.ts';
import type { Caller, Context } from '../context.ts';
import { readFacts } from '../organizations/organization-facts.ts';
import { type Page, parseCursor } from '../page.ts';
import { Judge } from './judge.ts';

/** Pairs of user and object that one call looks at; what is left comes with the next page. */
const MAX_PAIRS = 200_000;

export interface ReachRow {
  userId: string;
  email: string;
  objectId: string;
  object: string;
  kind: 'resource' | 'site';
  actions: {
    action: string;
    effect: 'pass' | 'challenge' | 'deny' | 'depends';
    reason: string;
    policies: string[];
    facts: string[];
  }[];
}

/**
 * Who can reach what, signed in, and by which rule or policy. Where the answer hangs on facts of the moment it is
 * `depends`, with the facts. Pairs without any way are left out unless one user and one object are asked for.
 */
export async function reach(
  context: Context,
  caller: Caller,
  query: { user?: string | undefined; object?: string | undefined; cursor?: string | undefined; limit: number },
): Promise<Page<ReachRow> | Refusal> {
  const after = parseCursor(query.cursor, ['string', 'string']);
  if (after instanceof Refusal) return after;
  const facts = await readFacts(context.store.db, caller.organizationId, context.clock());
  const judge = new Judge(facts, context.clock());
  const users = query.user === undefined ? judge.users : [judge.user(query.user)];
  const objects = query.object === undefined ? judge.objects : [judge.object(query.object)];
  if (users.includes(undefined as never) || objects.includes(undefined as never)) return new Refusal('api.not_found');
  const exact = query.user !== undefined && query.object !== undefined;

  const items: ReachRow[] = [];
  let pairs = 0;
  const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
  for (const user of ([...users] as SnapshotUser[]).sort(byId)) {
    if (after !== null && user.id < String(after[0])) continue;
    for (const object of ([...objects] as (SnapshotResource | SnapshotSite)[]).sort(byId)) {
      if (after !== null && user.id === after[0] && object.id <= String(after[1])) continue;
      const row = reachOf(judge, user, object);
      if (exact || row.actions.some(({ effect }) => effect !== 'deny')) items.push(row);
      if (items.length >= query.limit || ++pairs >= MAX_PAIRS) {
        return { items, nextCursor: cursorOf(user.id, object.id) };
      }
    }
  }
  return { items, nextCursor: null };
}

function cursorOf(...key: string[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

export function reachOf(
  judge: Judge,
  user: SnapshotUser,
  object: SnapshotResource | SnapshotSite,
  circumstances: AssumedCircumstances = {},
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
    actions: actions.map((action) => actionOf(judge, user, object, action, circumstances)),
  };
}

function actionOf(
  judge: Judge,
  user: SnapshotUser,
  object: SnapshotResource | SnapshotSite,
  action: PolicyAction,
  circumstances: AssumedCircumstances,
): ReachRow['actions'][number] {
  const question = judge.prepare({ user: user.id, object: object.id, action, circumstances });
  if (question instanceof Refusal) return { action, effect: 'deny', reason: question.reason, policies: [], facts: [] };
  const { verdict, explanation } = judge.decide(question);
  const [principal, resource] = [userEntity(user), objectEntity(object)];
  const fitting = judge.policies.policies.filter(
    (policy) =>
      policy.mode === 'enforce' &&
      policy.matchesPrincipal(principal) &&
      policy.matchesAction(ACTION_ENTITIES[action]) &&
      policy.matchesResource(resource),
  );
  const deciding = fitting.filter(({ id }) => explanation?.policies.includes(id));
  const open = undecided(fitting, deciding, verdict.effect === 'pass');
  const bySegments =
    action === 'forward' &&
    verdict.reason === 'access.session' &&
    judge.isApartForSome(user.id, object as SnapshotSite);
  const facts = [
    ...new Set([...open.flatMap((policy) => [...policy.facts]), ...(bySegments ? ['device'] : [])]),
  ].sort();
  return {
    action,
    effect: facts.length > 0 ? 'depends' : verdict.effect,
    reason: verdict.reason,
    policies: (facts.length > 0 ? [...new Set([...deciding, ...open])] : deciding).map(({ name }) => name),
    facts,
  };
}

/** Policies that facts could make hold, or not hold, so that the answer would be another. */
function undecided(
  fitting: readonly LoadedPolicy[],
  deciding: readonly LoadedPolicy[],
  passes: boolean,
): readonly LoadedPolicy[] {
  // A forbid that reads nothing holds whatever happens.
  if (deciding.some(({ effect, facts }) => effect === 'forbid' && facts.size === 0)) return [];
  const reading = fitting.filter(({ facts }) => facts.size > 0);
  const forbids = reading.filter(({ effect }) => effect === 'forbid');
  const permits = reading.filter(({ effect }) => effect === 'permit');
  if (!passes) return [...forbids.filter((policy) => deciding.includes(policy)), ...permits];
  // What lets them in may cease to hold only when it is all that does.
  const fragile = deciding.length > 0 && deciding.every(({ effect, facts }) => effect === 'permit' && facts.size > 0);
  return fragile ? [...forbids, ...deciding] : forbids;
}
