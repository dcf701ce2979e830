import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 20;
const ANSWER_TIMEOUT_MS = 1_000;

/** True when a GET of `url` is answered with 200. Never rejects. */
export function isHttpReady(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { timeout: ANSWER_TIMEOUT_MS, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy(new Error('no answer in time')));
    request.on('error', () => resolve(false));
  });
}

/** Resolves with true as soon as `url` answers with 200, with false when `giveUp` says so or `signal` aborts. */
export async function waitUntilReady(url: string, signal: AbortSignal, giveUp: () => boolean): Promise<boolean> {
  while (!signal.aborted && !giveUp()) {
    if (await isHttpReady(url)) return true;
    await delay(POLL_MS);
  }
  return false;
}
