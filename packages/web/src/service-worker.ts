/**
 * Stands between the web console and the network, in a thread of the browser. With the console away it answers with the page and
 * the files that were there last; what they show is for `base/last-state.ts`. Answers of the API never come this way.
 */
import { isWebPage } from '@zeronaut/model';
import { isShellFile, KEEP_ALL, SHELL_CACHE, SHELL_ICON, SHELL_PAGE } from './base/shell-cache.ts';

/** What the types of a page know nothing of. */
interface Extendable extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetched extends Extendable {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Pushed extends Extendable {
  readonly data: { json(): unknown } | null;
}
interface Told extends Extendable {
  readonly data: unknown;
}
interface Clicked extends Extendable {
  readonly notification: { close(): void };
}
interface Window {
  readonly url: string;
  focus(): Promise<unknown>;
}
interface WorkerScope {
  addEventListener(type: 'push', listener: (event: Pushed) => void): void;
  addEventListener(type: 'notificationclick', listener: (event: Clicked) => void): void;
  readonly registration: { showNotification(title: string, options: object): Promise<void> };
  addEventListener(type: 'message', listener: (event: Told) => void): void;
  addEventListener(type: 'install' | 'activate', listener: (event: Extendable) => void): void;
  addEventListener(type: 'fetch', listener: (event: Fetched) => void): void;
  skipWaiting(): Promise<void>;
  readonly clients: {
    claim(): Promise<void>;
    matchAll(options: { type: 'window' }): Promise<readonly Window[]>;
    openWindow(path: string): Promise<unknown>;
  };
}
const worker = self as unknown as WorkerScope;
/** Put in by build/build.ts: the paths of the files of this build. */
declare const SHELL_FILES: readonly string[];

/** Files of builds long gone are dropped, the oldest first; twice what a build has. */
const MAX_FILES = 600;
/** A browser fetches this many at once, so that what the page asks for meanwhile does not wait. */
const AHEAD_AT_ONCE = 3;
/** A proxy before the console says that it is away. */
const AWAY = new Set([502, 503, 504]);

worker.addEventListener('install', (event) => event.waitUntil(worker.skipWaiting()));
worker.addEventListener('activate', (event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== location.origin || request.method !== 'GET') return;
  if (request.mode === 'navigate') {
    if (isWebPage(pathname)) event.respondWith(newest(request, SHELL_PAGE));
  } else if (isShellFile(pathname)) {
    event.respondWith(file(request));
  } else if (pathname === SHELL_ICON) {
    event.respondWith(newest(request, SHELL_ICON));
  }
});

worker.addEventListener('message', (event) => {
  if (event.data === KEEP_ALL) event.waitUntil(keepAll());
});

// What the console encrypted for this browser alone; it is text, and browsers show it as text.
worker.addEventListener('push', (event) => {
  const { title, lines } = parsePush(event.data);
  event.waitUntil(
    worker.registration.showNotification(title, {
      body: lines.join('\n'),
      icon: '/icon.svg',
      tag: 'alarms',
      renotify: true,
    }),
  );
});
worker.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(showOverview());
});

function parsePush(data: Pushed['data']): { readonly title: string; readonly lines: readonly string[] } {
  try {
    const { title, lines } = data!.json() as { title: string; lines: readonly string[] };
    return { title: String(title), lines: lines.map(String) };
  } catch (error) {
    // Browsers take the right to push away from who shows nothing.
    if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error;
    return { title: 'Zeronaut', lines: [] };
  }
}

async function showOverview(): Promise<void> {
  const [open] = await worker.clients.matchAll({ type: 'window' });
  await (open === undefined ? worker.clients.openWindow('/') : open.focus());
}

/** Of the network, so that a session that has ended is seen; or the one that was there last. */
async function newest(request: Request, name: string): Promise<Response> {
  const kept = async () => (await caches.open(SHELL_CACHE)).match(name);
  try {
    const answer = await fetch(request);
    if (answer.status === 200 && answer.type === 'basic' && !answer.redirected) await keep(name, answer.clone());
    return AWAY.has(answer.status) ? ((await kept()) ?? answer) : answer;
  } catch (error) {
    const last = await kept();
    if (last === undefined) throw error;
    return last;
  }
}

/** Their names say what is in them, so one that is there need not be asked for. */
async function file(request: Request): Promise<Response> {
  const cache = await caches.open(SHELL_CACHE);
  const known = await cache.match(request);
  if (known !== undefined) return known;
  const answer = await fetch(request);
  if (answer.status === 200) await keep(request, answer.clone());
  return answer;
}

let keeping: Promise<unknown> | undefined;

/** All pages, also those that nobody opened yet. A file that cannot be had now is asked for the next time. */
function keepAll(): Promise<unknown> {
  keeping ??= keepMissing().finally(() => {
    keeping = undefined;
  });
  return keeping;
}

async function keepMissing(): Promise<void> {
  const cache = await caches.open(SHELL_CACHE);
  const known = new Set((await cache.keys()).map(({ url }) => new URL(url).pathname));
  const missing = SHELL_FILES.filter((path) => !known.has(path));
  const next = async (): Promise<void> => {
    for (let path = missing.pop(); path !== undefined; path = missing.pop()) {
      const answer = await fetch(path);
      if (answer.status === 200) await keep(path, answer);
    }
  };
  try {
    await Promise.all(Array.from({ length: AHEAD_AT_ONCE }, next));
  } catch (error) {
    // The console is away.
    if (!(error instanceof TypeError)) throw error;
  }
}

/** A browser that has no room for it shows the answer all the same. */
async function keep(name: RequestInfo, answer: Response): Promise<void> {
  try {
    const cache = await caches.open(SHELL_CACHE);
    await cache.put(name, answer);
    const names = await cache.keys();
    for (const old of names.slice(0, Math.max(0, names.length - MAX_FILES))) await cache.delete(old);
  } catch (error) {
    if (!(error instanceof DOMException || error instanceof TypeError)) throw error;
  }
}
