import { waitFor } from '@zeronaut/testkit';
import type { BrowserContext, Page } from 'playwright-core';
import { checkAccessible } from './accessibility.ts';
import type { World } from './world.ts';

/** The web console in a browser, by somebody who is signed in. What the page should never do is collected. */
export interface WebConsole {
  readonly page: Page;
  /** Violations of the policy, errors of scripts, and what a page says on its console. */
  readonly complaints: string[];
  /** Opens an address of the console and waits for its heading. */
  open(path: string): Promise<void>;
  /** Opens it as an address that is typed, and gives how long it took (ms) until there was a heading and nothing was a skeleton any more. */
  load(path: string): Promise<number>;
  /** Fails with what axe calls serious or worse in what is shown now. `contrast`: only in its colours, all that another theme can change. */
  checkAccessibility(what: string, of?: 'all' | 'contrast'): Promise<void>;
  theme(theme: 'light' | 'dark'): Promise<void>;
  /** What the browser keeps of the pages for a start without the console; empty: nothing. */
  kept(): Promise<string>;
}

/** Never creates the database: that is for the page to do. */
const READ_KEPT = `indexedDB.databases().then((databases) => databases.every(({ name }) => name !== 'zeronaut') ? '' :
  new Promise((resolve, reject) => {
    const opening = indexedDB.open('zeronaut');
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const reading = opening.result.transaction('last-state').objectStore('last-state').get('state');
      reading.onsuccess = () => { opening.result.close(); resolve(reading.result ?? ''); };
    };
  }))`;

/** How long a page must show no skeleton to be there: charts and lists come one after the other. */
const SETTLED_MS = 400;
/** `contentAt`: 0 while something is missing. */
const WATCH_CONTENT = `{
  globalThis.contentAt = 0;
  const look = () => {
    const isThere = document.querySelector('main h1') !== null &&
      document.querySelector('main [role="status"][aria-label]') === null;
    if (!isThere) contentAt = 0;
    else if (contentAt === 0) contentAt = performance.now();
    requestAnimationFrame(look);
  };
  look();
}`;

export async function openWebConsole(
  context: BrowserContext,
  world: Pick<World, 'consoleUrl'>,
  account: { readonly email: string; readonly password: string },
): Promise<WebConsole> {
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  // A passkey, and the clipboard of plain http, belong to a name.
  const url = world.consoleUrl.replace('127.0.0.1', 'localhost');
  const complaints: string[] = [];
  page.on('console', (message) => {
    // Browsers log each call that is refused, and each that finds nobody.
    const isRefusal = /the server responded with a status of 4|net::ERR_(?:CONNECTION_|INTERNET_DISCONNECTED)/.test(
      message.text(),
    );
    if (['error', 'warning'].includes(message.type()) && !isRefusal)
      complaints.push(`${message.text()} ${message.location().url}`);
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  // In words of the browser: Node's types know no document.
  await page.addInitScript({
    content: `addEventListener('securitypolicyviolation', (e) => console.error('policy: ' + e.violatedDirective + ' ' + e.blockedURI + ' ' + e.sample));
${WATCH_CONTENT}`,
  });
  await page.goto(`${url}/sign-in`);
  await page.fill('#email', account.email);
  await page.fill('#password', account.password);
  await page.click('form[action="/sign-in"] button');
  await page.waitForSelector('main h1');
  return {
    page,
    complaints,
    async open(path) {
      await page.goto(`${url}${path}`);
      await page.waitForSelector('main h1');
    },
    async load(path) {
      await page.goto(`${url}${path}`, { waitUntil: 'commit' });
      return await waitFor(
        () => page.evaluate<number>(`contentAt > 0 && performance.now() - contentAt > ${SETTLED_MS} ? contentAt : 0`),
        { what: `the content of ${path}`, timeoutMs: 60_000 },
      );
    },
    async checkAccessibility(what, of = 'all') {
      // Skeletons go, and what fades is there.
      // Asked from outside: a function that the page makes of text would be held against its policy.
      const isStill = `document.querySelector('[role="status"][aria-label]') === null &&
        document.getAnimations().every(({ playState }) => playState !== 'running')`;
      await waitFor(() => page.evaluate<boolean>(isStill), { what: `${what} is still` });
      const known = complaints.length;
      await checkAccessible(page, what, of);
      complaints.length = known;
    },
    async theme(theme) {
      await page.emulateMedia({ colorScheme: theme });
    },
    kept: () => page.evaluate(READ_KEPT),
  };
}
