import type { Logger } from 'pino';
import type { Context } from '../domains/context.ts';
import { sendLogouts } from '../domains/relying-parties/logouts.ts';

/** For what a service did not take, and for what another console changed. */
const INTERVAL_MS = 10_000;
/** After a change, so that many at once make one round. */
const SETTLE_MS = 100;

/** Tells services of sessions that ended: soon after each change, and now and then. Returns how to stop. */
export function startOpenidLogouts(context: Context, log: Logger, intervalMs = INTERVAL_MS): () => Promise<void> {
  let running = Promise.resolve();
  let settling: NodeJS.Timeout | null = null;
  const round = () => {
    settling = null;
    running = running
      .then(async () => void (await sendLogouts(context)))
      .catch((error: unknown) => log.error({ err: error }, 'services could not be told of ended sessions'));
  };
  const unsubscribe = context.store.onChange(() => {
    settling ??= setTimeout(round, SETTLE_MS);
  });
  const timer = setInterval(round, intervalMs);
  return async () => {
    unsubscribe();
    clearInterval(timer);
    if (settling !== null) clearTimeout(settling);
    await running;
  };
}
