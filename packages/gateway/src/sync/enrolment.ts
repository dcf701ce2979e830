import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { EnrolmentRefused, type EnrolOptions, enrol } from './enrol.ts';
import type { Credentials } from './identity.ts';

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 5_000;

/**
 * Enrols as soon as the console can be reached: on one machine, both may be starting at this moment. Rejects with
 * `EnrolmentRefused`, and with an `AbortError` when it is told to stop.
 */
export async function enrolWhenReachable(
  options: EnrolOptions & { readonly signal: AbortSignal },
  log: Pick<Logger, 'warn'>,
): Promise<Credentials> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await enrol(options);
    } catch (error) {
      if (error instanceof EnrolmentRefused || options.signal.aborted) throw error;
      const retryInMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt);
      log.warn(
        { err: error, console: options.console.url, retryInMs },
        'the console cannot be reached, not enrolled yet',
      );
      await delay(retryInMs, undefined, { signal: options.signal });
    }
  }
}
