import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { seededRandom } from '@zeronaut/testkit';
import { compilePolicy } from './policy.ts';
import { randomPolicy, randomWorld, toCedarContext, toCedarEntities } from './random-cedar.suite.ts';

/**
 * Our evaluator against the Cedar library, policy by policy: whether it holds, and whether it errs. Policies here are
 * not checked against a schema, so that wrong types and missing attributes are met, too.
 */
const POLICIES_PER_WORLD = 12;
const WORLDS = 1_500;

test('every policy holds, does not hold, or errs as the Cedar library says', (t) => {
  const random = seededRandom(undefined, t);
  const seen = { held: 0, not: 0, erred: 0 };
  for (let round = 0; round < WORLDS; round++) {
    const world = randomWorld(random);
    const texts = Array.from({ length: POLICIES_PER_WORLD }, () => randomPolicy(random));
    // All of them as permits: then Cedar names every policy that holds.
    const policies = Object.fromEntries(texts.map((text, index) => [`p${index}`, text]));
    const answer = cedar.isAuthorized({
      principal: { type: world.principal.ref.type, id: world.principal.ref.id },
      action: { type: world.action.ref.type, id: world.action.ref.id },
      resource: { type: world.resource.ref.type, id: world.resource.ref.id },
      context: toCedarContext(world.context),
      policies: { staticPolicies: policies },
      entities: toCedarEntities(world),
    });
    assert.equal(answer.type, 'success', `seed ${random.seed}: ${JSON.stringify(answer)}\n${texts.join('\n')}`);
    const holding = new Set(answer.response.diagnostics.reason);
    const erring = new Set(answer.response.diagnostics.errors.map(({ policyId }) => policyId));
    for (const [index, text] of texts.entries()) {
      const json = cedar.policyToJson(text);
      assert.equal(json.type, 'success');
      const policy = compilePolicy(json.json);
      const fits =
        policy.matchesPrincipal(world.principal) &&
        policy.matchesAction(world.action) &&
        policy.matchesResource(world.resource);
      let ours = 'not';
      let detail = '';
      try {
        if (fits && policy.holds(world)) ours = 'held';
      } catch (error) {
        ours = 'erred';
        detail = String(error);
      }
      const theirs = erring.has(`p${index}`) ? 'erred' : holding.has(`p${index}`) ? 'held' : 'not';
      seen[theirs]++;
      const why: string | undefined = JSON.stringify(
        answer.response.diagnostics.errors.find(({ policyId }) => policyId === `p${index}`),
      );
      assert.equal(ours, theirs, `seed ${random.seed}, round ${round}:\n${text}\n${detail}\n${why}`);
    }
  }
  for (const [what, count] of Object.entries(seen)) assert.ok(count > 500, `only ${count} ${what}`);
});
