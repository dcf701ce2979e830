import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import type { SnapshotPolicy, SnapshotResource, SnapshotSite } from '@zeronaut/model';
import { seededRandom } from '@zeronaut/testkit';
import { checkPolicy } from './authoring/index.ts';
import { toCedarContext, toCedarEntities } from './cedar/random-cedar.suite.ts';
import type { Entity } from './cedar/values.ts';
import { type Circumstances, contextOf, entitiesOf } from './circumstances.ts';
import { ACTION_ENTITIES, guestEntity, objectEntity, userEntity } from './entities.ts';
import type { PolicyAction } from './policy-schema.ts';
import {
  type LoadedPolicy,
  loadPolicy,
  type PolicyChange,
  type PolicyDecision,
  type PolicyRequest,
  PolicySet,
} from './policy-set.ts';
import {
  type Random,
  randomCircumstances,
  randomPolicyText,
  randomResource,
  randomSite,
  randomUser,
} from './random-access.suite.ts';

/**
 * The cached path against the Cedar library: one memory, and a world of users, resources and policies that changes under it all the time, as
 * snapshots change it, with requests under circumstances that change as well. What is remembered must never differ from what Cedar says of
 * the world as it is now; and the policies that are named as deciding must be Cedar's, too. Sets of before, which flows still hold, are
 * asked as well.
 */
const REQUESTS = 100_000;
const POLICIES = 7;
const MUTANT_REQUESTS = 5_000;

interface Policies {
  readonly set: PolicySet;
  readonly texts: ReadonlyMap<LoadedPolicy, string>;
  /** Of the set in Cedar. */
  readonly name: string;
}

function randomPolicy(random: Random, id: string): { policy: LoadedPolicy; text: string } {
  for (;;) {
    const text = randomPolicyText(random);
    const check = checkPolicy(text);
    // A few can never match; they are refused, as for everybody.
    if (!check.ok) continue;
    const mode = random.next() < 0.15 ? 'report' : 'enforce';
    return { text, policy: loadPolicy({ id, name: id.replace('_', '-'), mode, json: check.json }) };
  }
}

/** One policy is changed, added or removed, or a few at once; the others are the same objects. */
function changePolicies(random: Random, before: Policies | null, Sets: typeof PolicySet, name: string): Policies {
  let list = [...(before?.set.policies ?? [])];
  const texts = new Map(before?.texts);
  const count = before === null ? POLICIES : 1 + random.integer(2);
  for (let i = 0; i < count; i++) {
    const { policy, text } = randomPolicy(random, `pol_${random.integer(1e9)}`);
    texts.set(policy, text);
    const what = random.next();
    if (list.length < POLICIES - 2 || (what < 0.3 && list.length < POLICIES + 2)) list.push(policy);
    else if (what < 0.6) list = list.toSpliced(random.integer(list.length), 1);
    else list = list.with(random.integer(list.length), policy);
  }
  const set = new Sets(list, before?.set);
  const enforced = list.filter(({ mode }) => mode === 'enforce').map((policy) => [policy.id, texts.get(policy)!]);
  assert.equal(cedar.preparsePolicySet(name, { staticPolicies: Object.fromEntries(enforced) }).type, 'success');
  return { set, texts: new Map(list.map((policy) => [policy, texts.get(policy)!])), name };
}

function askAll(random: Random, requests: number, Sets: typeof PolicySet = PolicySet) {
  const seen = { permit: 0, forbid: 0, none: 0, remembered: 0, survived: 0, older: 0, erred: 0 };
  let users = Array.from({ length: 8 }, (_, index) => randomUser(random, index));
  let objects: (SnapshotResource | SnapshotSite)[] = [
    ...Array.from({ length: 6 }, (_, index) => randomResource(random, index)),
    ...Array.from({ length: 2 }, (_, index) => randomSite(random, index)),
  ];
  let circumstances = Array.from({ length: 4 }, () => randomCircumstances(random));
  let changes = 0;
  /** When it was made, by the number of changes of policies. */
  const known = new Map<PolicyDecision, number>();
  let policies = changePolicies(random, null, Sets, 'even');
  let older = policies;
  for (let i = 0; i < requests; i++) {
    // As a snapshot would: another object for what changed, the same one for what did not.
    if (random.next() < 0.01) {
      older = policies;
      policies = changePolicies(random, policies, Sets, ++changes % 2 === 0 ? 'even' : 'odd');
      if (changes % 50 === 0) known.clear();
    }
    if (random.next() < 0.02) {
      const index = random.integer(8);
      users = users.with(index, randomUser(random, index));
    }
    if (random.next() < 0.02) {
      const index = random.integer(6);
      objects = objects.with(index, randomResource(random, index));
    }
    if (random.next() < 0.03) circumstances = circumstances.with(random.integer(4), randomCircumstances(random));
    const object = random.pick(objects);
    const action: PolicyAction = 'protocol' in object ? random.pick(['read', 'write', 'connect']) : 'forward';
    const principal: Entity =
      random.next() < 0.15 ? guestEntity({ kind: 'anonymous', name: '' }) : userEntity(random.pick(users));
    const request = { principal, action, object, circumstances: random.pick(circumstances) };
    const asked = random.next() < 0.02 ? older : policies;
    const decision = asked.set.decide(request);
    const since = known.get(decision);
    if (since === undefined) known.set(decision, changes);
    else seen.remembered++;
    if (since !== undefined && since < changes && decision.effect !== 'none') seen.survived++;
    if (asked !== policies) seen.older++;
    check(decision, asked.name, request, random, seen);
  }
  return seen;
}

test('what is remembered is what Cedar says, under random changes of everything', { timeout: 300_000 }, (t) => {
  const seen = askAll(seededRandom(undefined, t), REQUESTS);
  t.diagnostic(JSON.stringify(seen));
  for (const [what, count] of Object.entries(seen)) assert.ok(count > 500, `only ${count} ${what}`);
});

test('who forgets too little when policies change differs from Cedar', () => {
  class KeepsAll extends PolicySet {
    protected override concerns(): boolean {
      return false;
    }
  }
  class ForgetsNoRemoved extends PolicySet {
    protected override concerns(change: PolicyChange, ...rest: [readonly LoadedPolicy[], PolicyRequest]): boolean {
      return super.concerns({ ...change, removed: new Set() }, ...rest);
    }
  }
  class SeesNoAdded extends PolicySet {
    protected override concerns(change: PolicyChange, ...rest: [readonly LoadedPolicy[], PolicyRequest]): boolean {
      return super.concerns({ ...change, added: [] }, ...rest);
    }
  }
  for (const mutant of [KeepsAll, ForgetsNoRemoved, SeesNoAdded]) {
    assert.throws(() => askAll(seededRandom(7), MUTANT_REQUESTS, mutant), { name: 'AssertionError' }, mutant.name);
  }
  askAll(seededRandom(7), MUTANT_REQUESTS);
});

test('a change of policies takes the decisions that it has a say in, and no others', () => {
  const load = (id: string, text: string): LoadedPolicy => {
    const check = checkPolicy(text);
    assert.ok(check.ok);
    return loadPolicy({ id, name: id.replace('_', '-'), mode: 'enforce', json: check.json });
  };
  const random = seededRandom(1);
  const [ann, bob] = [randomUser(random, 1), randomUser(random, 2)];
  const [wiki, shop] = [randomResource(random, 1), randomResource(random, 2)];
  const circumstances = randomCircumstances(random);
  const ask = (set: PolicySet, user = ann, object = wiki, action: PolicyAction = 'read') =>
    set.decide({ principal: userEntity(user), action, object, circumstances });
  const base = load('pol_base', 'permit (principal, action, resource);');
  const first = new PolicySet([base]);
  const before = ask(first);
  assert.equal(before.effect, 'permit');
  for (const [index, head] of [
    `principal == User::"${bob.id}", action, resource`,
    `principal, action, resource == Resource::"${shop.id}"`,
    'principal, action == Action::"write", resource',
  ].entries()) {
    const other = load(`pol_other${index}`, `forbid (${head});`);
    const second = new PolicySet([base, other], first);
    assert.equal(ask(second), before, head);
    assert.equal(ask(new PolicySet([base], second)), before, `without ${head}`);
  }
  const one = load(
    'pol_one',
    `forbid (principal == User::"${ann.id}", action == Action::"read", resource == Resource::"${wiki.id}");`,
  );
  const latest = new PolicySet([base, one], first);
  const bobs = ask(latest, bob);
  assert.equal(ask(latest).effect, 'forbid');
  assert.equal(ask(first).effect, 'permit', 'who holds the set of before is answered from it');
  assert.equal(ask(latest).effect, 'forbid');
  const last = new PolicySet([base], latest);
  assert.equal(ask(last).effect, 'permit');
  assert.equal(ask(last, bob), bobs);
  // More than are held against each other: asked again, and right.
  const many = Array.from({ length: 300 }, (_, index) =>
    load(`pol_${index}`, `forbid (principal == User::"${bob.id}", action, resource);`),
  );
  assert.equal(ask(new PolicySet([base, ...many], last), bob).effect, 'forbid');
});

function check(
  decision: PolicyDecision,
  set: string,
  request: {
    principal: Entity;
    action: PolicyAction;
    object: SnapshotResource | SnapshotSite;
    circumstances: Circumstances;
  },
  random: Random,
  seen: { permit: number; forbid: number; none: number; erred: number },
): void {
  const { principal } = request;
  const action = ACTION_ENTITIES[request.action];
  const resource = objectEntity(request.object);
  const { context, others } = momentFor(request.circumstances);
  const answer = cedar.statefulIsAuthorized({
    principal: { type: principal.ref.type, id: principal.ref.id },
    action: { type: action.ref.type, id: action.ref.id },
    resource: { type: resource.ref.type, id: resource.ref.id },
    context,
    preparsedPolicySetId: set,
    entities: toCedarEntities({ principal, action, resource, others }),
  });
  assert.equal(answer.type, 'success', JSON.stringify(answer));
  const { decision: cedarSays, diagnostics } = answer.response;
  const ours = decision.policies.map(({ id }) => id).sort();
  const failed = decision.errors.filter(({ policy }) => policy.mode === 'enforce').map(({ policy }) => policy.id);
  const about = `seed ${random.seed}: ${principal.ref.key} ${request.action} ${resource.ref.key}\n${JSON.stringify(request.circumstances)}`;
  assert.deepEqual(failed.sort(), diagnostics.errors.map(({ policyId }) => policyId).sort(), about);
  seen[decision.effect]++;
  if (failed.length > 0) seen.erred++;
  // One thing is stricter than Cedar, which skips what errs: a forbid that errs forbids.
  const failedForbid = decision.errors.some(({ policy }) => policy.mode === 'enforce' && policy.effect === 'forbid');
  if (failedForbid) {
    assert.equal(decision.effect, 'forbid', about);
    return;
  }
  assert.equal(decision.effect === 'permit', cedarSays === 'allow', about);
  assert.deepEqual(ours, [...diagnostics.reason].sort(), about);
}

const moments = new WeakMap<Circumstances, { context: never; others: Entity[] }>();

function momentFor(circumstances: Circumstances): { context: never; others: Entity[] } {
  let moment = moments.get(circumstances);
  if (moment === undefined) {
    moment = { context: toCedarContext(contextOf(circumstances)), others: entitiesOf(circumstances) };
    moments.set(circumstances, moment);
  }
  return moment;
}

test('a policy that cannot be run makes the whole set unusable', () => {
  const json = { effect: 'permit', principal: { op: 'All' }, action: { op: 'All' }, resource: { op: 'All' } };
  const bad: [string, Record<string, unknown>][] = [
    ['no conditions', json],
    ['an unknown effect', { ...json, effect: 'allow', conditions: [] }],
    ['an unknown constraint', { ...json, principal: { op: 'like' }, conditions: [] }],
    ['an unknown operator', { ...json, conditions: [{ kind: 'when', body: { eval: { left: 1 } } }] }],
    ['a slot', { ...json, conditions: [{ kind: 'when', body: { Slot: '?principal' } }] }],
    ['a literal that is too long', { ...json, conditions: [{ kind: 'when', body: { Value: 2 ** 60 } }] }],
    ['an address that is none', { ...json, conditions: [{ kind: 'when', body: { ip: [{ Value: 'x' }] } }] }],
  ];
  for (const [name, policy] of bad.slice(0, -1)) {
    assert.throws(
      () => loadPolicy({ id: 'pol_1', name: 'p', mode: 'enforce', json: policy }),
      { name: 'UnsupportedPolicyError' },
      name,
    );
  }
});

test('a forbid whose evaluation fails forbids, and nothing else does', () => {
  const broken = { ip: [{ Value: 'no address' }] };
  const condition = [{ kind: 'when', body: { isLoopback: [broken] } }];
  const head = { principal: { op: 'All' }, action: { op: 'All' }, resource: { op: 'All' } };
  const policy = (id: string, effect: string, conditions: unknown[]): SnapshotPolicy => ({
    ...{ id, name: id.slice(4), mode: 'enforce' },
    json: { ...head, effect, conditions },
  });
  const random = seededRandom(1);
  const request = {
    principal: userEntity(randomUser(random, 1)),
    action: 'read' as const,
    object: randomResource(random, 1),
    circumstances: randomCircumstances(random),
  };
  const decide = (...policies: SnapshotPolicy[]) => new PolicySet(policies.map(loadPolicy)).decide(request).effect;
  const open = policy('pol_open', 'permit', []);
  assert.equal(decide(open), 'permit');
  assert.equal(decide(open, policy('pol_a', 'forbid', condition)), 'forbid');
  assert.equal(decide(policy('pol_b', 'permit', condition)), 'none');
});
