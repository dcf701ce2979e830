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
import { loadPolicy, type PolicyDecision, PolicySet } from './policy-set.ts';
import {
  type Random,
  randomCircumstances,
  randomPolicyText,
  randomResource,
  randomSite,
  randomUser,
} from './random-access.suite.ts';

/**
 * The cached path against the Cedar library: a world of users, resources and policies that changes all the time, as
 * snapshots change it, and requests under circumstances that change as well. What is remembered must never differ from
 * what Cedar says of the world as it is now; and the policies that are named as deciding must be Cedar's, too.
 */
const REQUESTS = 100_000;
const REQUESTS_PER_WORLD = 400;

function randomSet(random: Random): { set: PolicySet; texts: Record<string, string> } {
  const texts: Record<string, string> = {};
  const policies: SnapshotPolicy[] = [];
  while (policies.length < 7) {
    const text = randomPolicyText(random);
    const check = checkPolicy(text);
    // A few can never match; they are refused, as for everybody.
    if (!check.ok) continue;
    const id = `pol_${policies.length}`;
    texts[id] = text;
    const mode = random.next() < 0.15 ? 'report' : 'enforce';
    policies.push({ id, name: `p-${policies.length}`, mode, json: check.json });
  }
  return { set: new PolicySet(policies.map(loadPolicy)), texts };
}

test('what is remembered is what Cedar says, under random changes of everything', { timeout: 300_000 }, (t) => {
  const random = seededRandom(undefined, t);
  const seen = { permit: 0, forbid: 0, none: 0, remembered: 0, erred: 0 };
  let users = Array.from({ length: 8 }, (_, index) => randomUser(random, index));
  let objects: (SnapshotResource | SnapshotSite)[] = [
    ...Array.from({ length: 6 }, (_, index) => randomResource(random, index)),
    ...Array.from({ length: 2 }, (_, index) => randomSite(random, index)),
  ];
  for (let done = 0; done < REQUESTS; done += REQUESTS_PER_WORLD) {
    const { set, texts } = randomSet(random);
    const known = new Map<PolicyDecision, true>();
    const loaded = cedar.preparsePolicySet('enforced', {
      staticPolicies: Object.fromEntries(
        set.policies.filter(({ mode }) => mode === 'enforce').map(({ id }) => [id, texts[id]!]),
      ),
    });
    assert.equal(loaded.type, 'success');
    let circumstances = Array.from({ length: 4 }, () => randomCircumstances(random));
    for (let i = 0; i < REQUESTS_PER_WORLD; i++) {
      // As a snapshot would: another object for what changed, the same one for what did not.
      if (random.next() < 0.02) users = users.with(random.integer(8), randomUser(random, random.integer(8)));
      if (random.next() < 0.02) {
        const index = random.integer(6);
        objects = objects.with(index, randomResource(random, index));
      }
      if (random.next() < 0.05) circumstances = circumstances.with(random.integer(4), randomCircumstances(random));
      const object = random.pick(objects);
      const action: PolicyAction = 'protocol' in object ? random.pick(['read', 'write', 'connect']) : 'forward';
      const principal: Entity =
        random.next() < 0.15 ? guestEntity({ kind: 'anonymous', name: '' }) : userEntity(random.pick(users));
      const request = { principal, action, object, circumstances: random.pick(circumstances) };
      const decision = set.decide(request);
      if (known.has(decision)) seen.remembered++;
      known.set(decision, true);
      check(decision, request, random, seen);
    }
  }
  t.diagnostic(JSON.stringify(seen));
  for (const [what, count] of Object.entries(seen)) assert.ok(count > 500, `only ${count} ${what}`);
});

function check(
  decision: PolicyDecision,
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
    preparsedPolicySetId: 'enforced',
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
