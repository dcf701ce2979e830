import type { Logger } from 'pino';
import { makeCheckpoint, organizationsToSign } from '../domains/audit/checkpoints.ts';
import type { Context } from '../domains/context.ts';
import { Refusal } from '../store/refusal.ts';

/** How long an entry may wait until it is signed for: what happened before cannot be written again unnoticed. */
const INTERVAL_MS = 60_000;

/** Signs a checkpoint of every log that has grown, each minute. Returns how to stop. */
export function startCheckpoints(context: Context, log: Logger): () => Promise<void> {
  let running = Promise.resolve();
  const timer = setInterval(() => {
    running = running.then(() => signAll(context, log));
  }, INTERVAL_MS);
  return async () => {
    clearInterval(timer);
    await running;
  };
}

export async function signAll(context: Context, log: Logger): Promise<void> {
  try {
    for (const organizationId of await organizationsToSign(context)) {
      // One log that was tampered with must not keep the others unsigned.
      const made = await makeCheckpoint(context, organizationId);
      if (made instanceof Refusal) log.error({ organizationId, detail: made.detail }, made.reason);
      else await context.askWitnesses(organizationId);
    }
  } catch (error) {
    log.error({ err: error }, 'audit checkpoints failed');
  }
}
