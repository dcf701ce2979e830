import type { Logger } from 'pino';
import type { Context } from '../domains/context.ts';
import { type LastLook, lookAtAll } from '../domains/incidents/look.ts';

/** How often it is looked what is wrong. An alarm that is there at two looks becomes an incident, and is told. */
const INTERVAL_MS = 20_000;

/** Looks at what is wrong, keeps it as incidents, and tells those who want to be told. Returns how to stop. */
export function startAlarms(context: Context, log: Logger, intervalMs = INTERVAL_MS): () => Promise<void> {
  const lastLook: LastLook = new Map();
  let stopped = false;
  let looking: Promise<void> | null = null;
  const timer = setInterval(() => {
    // A look that takes longer than the interval is not followed by another at once.
    looking ??= lookAtAll(context, lastLook, () => stopped)
      .catch((error: unknown) => log.error({ err: error }, 'it was not looked what is wrong'))
      .finally(() => {
        looking = null;
      });
  }, intervalMs);
  return async () => {
    stopped = true;
    clearInterval(timer);
    await looking;
  };
}
