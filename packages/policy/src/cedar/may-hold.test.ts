import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { seededRandom } from '@zeronaut/testkit';
import { compileMayHold } from './may-hold.ts';
import { compilePolicy } from './policy.ts';
import { randomPolicy, randomWorld } from './random-cedar.suite.ts';
import { EvaluationError } from './values.ts';

function jsonOf(text: string): unknown {
  const json = cedar.policyToJson(text);
  assert.equal(json.type, 'success', text);
  return json.json;
}

const memberOf = (fact: string) => fact.split('.')[0]!;

test('a policy that may not hold does not, whatever the other facts are', (t) => {
  const random = seededRandom(undefined, t);
  let excluded = 0;
  for (let round = 0; round < 6_000; round++) {
    const text = randomPolicy(random);
    const json = jsonOf(text);
    const [mayHold, { holds, facts }] = [compileMayHold(json), compilePolicy(json)];
    const world = randomWorld(random);
    const known = new Set([...world.context.keys(), ...[...facts].map(memberOf)].filter(() => random.next() < 0.5));
    const may = mayHold(world, (fact) => known.has(memberOf(fact)));
    if (may) continue;
    excluded++;
    for (let other = 0; other < 8; other++) {
      const strange = other === 0 ? world.context : randomWorld(random).context;
      const context = new Map([
        ...[...strange].filter(([name]) => !known.has(name)),
        ...[...world.context].filter(([name]) => known.has(name)),
      ]);
      let held = false;
      try {
        held = holds({
          principal: world.principal,
          action: world.action,
          resource: world.resource,
          context,
          find: (ref) => world.find(ref),
        });
      } catch (error) {
        assert.ok(error instanceof EvaluationError);
      }
      assert.equal(held, false, `seed ${random.seed}: ${text} with ${[...known]} known`);
    }
  }
  assert.ok(excluded > 500, `only ${excluded}`);
});

test('a policy that holds may hold', (t) => {
  const random = seededRandom(undefined, t);
  for (let round = 0; round < 3_000; round++) {
    const text = randomPolicy(random);
    const json = jsonOf(text);
    const world = randomWorld(random);
    let held = false;
    try {
      held = compilePolicy(json).holds(world);
    } catch (error) {
      assert.ok(error instanceof EvaluationError);
    }
    const may = compileMayHold(json)(world, () => true);
    if (held) assert.equal(may, true, `seed ${random.seed}: ${text}`);
  }
});

test('what is certain is found on either side of and, or, not and if', () => {
  const world = randomWorld(seededRandom(1));
  const knows = (fact: string) => fact === 'gateway';
  const cases: [string, boolean][] = [
    ['context.risk < 5', true],
    ['context has gateway && context.risk < 5', false],
    ['context.risk < 5 && context has gateway', false],
    ['context.risk < 5 || context has gateway', true],
    ['!(context.risk < 5 || !(context has gateway))', false],
    ['!(context has gateway && context.risk < 5)', true],
    ['if context has gateway then context.risk < 5 else false', false],
    ['if context.risk < 5 then context has gateway else false', false],
    ['if context.risk < 5 then context has gateway else true', true],
    ['context has gateway && context.gateway == context.device', false],
  ];
  for (const [condition, may] of cases) {
    const context = new Map();
    const json = jsonOf(`permit (principal, action, resource) when { ${condition} };`);
    const environment = {
      principal: world.principal,
      action: world.action,
      resource: world.resource,
      context,
      find: () => undefined,
    };
    assert.equal(compileMayHold(json)(environment, knows), may, condition);
  }
  const unless = jsonOf('permit (principal, action, resource) unless { context.risk < 5 || !(context has gateway) };');
  const environment = {
    principal: world.principal,
    action: world.action,
    resource: world.resource,
    context: new Map(),
    find: () => undefined,
  };
  assert.equal(compileMayHold(unless)(environment, knows), false);
});
