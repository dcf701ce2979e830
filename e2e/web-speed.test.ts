// How much the web console loads before its first page, and how fast it answers: beside nothing else.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { ensureWeb, WEB_DIRECTORY } from '../scripts/build-web.mjs';
import { openBrowser } from './harness/browser.ts';
import { fileOwner } from './harness/file-owner.ts';
import { openWebConsole, type WebConsole } from './harness/web-console.ts';
import { startWorld, type World } from './harness/world.ts';

const FIRST_ROUTE_BYTES = 200_000;
const FIRST_ROUTE_FILES = 25;
const FIRST_CONTENT_MS = 1_000;
const INTERACTION_MS = 100;
const owner = fileOwner();

let world: World;
let console_: WebConsole;

before(async () => {
  ensureWeb();
  world = await startWorld(owner);
  const { context } = await openBrowser(owner);
  console_ = await openWebConsole(context, world, world.owner);
});
afterEach((t) => world.showLogsOnFailure(t));
after(() => assert.deepEqual(console_.complaints, [], 'violations of the policy, errors and warnings'));

describe('the first page', () => {
  it('is whole with less than 200 kB of JavaScript, in few files', async () => {
    const { context } = await openBrowser(owner);
    const fresh = await openWebConsole(context, world, world.owner);
    const { page } = fresh;
    const files = new Set<string>();
    const session = await context.newCDPSession(page);
    await session.send('Network.enable');
    await session.send('Network.setCacheDisabled', { cacheDisabled: true });
    await session.send('Network.setBypassServiceWorker', { bypass: true });
    session.on('Network.requestWillBeSent', ({ request, type }) => {
      if (type === 'Script') files.add(new URL(request.url).pathname);
    });
    await fresh.load('/');
    // Menus are fetched ahead of the first click. They count too.
    await page.click('role=button[name=/Account, appearance/]');
    await page.waitForSelector('text=Sign out');
    const size = (file: string) => statSync(`${file}.br`, { throwIfNoEntry: false })?.size ?? statSync(file).size;
    const bytes = [...files].reduce((sum, file) => sum + size(join(WEB_DIRECTORY, file)), 0);
    const counted = `${bytes} bytes in ${files.size} files: ${[...files].join(' ')}`;
    assert.ok(bytes > 50_000 && bytes < FIRST_ROUTE_BYTES && files.size <= FIRST_ROUTE_FILES, counted);
    await context.close();
  });

  it('is of files that never wait for each other', () => {
    const directory = join(WEB_DIRECTORY, 'assets');
    const imports = new Map(
      readdirSync(directory)
        .filter((name) => name.endsWith('.js'))
        .map((name) => [name, staticImports(readFileSync(join(directory, name), 'utf8'))] as const),
    );
    assert.ok(imports.size > 100, `${imports.size} files`);
    const circles: string[] = [];
    const done = new Set<string>();
    const visit = (name: string, path: readonly string[]): void => {
      if (path.includes(name)) circles.push([...path.slice(path.indexOf(name)), name].join(' '));
      if (done.has(name)) return;
      done.add(name);
      for (const next of imports.get(name) ?? []) visit(next, [...path, name]);
    };
    for (const name of imports.keys()) visit(name, []);
    assert.deepEqual(circles, []);
    // It waits for the first texts at its top: what imports it would wait for them too, and they for it.
    const entry = Object.values(
      JSON.parse(readFileSync(join(WEB_DIRECTORY, 'build-manifest.json'), 'utf8')) as Record<string, ManifestEntry>,
    ).find(({ isEntry }) => isEntry)!;
    const name = entry.file.replace('assets/', '');
    assert.ok(imports.has(name));
    assert.deepEqual(
      [...imports].filter(([, of]) => of.includes(name)),
      [],
    );
  });

  it('shows its first content within a second', async () => {
    const took: number[] = [];
    // What else the machine does at one moment is not the page's doing.
    while (took.length < 5 && Math.min(...took, Infinity) > FIRST_CONTENT_MS) took.push(await console_.load('/'));
    assert.ok(Math.min(...took) < FIRST_CONTENT_MS, `${took.map(Math.round).join(', ')} ms`);
  });
});

describe('a key or a click', () => {
  it('is answered within 100 ms in a list of 450 rows, the palette and the navigation', async () => {
    const { page } = console_;
    const resources = Array.from({ length: 450 }, (_, index) => ({
      name: `bulk-${index}`,
      targets: [{ address: '127.0.0.1:9' }],
      enabled: false,
    }));
    await world.api.call('resources.apply', { body: { resources } });
    await console_.open('/resources?sort=name');
    await page.waitForSelector('role=row >> text=bulk-0');
    await answersAtOnce({
      'a list is ordered': () => page.click('role=columnheader >> role=button >> nth=0'),
      'a list is filtered': async () => {
        await page.click('main section >> role=combobox >> nth=0');
        await page.click('role=option[name="TCP"]');
        await page.click('role=button[name="Clear search and filters"]');
      },
      'a list is searched': () => page.locator('main input[type=search]').pressSequentially('44'),
      'the palette opens and finds': async () => {
        await page.keyboard.press('Control+k');
        await page.locator('role=dialog >> role=combobox').pressSequentially('pol');
        await page.keyboard.press('Escape');
        await page.locator('role=dialog').waitFor({ state: 'detached' });
      },
      'a page is left for another': async () => {
        await page.click('nav >> text=Gateways');
        await page.waitForSelector('h1:text-is("Gateways")');
        await page.click('nav >> text=Services and resources');
        await page.waitForSelector('role=row >> text=bulk-');
      },
    });
  });
});

interface ManifestEntry {
  readonly file: string;
  readonly isEntry?: boolean;
}

/** The files beside it that a minified file imports before it runs. */
function staticImports(code: string): readonly string[] {
  return [...code.matchAll(/(?:^|;|\b)(?:import|from)"\.\/([^"]+)"/g)].map(([, name]) => name!);
}

/** From a key or a click to the next frame, as browsers count it (Event Timing); the slowest so far, of 16 ms and more. */
const WATCH_INTERACTIONS = `{
  globalThis.slowest = 0;
  globalThis.watcher = new PerformanceObserver(take);
  watcher.observe({ type: 'event', durationThreshold: 16 });
  function take(list) {
    for (const { interactionId, duration } of list.getEntries?.() ?? list) if (interactionId > 0) slowest = Math.max(slowest, duration);
  }
  globalThis.takeSlowest = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => {
    take(watcher.takeRecords());
    resolve(slowest);
    slowest = 0;
  }))));
}`;

/** Each of them, a few times: what else the machine does at one moment is not the page's doing. */
async function answersAtOnce(interactions: Readonly<Record<string, () => Promise<unknown>>>): Promise<void> {
  const { page } = console_;
  await page.evaluate(WATCH_INTERACTIONS);
  for (const [what, interact] of Object.entries(interactions)) {
    const took: number[] = [];
    while (took.length < 5 && Math.min(...took, Infinity) > INTERACTION_MS) {
      await interact();
      took.push(await page.evaluate<number>('takeSlowest()'));
    }
    assert.ok(Math.min(...took) <= INTERACTION_MS, `${what}: ${took.join(', ')} ms`);
  }
}
