import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AccessRule, SnapshotResource, SnapshotSite, SnapshotUser } from '@zeronaut/model';
import type { Circumstances } from '../circumstances.ts';
import { decideAccess } from '../decide-access.ts';
import { SERVICE_ACCOUNT_DOMAIN } from '../entities.ts';
import { anonymousFacts } from '../evaluate-access.ts';
import { PolicySet } from '../policy-set.ts';
import { checkPolicy } from './check-policy.ts';
import { fillTemplate, POLICY_TEMPLATES, type PolicyTemplate, type TemplateCase } from './templates.ts';

const NOON = '2026-11-25T12:00:00Z';

function examplesOf(template: PolicyTemplate): Record<string, string> {
  return Object.fromEntries(
    template.parameters.flatMap(({ name, default: fallback, example }) =>
      fallback === null ? [[name, example!] as const] : [],
    ),
  );
}

function load(template: PolicyTemplate): PolicySet {
  const filled = fillTemplate(template, examplesOf(template));
  assert.ok(filled.ok, JSON.stringify(filled));
  const check = checkPolicy(filled.text);
  assert.ok(check.ok, JSON.stringify(check));
  assert.equal(check.annotations.id, template.name);
  assert.ok(check.annotations.description);
  return new PolicySet([{ id: 'pol_1', name: template.name, mode: 'enforce', json: check.json }]);
}

function judge(policies: PolicySet, request: TemplateCase): string {
  const {
    who = 'user',
    action = 'read',
    segments = ['prod'],
    mode = 'login',
    by = 'session',
    address = '192.0.2.1',
  } = request;
  const access: AccessRule = { mode, allow: [], addresses: [], basic: [], tokens: null };
  const shared = { organizationId: 'org_1', name: 'thing', access, segments: [...segments], deviceId: null };
  const resource: SnapshotResource = {
    ...shared,
    id: 'res_1',
    protocol: 'http',
    hosts: [],
    port: null,
    shares: [],
    targets: [],
    proxyProtocol: 'none',
  };
  const site: SnapshotSite = { ...shared, id: 'site_1', connection: 'local', destinations: [] };
  const user: SnapshotUser = {
    id: 'usr_1',
    organizationId: 'org_1',
    email: who === 'service account' ? `bot@${SERVICE_ACCOUNT_DOMAIN}` : 'ann@example.com',
    name: 'Ann',
    role: 'member',
    groups: [...(request.groups ?? [])],
  };
  const nowMs = Date.parse(request.at ?? NOON);
  const nobody = anonymousFacts('org_1', address);
  const facts =
    who === 'visitor'
      ? nobody
      : by === 'session'
        ? { ...nobody, user, sessionState: 'valid' as const }
        : { ...nobody, personalAccessToken: { state: 'valid' as const, user } };
  const { device } = request;
  const circumstances: Omit<Circumstances, 'by'> = {
    address,
    nowMs,
    timeZone: 'UTC',
    risk: request.risk ?? 0,
    factors: request.factors ?? (who === 'user' ? ['password'] : []),
    factorsAtMs: request.factorMinutesAgo === undefined ? null : nowMs - request.factorMinutesAgo * 60_000,
    granted: request.granted ?? false,
    device:
      device === undefined
        ? null
        : {
            id: 'dev_1',
            segments: [],
            risk: 0,
            posture: {
              collectedAt: new Date(nowMs - device.reportedMinutesAgo * 60_000).toISOString(),
              facts: {
                platform: 'linux',
                os: 'debian',
                osVersion: '13',
                kernel: '6',
                firewall: 'on',
                diskEncryption: device.diskEncryption,
                screenLock: device.screenLock,
                processes: {},
                files: {},
              },
            },
          },
    http:
      request.path === undefined
        ? null
        : { method: request.method ?? 'GET', host: 'thing.example', path: request.path },
    destination: null,
  };
  return decideAccess(policies, {
    object: action === 'forward' ? site : resource,
    action,
    facts,
    circumstances: (by) => ({ ...circumstances, by }),
  }).verdict.effect;
}

test('there are enough of them, each with a name of its own', () => {
  assert.ok(POLICY_TEMPLATES.length >= 15);
  assert.equal(new Set(POLICY_TEMPLATES.map(({ name }) => name)).size, POLICY_TEMPLATES.length);
});

for (const template of POLICY_TEMPLATES) {
  describe(`template ${template.name}`, () => {
    const policies = load(template);
    for (const request of template.cases) {
      test(`${request.expect}: ${request.title}`, () => assert.equal(judge(policies, request), request.expect));
    }
    test('lets some in and keeps others out', () => {
      const expected = new Set(template.cases.map(({ expect }) => (expect === 'pass' ? 'pass' : 'not')));
      assert.equal(expected.size, 2);
    });
    test('its policy is what makes the difference', () => {
      const without = new PolicySet([]);
      assert.ok(template.cases.some((request) => judge(without, request) !== request.expect));
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
