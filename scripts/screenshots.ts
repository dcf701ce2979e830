/**
 * `node scripts/screenshots.ts [--whole] DIRECTORY [NAME or PATH...]`: a picture of each page of the web console in both themes and three
 * widths, of a console with a little of everything in it. For people to look at: what no test sees. `--whole`: to the end of the page, not
 * what a window shows of it.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openBrowser } from '../e2e/harness/browser.ts';
import { openWebConsole } from '../e2e/harness/web-console.ts';
import { startWebService } from '../e2e/harness/web-service.ts';
import { startWorld, type World } from '../e2e/harness/world.ts';
import { ensureWeb } from './build-web.mjs';
import { writeHistory } from './picture-history.ts';

const WIDTHS = { phone: 390, tablet: 820, wide: 1440 } as const;
const HEIGHT = 900;
/** Charts are drawn anew for a width and a theme. */
const SETTLE_MS = 250;

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
      text: `forbid (principal, action, resource == Resource::"${named('payroll')}")\nunless { context.time.hour >= 7 && context.time.hour < 19 };`,
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
    items.filter(({ enabled }) => enabled),
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
