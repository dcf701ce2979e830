import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { alternativesOf } from '../alternatives.ts';
import { decideAccess } from '../decide-access.ts';
import { turningFacts } from '../explain-access.ts';
import { loadPolicy, PolicySet } from '../policy-set.ts';
import { checkPolicy } from './check-policy.ts';
import { describeTemplate, instantiateTemplate } from './instantiate-template.ts';
import { questionOfCase, runTemplateCase } from './run-template-case.ts';
import { fillTemplate, POLICY_TEMPLATES, type PolicyTemplate } from './templates.ts';

function examplesOf(template: PolicyTemplate): Record<string, string> {
  return Object.fromEntries(
    template.parameters.flatMap(({ name, default: fallback, example }) =>
      fallback === null ? [[name, example!] as const] : [],
    ),
  );
}

function checkPolicyOf(template: PolicyTemplate) {
  const filled = fillTemplate(template, examplesOf(template));
  assert.ok(filled.ok, JSON.stringify(filled));
  const check = checkPolicy(filled.text);
  assert.ok(check.ok, JSON.stringify(check));
  assert.equal(check.annotations.id, template.name);
  assert.ok(check.annotations.description);
  return check;
}

function load(template: PolicyTemplate): PolicySet {
  const { json } = checkPolicyOf(template);
  return new PolicySet([loadPolicy({ id: 'pol_1', name: template.name, mode: 'enforce', json })]);
}

test('there are enough of them, each with a name of its own', () => {
  assert.ok(POLICY_TEMPLATES.length >= 15);
  assert.equal(new Set(POLICY_TEMPLATES.map(({ name }) => name)).size, POLICY_TEMPLATES.length);
});

for (const template of POLICY_TEMPLATES) {
  describe(`template ${template.name}`, () => {
    const policies = load(template);
    for (const request of template.cases) {
      test(`${request.expect}: ${request.title}`, () =>
        assert.equal(runTemplateCase(policies, request), request.expect));
    }
    test('of whom it keeps out it is explained what would let them in', () => {
      const { json } = checkPolicyOf(template);
      const written = [{ id: 'pol_1', name: template.name, mode: 'enforce' as const, json }];
      for (const request of template.cases) {
        if (request.expect === 'pass') continue;
        const question = questionOfCase(request);
        const alternatives = alternativesOf(question, { policies: written, devices: [], gateways: [] });
        const found = turningFacts(policies, question, alternatives);
        assert.ok(
          found.some(({ effect }) => effect === 'pass'),
          request.title,
        );
        for (const { with: changes, effect } of found) {
          const changed = changes.reduce((one, { change }) => change(one), question);
          assert.equal(decideAccess(load(template), changed).verdict.effect, effect, request.title);
        }
      }
    });
    test('lets some in and keeps others out', () => {
      const expected = new Set(template.cases.map(({ expect }) => (expect === 'pass' ? 'pass' : 'not')));
      assert.equal(expected.size, 2);
    });
    test('its policy is what makes the difference', () => {
      const without = new PolicySet([]);
      assert.ok(template.cases.some((request) => runTemplateCase(without, request) !== request.expect));
    });
  });
}

test('values stay values, whatever is in them', () => {
  const find = (name: string) => POLICY_TEMPLATES.find((template) => template.name === name)!;
  const refused: [string, Record<string, string>][] = [
    ['team-access', { group: 'x") ; permit(principal, action, resource); //' }],
    ['team-access', { group: 'x\\' }],
    ['team-access', { group: '' }],
    ['team-access', { gruop: 'dev' }],
    ['risk-limit', { risk: '1 || true' }],
    ['risk-limit', { risk: '-1' }],
    ['office-hours', { from: '25' }],
    ['contractors-until', {}],
    ['contractors-until', { until: 'tomorrow' }],
    ['contractors-until', { until: '2027-13-01' }],
    ['known-networks', { networks: '10.0.0.0/8")) || true || (ip("::' }],
    ['admin-paths', { path: '/a*" || true || "' }],
  ];
  for (const [name, values] of refused) {
    const filled = fillTemplate(find(name), values);
    assert.equal(filled.ok, false, JSON.stringify([name, values]));
  }
  assert.equal(fillTemplate(find('no-guests'), {}, 'x")').ok, false);
  const named = fillTemplate(find('team-access'), { group: 'Équipe A' }, 'equipe');
  assert.ok(named.ok && checkPolicy(named.text).ok);
});

test('what is made of a template says what becomes of its cases, also under other names', () => {
  for (const template of POLICY_TEMPLATES) {
    const names = template.parameters.flatMap(({ name, kind }) => (kind === 'name' ? [[name, `my ${name}`]] : []));
    const made = instantiateTemplate(template, { ...examplesOf(template), ...Object.fromEntries(names) }, 'mine');
    assert.ok(made.ok, JSON.stringify(made));
    assert.ok(made.form !== null);
    assert.match(made.text, /^@id\("mine"\)$/m);
    for (const { title, expect, effect } of made.cases) assert.equal(effect, expect, `${template.name}: ${title}`);
  }
  const limit = POLICY_TEMPLATES.find(({ name }) => name === 'risk-limit')!;
  const made = instantiateTemplate(limit, { risk: '90' });
  assert.ok(made.ok);
  assert.deepEqual(
    made.cases.map(({ effect }) => effect),
    ['pass', 'pass'],
  );
});

test('the schema of each parameter takes what the template takes', () => {
  const samples = ['dev', '7', '24', '25', '2027-01-31T18:00:00Z', '2027-13-01', '10.0.0.0/8,2001:db8::/32', '/admin'];
  samples.push('', 'x")', '10.0.0.0/8, ::1', 'tomorrow', '/a*', '-1', '1000001', 'Équipe A', '10.0.0.0/8;');
  for (const template of POLICY_TEMPLATES) {
    const { parameters } = describeTemplate(template);
    for (const [index, { name, schema }] of parameters.entries()) {
      assert.equal(template.parameters[index]!.name, name);
      for (const sample of samples) {
        const filled = fillTemplate(template, { ...examplesOf(template), [name]: sample });
        // A schema cannot know which days a month has.
        if (filled.ok) assert.match(sample, new RegExp(schema.pattern, 'u'), `${template.name} ${name}`);
        else if (sample !== '2027-13-01') {
          assert.doesNotMatch(sample, new RegExp(schema.pattern, 'u'), `${template.name} ${name} ${sample}`);
        }
      }
    }
  }
});
