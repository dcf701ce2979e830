import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  FORM_FACTS,
  type FormClause,
  type FormCondition,
  type FormTest,
  type PolicyForm,
  policyForm,
  type WhatSelector,
  type WhoSelector,
} from '@zeronaut/model';
import { seededRandom } from '@zeronaut/testkit';
import { compilePolicy } from '../cedar/policy.ts';
import { momentOf } from '../circumstances.ts';
import { ACTION_ENTITIES, guestEntity, objectEntity, userEntity } from '../entities.ts';
import { canonicalForm } from '../form/canonical-form.ts';
import { textOfForm } from '../form/text-of-form.ts';
import {
  type Random,
  randomCircumstances,
  randomPolicyText,
  randomResource,
  randomSite,
  randomUser,
} from '../random-access.suite.ts';
import { checkPolicy } from './check-policy.ts';
import { formOfPolicy, policyOfForm } from './policy-form.ts';
import { fillTemplate, POLICY_TEMPLATES } from './templates.ts';

const FORMS = 500;
const TEXTS = 400;
const REQUESTS_PER_TEXT = 40;

/** Whether two checked policies hold for the same requests, which random ones answer. */
function assertAlike(random: Random, text: string, other: string): void {
  const [one, two] = [text, other].map((policy) => {
    const check = checkPolicy(policy);
    assert.ok(check.ok, `${policy}\n${JSON.stringify(check)}`);
    return compilePolicy(check.json);
  });
  assert.deepEqual([...one!.annotations], [...two!.annotations]);
  assert.equal(one!.effect, two!.effect);
  for (let i = 0; i < REQUESTS_PER_TEXT; i++) {
    const object = random.next() < 0.8 ? randomResource(random, random.integer(6)) : randomSite(random, 1);
    const action =
      ACTION_ENTITIES['protocol' in object ? random.pick(['read', 'write', 'connect'] as const) : 'forward'];
    const principal =
      random.next() < 0.15
        ? guestEntity({ kind: 'anonymous', name: '' })
        : userEntity(randomUser(random, random.integer(8)));
    const resource = objectEntity(object);
    const circumstances = randomCircumstances(random);
    const environment = { principal, action, resource, ...momentOf(circumstances) };
    const [here, there] = [one!, two!].map(
      (policy) =>
        policy.matchesPrincipal(principal) &&
        policy.matchesAction(action) &&
        policy.matchesResource(resource) &&
        policy.holds(environment),
    );
    assert.equal(here, there, `seed ${random.seed}\n${text}\n${other}\n${JSON.stringify(circumstances)}`);
  }
}

const NAMES = ['dev', 'ops', 'a "quoted" \\ name', 'Équipe\n2', '*', '😀'];

function some<T>(random: Random, from: readonly T[], most = 3): T[] {
  return Array.from({ length: 1 + random.integer(most) }, () => random.pick(from));
}

function randomWho(random: Random): WhoSelector {
  return random.pick<WhoSelector>([
    { is: random.pick(['user', 'service_account', 'guest'] as const), id: null },
    { is: 'user', id: 'usr_1' },
    { is: random.pick(['group', 'role'] as const), id: random.pick(NAMES) },
  ]);
}

function randomWhat(random: Random): WhatSelector {
  return random.pick<WhatSelector>([
    { is: random.pick(['resource', 'site'] as const), id: random.pick([null, 'res_1']) },
    { is: 'segment', id: random.pick(NAMES) },
  ]);
}

function randomTest(random: Random): FormTest {
  const compare = random.pick(['below', 'at_most', 'above', 'at_least'] as const);
  return random.pick<() => FormTest>([
    () => ({ fact: random.pick(FORM_FACTS.number), test: compare, value: random.integer(200) - 50 }),
    () => ({ fact: random.pick(FORM_FACTS.number), test: 'one_of', values: some(random, [1, 2, -7]) }),
    () => ({ fact: random.pick(FORM_FACTS.text), test: 'one_of', values: some(random, NAMES) }),
    () => ({ fact: random.pick(FORM_FACTS.text), test: 'like', value: random.pick(['/x*', '*\\**', '\\\\', 'a\\b']) }),
    () => ({ fact: random.pick(FORM_FACTS.flag), test: 'is', value: random.next() < 0.5 }),
    () => ({
      fact: random.pick(FORM_FACTS.names),
      test: random.pick(['has_any', 'has_all'] as const),
      values: some(random, NAMES),
    }),
    () => ({ fact: 'address', test: 'within', values: some(random, ['10.0.0.0/8', '2001:db8::/32', '192.0.2.1']) }),
    () => ({ fact: 'now', test: compare, value: random.pick(['2026-11-27', '2026-11-27T12:00:00Z']) }),
    () => ({ fact: random.pick(FORM_FACTS.optional), test: 'known' }),
    () => ({ test: 'who', who: Array.from({ length: 1 + random.integer(3) }, () => randomWho(random)) }),
    () => ({ test: 'what', what: Array.from({ length: 1 + random.integer(3) }, () => randomWhat(random)) }),
  ])();
}

function randomClause(random: Random): FormClause {
  if (random.next() < 0.8) return randomTest(random);
  return { test: 'not', of: Array.from({ length: 1 + random.integer(2) }, () => randomTest(random)) };
}

function randomCondition(random: Random): FormCondition {
  const comment = random.next() < 0.15 ? { comment: random.pick(['why', 'two\nlines', 'a "when { }" && more']) } : {};
  if (random.next() < 0.75) return { ...randomClause(random), ...comment };
  const list = () => Array.from({ length: 1 + random.integer(2) }, () => randomClause(random));
  return { test: 'any', of: Array.from({ length: 1 + random.integer(3) }, list), ...comment };
}

function randomForm(random: Random): PolicyForm {
  const list = <T>(one: (random: Random) => T, most: number) =>
    Array.from({ length: random.integer(most + 1) }, () => one(random));
  return {
    effect: random.pick(['permit', 'forbid']),
    who: list(randomWho, 2),
    actions: list(() => random.pick(['access', 'read', 'write', 'connect', 'forward'] as const), 2),
    what: list(randomWhat, 2),
    when: list(randomCondition, 3),
    unless: list(() => Array.from({ length: 1 + random.integer(2) }, () => randomCondition(random)), 2),
    annotations: random.next() < 0.5 ? { id: 'x', advice: random.pick(NAMES), step_up: '' } : {},
    ...(random.next() < 0.3 && { comment: random.pick(['what for', 'first\nsecond']) }),
  };
}

test('a form, its text, and the form of that text are one', (t) => {
  const random = seededRandom(undefined, t);
  let seen = 0;
  for (let i = 0; i < FORMS; i++) {
    const form = randomForm(random);
    assert.deepEqual(canonicalForm(canonicalForm(form)), canonicalForm(form), `seed ${random.seed}`);
    const text = textOfForm(form);
    // Many say what can never be, which the schema refuses.
    if (!policyOfForm(form).ok) continue;
    seen++;
    const read = formOfPolicy(text);
    assert.ok(read.ok, `seed ${random.seed}\n${text}\n${JSON.stringify(read)}`);
    assert.deepEqual(read.form, canonicalForm(form), `seed ${random.seed}\n${text}`);
    assert.equal(textOfForm(read.form), text);
  }
  t.diagnostic(`${seen} of ${FORMS}`);
  assert.ok(seen > FORMS / 10, `only ${seen}`);
});

test('a policy and the text of its form decide alike', (t) => {
  const random = seededRandom(undefined, t);
  let [forms, texts] = [0, 0];
  while (texts + forms < TEXTS) {
    const text = randomPolicyText(random);
    if (!checkPolicy(text).ok) continue;
    const read = formOfPolicy(text);
    if (!read.ok) {
      texts++;
      assert.ok(read.textOnly);
      const { line, column } = read.problems[0]!;
      // What the random policies say and a form cannot: these three.
      assert.match(
        text.split('\n')[line - 1]!.slice(column - 1),
        /^(?:context\.risk \+|context\.http ==|context\.address\.isIpv6)/,
        text,
      );
      continue;
    }
    forms++;
    assertAlike(random, text, textOfForm(read.form));
  }
  assert.ok(forms > TEXTS / 2 && texts > 0, `${forms} and ${texts}`);
});

test('every template has a form', () => {
  const random = seededRandom(7);
  for (const template of POLICY_TEMPLATES) {
    const examples = template.parameters.flatMap(({ name, default: fallback, example }) =>
      fallback === null ? [[name, example!] as const] : [],
    );
    const filled = fillTemplate(template, Object.fromEntries(examples));
    assert.ok(filled.ok);
    const read = formOfPolicy(filled.text);
    assert.ok(read.ok, JSON.stringify(read));
    assertAlike(random, filled.text, textOfForm(read.form));
  }
});

test('what is written in many ways is one form', () => {
  const cases: [string, Partial<PolicyForm>][] = [
    [
      'permit (principal is User in Group::"dev", action, resource);',
      { who: [{ is: 'group', id: 'dev' }], when: [{ test: 'who', who: [{ is: 'user', id: null }] }] },
    ],
    [
      'permit (principal, action, resource) when { principal in [Group::"a", Group::"b"] } when { true };',
      {
        who: [
          { is: 'group', id: 'a' },
          { is: 'group', id: 'b' },
        ],
      },
    ],
    [
      'forbid (principal, action, resource) unless { context.granted || 30 > context.risk };',
      {
        unless: [[{ fact: 'granted', test: 'is', value: true }], [{ fact: 'risk', test: 'below', value: 30 }]],
      },
    ],
    [
      'forbid (principal, action, resource) when { context has device.os && context.device.os != "debian" };',
      {
        when: [
          { fact: 'device.os', test: 'known' },
          { test: 'not', of: [{ fact: 'device.os', test: 'one_of', values: ['debian'] }] },
        ],
      },
    ],
    [
      'forbid (principal, action, resource) when { !(context.granted || context["risk"] < 3) };',
      {
        when: [
          { fact: 'granted', test: 'is', value: false },
          { test: 'not', of: [{ fact: 'risk', test: 'below', value: 3 }] },
        ],
      },
    ],
  ];
  const random = seededRandom(8);
  for (const [text, expected] of cases) {
    const read = formOfPolicy(text);
    assert.ok(read.ok, JSON.stringify(read));
    for (const [name, value] of Object.entries(expected)) {
      assert.deepEqual(read.form[name as keyof PolicyForm], value, text);
    }
    assertAlike(random, text, textOfForm(read.form));
  }
});

test('what has no place in a form is named with its line and column', () => {
  const cases: [string, number, number, RegExp][] = [
    ['permit (principal, action, resource)\nwhen { context.granted &&\n  (context.risk + 1 < 3) };', 3, 4, /form/],
    ['permit (principal, action, resource)\nwhen { if context.granted then true else false };', 2, 8, /form/],
    ['permit (principal, action, resource) when { context.address.isLoopback() };', 1, 45, /form/],
    [
      '// é\npermit (principal, action, resource) when {"é" == resource.name && context.factors == ["totp"] };',
      2,
      68,
      /form/,
    ],
  ];
  for (const [text, line, column, message] of cases) {
    const read = formOfPolicy(text);
    assert.ok(!read.ok && read.textOnly, text);
    const [problem] = read.problems;
    assert.deepEqual([problem!.line, problem!.column], [line, column], text);
    assert.match(problem!.message, message);
  }
  const wrong = formOfPolicy('permit (principal, action, resource) when { context.rsik < 3 };');
  assert.ok(!wrong.ok && !wrong.textOnly);
});

test('comments and annotations stay where they were', () => {
  const text = `// Production is for people who are there.
@id("prod") // its name
@note("kept")
forbid (
  principal, // everybody
  action, resource in Segment::"prod")
// in the evening
when {
  context.time.hour >= 18 && // not before
  // nor for the trusted
  context.risk > 10
}
unless {
  // whoever was approved
  context.granted
};
// the end
`;
  const read = formOfPolicy(text);
  assert.ok(read.ok, JSON.stringify(read));
  const { form } = read;
  assert.equal(form.annotations.note, 'kept');
  assert.equal(form.comment, 'Production is for people who are there.\nits name\neverybody\nthe end');
  assert.deepEqual(
    form.when.map(({ comment }) => comment),
    ['in the evening\nnot before', 'nor for the trusted'],
  );
  assert.equal(form.unless[0]![0]!.comment, 'whoever was approved');
  const again = formOfPolicy(textOfForm(form));
  assert.ok(again.ok);
  assert.deepEqual(again.form, form);
});

test('a form cannot smuggle anything into the text', () => {
  const evil = '") ; permit(principal, action, resource); //';
  const form = policyForm.parse({
    effect: 'forbid',
    who: [{ is: 'group', id: evil }],
    when: [
      { fact: 'http.path', test: 'like', value: evil, comment: 'x' },
      { fact: 'by', test: 'one_of', values: [evil, 'session'] },
    ],
    annotations: { id: 'x', advice: evil },
    comment: `x\n${evil}`,
  });
  const written = policyOfForm(form);
  assert.ok(written.ok, JSON.stringify(written));
  const read = formOfPolicy(written.text);
  assert.ok(read.ok);
  assert.deepEqual(read.form, form);
  // What ends a line elsewhere than here ends no comment.
  const breaks = policyForm.parse({ effect: 'forbid', comment: 'a\rpermit(principal,action,resource);\u2028b' });
  const comments = policyOfForm(breaks);
  assert.ok(comments.ok, JSON.stringify(comments));
  const check = checkPolicy(comments.text);
  assert.ok(check.ok && check.effect === 'forbid');
});
