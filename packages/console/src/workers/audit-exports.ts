import type { Logger } from 'pino';
import { deliver, dueExports } from '../domains/audit-exports/deliver.ts';
import type { Context } from '../domains/context.ts';

/** How often receivers are looked at that have something to get. */
const INTERVAL_MS = 1_000;
/** Receivers that are sent to at one time: one that hangs holds up no other. */
const AT_ONCE = 16;

/** Sends audit entries to the receivers of all organizations. Returns how to stop. */
export function startExports(context: Context, log: Logger, intervalMs = INTERVAL_MS): () => Promise<void> {
  const running = new Map<string, Promise<void>>();
  let stopped = false;
  let looking = Promise.resolve();

  async function look(): Promise<void> {
    if (running.size >= AT_ONCE) return;
    const due = await dueExports(context, AT_ONCE * 2);
    for (const row of due) {
      if (stopped || running.size >= AT_ONCE) return;
      if (running.has(row.id)) continue;
      const work = deliver(context, row, () => stopped)
        .catch((error: unknown) => log.error({ err: error, auditExport: row.id }, 'an audit export failed'))
        .finally(() => running.delete(row.id));
      running.set(row.id, work);
    }
  }

  const timer = setInterval(() => {
    looking = looking
      .then(look)
      .catch((error: unknown) => log.error({ err: error }, 'audit exports cannot be looked for'));
  }, intervalMs);
  return async () => {
    stopped = true;
    clearInterval(timer);
    await looking;
    await Promise.all(running.values());
  };
}
