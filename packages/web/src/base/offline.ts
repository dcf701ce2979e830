/** Makes the web console start while the console is away: registers the service worker, and keeps what was loaded before it ran. */
import { WEB_WORKER } from '@zeronaut/model';
import { isShellFile, KEEP_ALL, SHELL_CACHE, SHELL_ICON, SHELL_PAGE } from './shell-cache.ts';

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(text: string): string },
  ): { createScriptURL(text: string): string };
}

/** The one policy of the page: it lets the address of our own worker be a script's, and nothing else. */
function workerUrl(): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  if (trustedTypes === undefined) return WEB_WORKER;
  const createScriptURL = (text: string): string => {
    if (text !== WEB_WORKER) throw new TypeError('not the worker of the web console');
    return text;
  };
  return trustedTypes.createPolicy('zeronaut-worker', { createScriptURL }).createScriptURL(WEB_WORKER);
}

interface Connection {
  readonly saveData?: boolean;
  readonly type?: string;
  readonly effectiveType?: string;
}

/** What is fetched ahead costs whoever pays for each byte; as far as the browser says so. */
function isMetered(): boolean {
  const { saveData, type, effectiveType } = (navigator as { connection?: Connection }).connection ?? {};
  return saveData === true || type === 'cellular' || /2g$/.test(effectiveType ?? '');
}

/** How long a page that never rests puts it off. */
const IDLE_MS = 20_000;

/** Asks the worker for the files of all pages once nothing else is to be done; a worker of a new build has others. */
function keepAllWhenIdle(): void {
  const ask = (): void => {
    if (!isMetered()) navigator.serviceWorker.controller?.postMessage(KEEP_ALL);
  };
  const wait = (): void => {
    if ('requestIdleCallback' in globalThis) requestIdleCallback(ask, { timeout: IDLE_MS });
    else setTimeout(ask, IDLE_MS);
  };
  navigator.serviceWorker.addEventListener('controllerchange', wait);
  wait();
}

/** Does nothing where browsers have no service workers: over plain http of another machine, or in private windows of some. */
export async function startOffline(): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  try {
    await navigator.serviceWorker.register(workerUrl(), { scope: '/' });
    await navigator.serviceWorker.ready;
    keepAllWhenIdle();
    const cache = await caches.open(SHELL_CACHE);
    const loaded = performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname);
    const files = [...new Set(loaded)].filter(isShellFile);
    await Promise.all(
      [SHELL_PAGE, SHELL_ICON, ...files].map(async (path) => (await cache.match(path)) ?? cache.add(path)),
    );
  } catch (error) {
    // Storage is full or forbidden: the web console works all the same, as long as the console does.
    if (!(error instanceof DOMException || error instanceof TypeError)) throw error;
  }
}
