/**
 * `node scripts/screenshots.ts [--whole] DIRECTORY [NAME or PATH...]`: a picture of each page of the web console in both themes and three
 * widths, of a console with a little of everything in it. For people to look at: what no test sees. `--whole`: to the end of the page, not
 * what a window shows of it.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';
import { createId } from '@zeronaut/model';
import { openBrowser } from '../e2e/harness/browser.ts';
import { openWebConsole } from '../e2e/harness/web-console.ts';
import { startWebService } from '../e2e/harness/web-service.ts';
import { startWorld, type World } from '../e2e/harness/world.ts';
import { ensureWeb } from './build-web.mjs';

const WIDTHS = { phone: 390, tablet: 820, wide: 1440 } as const;
const HEIGHT = 900;
/** Charts are drawn anew for a width and a theme. */
const SETTLE_MS = 250;

const HISTORY_MS = 26 * 3_600_000;
const MINUTE_MS = 60_000;
/** Of the histogram of latencies, from its third bucket on. */
const LATENCY_SHARES = [0.3, 0.25, 0.2, 0.1, 0.06, 0.04, 0.03, 0.015, 0.005];
const LATENCY_COLUMNS = Array.from({ length: 25 }, (_, index) => `l${index}`);

const {
  values: { whole },
  positionals: [directory, ...asked],
} = parseArgs({ options: { whole: { type: 'boolean', default: false } }, allowPositionals: true });
if (directory === undefined) {
  process.stderr.write(
    'Say where the pictures go: node scripts/screenshots.ts [--whole] DIRECTORY [NAME or PATH...]\n',
  );
  process.exit(2);
}
mkdirSync(directory, { recursive: true });
ensureWeb();
const ends: (() => unknown)[] = [];
const owner = { after: (end: () => unknown) => void ends.unshift(end) } as unknown as Parameters<typeof startWorld>[0];
try {
  const world = await startWorld(owner);
  const ids = await furnish(world);
  const pages: Record<string, string> = {
    overview: '/',
    'first-steps': '/first-steps',
    resources: '/resources',
    resource: `/resources/${ids.resource}`,
    'resource-edit': `/resources/${ids.resource}/edit`,
    'resource-new': '/resources/new',
    service: `/resources/${ids.service}`,
    gateways: '/gateways',
    gateway: `/gateways/${ids.gateway}`,
    enrol: '/gateways?enrol=1',
    sites: '/sites',
    site: `/sites/${ids.site}`,
    devices: '/devices',
    device: `/devices/${ids.device}`,
    policies: '/policies',
    policy: `/policies/${ids.policy}`,
    'policy-new': '/policies/new',
    templates: '/policies/templates',
    simulator: '/policies/simulator',
    reported: '/policies/reported',
    reach: '/policies/reach',
    unused: '/policies/unused',
    assertions: '/policies/assertions',
    security: '/security',
    refusals: '/security/refusals',
    incidents: '/security/incidents',
    incident: `/security/incidents/${ids.incident}`,
    behaviour: '/security/behaviour',
    audit: '/audit',
    'audit-verify': '/audit/verify',
    'my-access': '/my-access',
    'my-sign-in': '/my-access/sign-in',
    'my-tokens': '/my-access/personal-access-tokens',
    users: '/users',
    user: `/users/${ids.user}`,
    invitations: '/users/invitations',
    sessions: '/users/sessions',
    groups: '/users/groups',
    roles: '/users/roles',
    'service-accounts': '/service-accounts',
    'api-keys': '/service-accounts/api-keys',
    tokens: '/service-accounts/personal-access-tokens',
    'access-requests': '/access-requests',
    'approval-rules': '/access-requests/approval-rules',
    'test-route': '/resources/test',
    'workload-trusts': '/service-accounts/workload-trusts',
    branding: '/settings/branding',
    notifications: '/settings/notifications',
    'relying-parties': '/settings/relying-parties',
    backup: '/settings/backup',
    settings: '/settings',
    'sign-in-policy': '/settings/sign-in',
    'device-policy': '/settings/devices',
    retention: '/settings/retention',
    'audit-exports': '/settings/audit-exports',
    'identity-providers': '/settings/identity-providers',
    'identity-provider': `/settings/identity-providers/${ids.provider}`,
    ...Object.fromEntries(
      asked.filter((path) => path.startsWith('/')).map((path) => [path.replace(/\W+/g, '-').replace(/^-/, ''), path]),
    ),
  };
  const wanted =
    asked.length === 0
      ? Object.entries(pages)
      : Object.entries(pages).filter(([name, path]) => asked.includes(path) || asked.includes(name));
  const { context } = await openBrowser(owner);
  const { page, open, theme } = await openWebConsole(context, world, world.owner);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  for (const [name, path] of wanted) {
    for (const [size, width] of Object.entries(WIDTHS)) {
      await page.setViewportSize({ width, height: HEIGHT });
      // Loaded once, at the first width: the others are as after turning the telephone.
      if (size === 'phone') await open(path);
      for (const scheme of ['light', 'dark'] as const) {
        await theme(scheme);
        await page.waitForSelector(`html[data-theme="${scheme}"]`);
        // A page that waits for lines of a log is never idle.
        await page.waitForLoadState('networkidle', { timeout: 3_000 }).catch(() => undefined);
        await page.waitForTimeout(SETTLE_MS);
        await page.screenshot({ path: join(directory, `${name}-${size}-${scheme}.png`), fullPage: whole });
      }
    }
  }
  process.stdout.write(`${wanted.length * 6} pictures in ${directory}\n`);
} finally {
  for (const end of ends) await end();
}

/** Services of an agent, declared resources, people, and some requests, let through and refused. */
async function furnish(
  world: World,
): Promise<
  Record<'incident' | 'resource' | 'service' | 'gateway' | 'site' | 'device' | 'policy' | 'user' | 'provider', string>
> {
  const { api } = world;
  const service = await startWebService(owner as never);
  const shop = await world.expose(owner, [service.address, 'http', '--name', 'shop', '--public']);
  const wiki = await world.expose(owner, [service.address, 'http', '--name', 'wiki']);
  await api.call('resources.apply', {
    body: {
      resources: [
        {
          name: 'grafana',
          targets: [{ address: '10.0.4.11:3000' }, { address: '10.0.4.12:3000' }],
          domains: ['metrics.example.com'],
          headers: {
            host: 'grafana.internal',
            request: [{ action: 'set', name: 'X-Api-Key', value: 'of-the-dashboards' }],
            response: [{ action: 'remove', name: 'Server' }],
          },
          limits: { concurrent: 200, bodyBytes: 10 * 1024 * 1024, rate: { requests: 100, perSeconds: 10 } },
          balancing: 'least-connections',
        },
        { name: 'payroll', targets: [{ address: '10.0.7.2:8443', protocol: 'https' }], access: { mode: 'policy' } },
        {
          name: 'postgres',
          protocol: 'tcp',
          port: world.portRange.from + 10,
          targets: [{ address: '10.0.5.3:5432' }],
          access: { allow: ['group:dev', world.owner.email] },
        },
        { name: 'status', targets: [{ address: '10.0.4.20:80' }], access: { mode: 'public' }, enabled: false },
      ],
    },
  });
  const signsIn = [world.owner, await world.createUser({ email: 'ann@example.com', groups: ['dev', 'on-call'] })];
  await world.createUser({ email: 'bob@example.com', groups: ['dev', 'support'] });
  const visitor = world.visitor();
  for (let i = 0; i < 30; i++) await visitor.ask(`${shop.url}/product/${i}`);
  for (const path of ['/', '/admin', '/.env']) await visitor.ask(`${wiki.url}${path}`);
  const { items } = await api.call('resources.list', {});
  const named = (wanted: string) => items.find(({ name }) => name === wanted)!.id;
  for (const who of signsIn) {
    const person = world.visitor();
    await person.signIn(world.portalUrl, who);
    const home = await person.open(world.portalUrl);
    await person.submit(home, { resource: named('postgres'), hours: '8' }, '/grants');
  }
  const ann = (await api.call('users.list', { query: { q: 'ann@' } })).items[0]!;
  const policy = await api.call('policies.create', {
    body: {
      name: 'office-hours',
      description: 'Payroll is for people of finance, between seven and seven.',
      text: 'forbid (principal, action, resource == Resource::"payroll")\nunless { context.time.hour >= 7 && context.time.hour < 19 };',
    },
  });
  await api.call('policies.create', {
    body: {
      name: 'risky-devices',
      text: 'forbid (principal, action, resource) when { context.risk > 70 };',
      mode: 'report',
    },
  });
  await api.call('approvalRules.set', {
    params: { id: named('payroll') },
    body: { approvers: ['role:admin', 'group:on-call'] },
  });
  await api.call('accessRequests.create', {
    body: { object: named('payroll'), reason: 'Wages of November, ticket 4711' },
  });
  await api.call('invitations.create', { body: { email: 'carla@example.com', role: 'operator' } });
  await api.call('serviceAccounts.create', { body: { name: 'deployer' } });
  await api.call('apiKeys.create', { body: { name: 'build', role: 'operator' } });
  await api.call('personalAccessTokens.create', { body: { name: 'git on the train', resources: [named('grafana')] } });
  await api.call('roles.create', {
    body: { name: 'helpdesk', description: 'Sees people and resets factors', permissions: ['users:read'] },
  });
  const provider = await api.call('identityProviders.create', {
    body: {
      name: 'example-directory',
      settings: { kind: 'oidc', issuer: 'https://login.example.com', clientId: 'zeronaut' },
      secret: 'not a secret',
      groupMappings: [
        { from: 'Engineering', group: 'dev' },
        { from: 'Platform Admins', group: 'on-call', role: 'operator' },
      ],
    },
  });
  const gateway = (await api.call('gateways.list', {})).items[0]!;
  await api.call('gateways.setPlace', {
    params: { id: gateway.id },
    body: { place: { name: 'Zürich', latitude: 47.37, longitude: 8.54 } },
  });
  const [account] = (await api.call('serviceAccounts.list', {})).items;
  await api.call('workloadTrusts.create', {
    body: {
      name: 'Deployments of the shop',
      serviceAccountId: account!.id,
      issuer: 'https://token.actions.githubusercontent.com',
      subject: 'repo:acme/shop:ref:refs/heads/main',
      claims: { environment: 'production' },
    },
  });
  for (const [name, groups] of [
    ['Handbook', null],
    ['Grafana', ['on-call']],
  ] as const) {
    const host = `https://${name.toLowerCase()}.example.com`;
    await api.call('relyingParties.create', {
      body: { name, redirectUris: [`${host}/oauth2/callback`], groups: groups === null ? null : [...groups] },
    });
  }
  await api.call('notifications.create', {
    body: { name: 'on-call', settings: { kind: 'slack', url: 'https://hooks.example.com/services/T0/B0/x' } },
  });
  await api.call('notifications.create', {
    body: { name: 'incidents', settings: { kind: 'webhook', url: 'https://pager.example.com/zeronaut' } },
  });
  await api.call('branding.set', {
    body: { name: 'Acme Works', colour: '#0f766e', text: 'Trouble signing in? Call the help desk: 4711.' },
  });
  const device = (await api.call('devices.list', {})).items[0]!;
  const site = await api.call('sites.publish', {
    body: {
      name: 'rack-1',
      connection: 'tunnel',
      deviceId: device.id,
      destinations: ['10.0.5.0/24:5432', 'db.corp:22'],
    },
  });
  // The console keeps its database to itself.
  await world.console.kill('SIGTERM');
  const incident = writeHistory(
    world,
    items.map(({ id, organizationId }) => ({ id, organizationId })),
    { user: ann.id, device: device.id, policy: policy.id, gateway: gateway.id },
  );
  await world.console.start();
  return {
    incident,
    resource: named('grafana'),
    service: shop.id,
    gateway: gateway.id,
    site: site.id,
    device: device.id,
    policy: policy.id,
    user: ann.id,
    provider: provider.id,
  };
}

/** A day of traffic that was: nobody waits a day for a picture. */
function writeHistory(
  world: World,
  resources: readonly { readonly id: string; readonly organizationId: string }[],
  who: Readonly<Record<'user' | 'device' | 'policy' | 'gateway', string>>,
): string {
  const db = new DatabaseSync(join(world.home, 'console/zeronaut.db'), { timeout: 10_000 });
  const latencies = LATENCY_SHARES.map((_, index) => `l${index + 2}`);
  const columns = ['requests', 'refused', 'challenged', 'failed', 'bytes_in', 'bytes_out', ...LATENCY_COLUMNS];
  const insert = db.prepare(
    `insert or ignore into traffic (organization_id, kind, scope, step, at, shard, ${columns.join(', ')})
     values (?, ?, ?, ?, ?, 0, ${columns.map(() => '?').join(', ')})`,
  );
  const nowMs = Date.now();
  db.exec('begin immediate');
  for (const [index, { id, organizationId }] of [
    { id: '', organizationId: resources[0]!.organizationId },
    ...resources,
  ].entries()) {
    for (const step of [1, 10]) {
      const stepMs = step * MINUTE_MS;
      for (let at = nowMs - HISTORY_MS - ((nowMs - HISTORY_MS) % stepMs); at < nowMs; at += stepMs) {
        // Busy by day, with a little unrest; each resource less than all.
        const hour = (at / 3_600_000) % 24;
        const wave = 1.6 + Math.sin(((hour - 8) / 24) * 2 * Math.PI) + 0.3 * Math.sin(at / 1_700_000 + index);
        const requests = Math.round((wave * 90 * step) / (index === 0 ? 1 : index + 1));
        const numbers = new Map<string, number>([
          ['requests', requests],
          ['refused', Math.round(requests * 0.03 * (1 + Math.sin(at / 3_100_000)))],
          ['failed', hour > 13 && hour < 13.6 ? Math.round(requests * 0.08) : 0],
          ['bytes_in', requests * 900],
          ['bytes_out', requests * 21_000],
          ...latencies.map((column, i) => [column, Math.round(requests * LATENCY_SHARES[i]!)] as const),
        ]);
        const kind = id === '' ? 'organization' : 'resource';
        insert.run(organizationId, kind, id, step, at, ...columns.map((column) => numbers.get(column) ?? 0));
      }
    }
  }
  const organization = resources[0]!.organizationId;
  const activity = db.prepare('insert or replace into activity values (?, ?, ?, ?, ?, ?, ?, ?)');
  const part = db.prepare('insert or replace into activity_parts values (?, ?, ?, ?, ?, ?, ?, ?)');
  const hit = db.prepare('insert or replace into policy_hits values (?, ?, ?, ?, ?, 0, ?, ?)');
  const dayMs = 86_400_000;
  for (const [index, scope] of [who.user, who.device].entries()) {
    for (const [step, days] of [
      [60, 30],
      [1_440, 30],
    ] as const) {
      const stepMs = step * MINUTE_MS;
      for (let at = nowMs - days * dayMs - ((nowMs - days * dayMs) % stepMs); at < nowMs; at += stepMs) {
        const hour = step === 60 ? (at / 3_600_000) % 24 : 12;
        const isToday = at >= nowMs - (nowMs % dayMs);
        const busy = hour > 6 && hour < 18 ? 1 + Math.sin(at / 7_900_000) * 0.4 : 0;
        const requests = Math.round(((busy * (isToday ? 90 : 24)) / (index + 1)) * (step === 60 ? 1 : 11));
        const bytes = [requests * 700, requests * 18_000] as const;
        if (requests > 0) activity.run(organization, scope, step, at, requests, Math.round(requests * 0.04), ...bytes);
      }
    }
    const day = Math.floor(nowMs / dayMs);
    for (const [place, { id }] of resources.slice(0, 3).entries())
      part.run(organization, scope, day, 'resource', id, 300 >> place, place * 4, nowMs - place * 400_000);
    for (const [place, address] of ['192.0.2.17', '2001:db8:4::9'].entries())
      part.run(organization, scope, day, 'address', address, 400 >> place, 9, nowMs - place * 700_000);
    part.run(organization, scope, day, 'country', 'CH', 410, 9, nowMs);
  }
  for (const [step, count] of [
    [60, 41],
    [1_440, 380],
  ] as const) {
    const at = nowMs - (nowMs % (step * MINUTE_MS));
    hit.run(organization, step, at, who.policy, 'deny', count, nowMs - 90_000);
  }
  const incident = db.prepare(`insert into incidents values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, null)`);
  const incidents = [
    ['sign_in_guessing', 'bad', 'user', who.user, 'ann', '6 sign-ins were denied within ten minutes', 12, null],
    ['policy_used', 'bad', 'policy', who.policy, 'break-glass', 'Emergency access was used.', 47, null],
    [
      'refusal_burst',
      'warn',
      'address',
      '192.0.2.66',
      '192.0.2.66',
      '412 requests were refused within five minutes',
      130,
      110,
    ],
    [
      'gateway_offline',
      'bad',
      'gateway',
      who.gateway,
      'edge-one',
      'it is not connected; it goes on with what it knows',
      900,
      860,
    ],
  ] as const;
  const ids = incidents.map(([kind, severity, of, id, name, detail, cameMinutes, overMinutes], index) => {
    const incidentId = createId('incident', nowMs - cameMinutes * MINUTE_MS);
    const ended = overMinutes === null ? null : nowMs - overMinutes * MINUTE_MS;
    const looked = index === 1 ? [nowMs - 20 * MINUTE_MS, who.user, 'Asked the person on call.'] : [null, null, ''];
    incident.run(
      ...[incidentId, organization, `${kind} ${id}`, kind, severity, of, id, name, detail],
      ...[nowMs - cameMinutes * MINUTE_MS, ended ?? nowMs, ended, null, 1],
      ...looked,
    );
    return incidentId;
  });
  db.exec('commit');
  db.close();
  return ids[1]!;
}
