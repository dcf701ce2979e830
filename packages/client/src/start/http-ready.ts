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

/** Resolves with true as soon as `condition` does, with false when `signal` aborts or `giveUpAt` (monotonic, ms) is past. */
export async function waitUntil(
  condition: () => Promise<boolean>,
  signal: AbortSignal,
  giveUpAt: number,
): Promise<boolean> {
  while (!signal.aborted && performance.now() < giveUpAt) {
    if (await condition()) return true;
    await delay(POLL_MS);
  }
  return false;
}
