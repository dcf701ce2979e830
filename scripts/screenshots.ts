/**
 * `node scripts/screenshots.ts DIRECTORY [PATH...]`: a picture of each page of the web console in both themes and three widths, of
 * a console with a little of everything in it. For people to look at: what no test sees.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openBrowser } from '../e2e/harness/browser.ts';
import { openWebConsole } from '../e2e/harness/web-console.ts';
import { startWebService } from '../e2e/harness/web-service.ts';
import { startWorld, type World } from '../e2e/harness/world.ts';
import { ensureWeb } from './build-web.mjs';

const WIDTHS = { phone: 390, tablet: 820, wide: 1440 } as const;
const HEIGHT = 900;

const [directory, ...asked] = process.argv.slice(2);
if (directory === undefined) {
  process.stderr.write('Say where the pictures go: node scripts/screenshots.ts DIRECTORY [PATH...]\n');
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
    service: `/resources/${ids.service}`,
    gateways: '/gateways',
    gateway: `/gateways/${ids.gateway}`,
    enrol: '/gateways?enrol=1',
    ...Object.fromEntries(asked.map((path) => [path.replace(/\W+/g, '-').replace(/^-/, ''), path])),
  };
  const wanted =
    asked.length === 0 ? Object.entries(pages) : Object.entries(pages).filter(([, path]) => asked.includes(path));
  const { context } = await openBrowser(owner);
  const { page, open, theme } = await openWebConsole(context, world, world.owner);
  for (const [size, width] of Object.entries(WIDTHS)) {
    await page.setViewportSize({ width, height: HEIGHT });
    for (const scheme of ['light', 'dark'] as const) {
      await theme(scheme);
      for (const [name, path] of wanted) {
        await open(path);
        await page.waitForLoadState('networkidle');
        await page.screenshot({ path: join(directory, `${name}-${size}-${scheme}.png`) });
      }
    }
  }
  process.stdout.write(`${wanted.length * 6} pictures in ${directory}\n`);
} finally {
  for (const end of ends) await end();
}

/** Services of an agent, declared resources, people, and some requests, let through and refused. */
async function furnish(world: World): Promise<{ resource: string; service: string; gateway: string }> {
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
        },
        { name: 'payroll', targets: [{ address: '10.0.7.2:8443', protocol: 'https' }], access: { mode: 'policy' } },
        {
          name: 'postgres',
          protocol: 'tcp',
          port: world.portRange.from + 10,
          targets: [{ address: '10.0.5.3:5432' }],
          access: { allow: ['group:dev'] },
        },
        { name: 'status', targets: [{ address: '10.0.4.20:80' }], access: { mode: 'public' }, enabled: false },
      ],
    },
  });
  for (const email of ['ann@example.com', 'bob@example.com']) await world.createUser({ email });
  const visitor = world.visitor();
  for (let i = 0; i < 30; i++) await visitor.ask(`${shop.url}/product/${i}`);
  for (const path of ['/', '/admin', '/.env']) await visitor.ask(`${wiki.url}${path}`);
  const { items } = await api.call('resources.list', {});
  const [gateway] = (await api.call('gateways.list', {})).items;
  return { resource: items.find(({ name }) => name === 'grafana')!.id, service: shop.id, gateway: gateway!.id };
}
