import type { Logger } from 'pino';
import { makeCheckpoint, organizationsToSign } from '../domains/audit/checkpoints.ts';
import { recordDecisions } from '../domains/audit/decisions.ts';
import type { Context } from '../domains/context.ts';
import { noteLogCheck } from '../domains/incidents/watched.ts';
import { Refusal } from '../store/refusal.ts';

/** How long access decisions of a class are counted until they become an entry. */
const DECISIONS_INTERVAL_MS = 3_600_000;
/** How long an entry may wait until it is signed for: what happened before cannot be written again unnoticed. */
const INTERVAL_MS = 60_000;

/** Signs a checkpoint of every log that has grown, each minute, and puts access decisions into it each hour. Returns how to stop. */
export function startCheckpoints(context: Context, log: Logger): () => Promise<void> {
  let running = Promise.resolve();
  const timer = setInterval(() => {
    running = running.then(() => signAll(context, log));
  }, INTERVAL_MS);
  const decisions = setInterval(() => {
    running = running.then(() => recordAll(context, log));
  }, DECISIONS_INTERVAL_MS);
  return async () => {
    clearInterval(timer);
    clearInterval(decisions);
    await running;
  };
}

async function recordAll(context: Context, log: Logger): Promise<void> {
  await recordDecisions(context).catch((error: unknown) => log.error({ err: error }, 'decisions were not recorded'));
}

export async function signAll(context: Context, log: Logger): Promise<void> {
  try {
    for (const organizationId of await organizationsToSign(context)) {
      // One log that was tampered with must not keep the others unsigned.
      const made = await makeCheckpoint(context, organizationId);
      noteLogCheck(context, organizationId, made instanceof Refusal ? (made.detail ?? made.reason) : null);
      if (made instanceof Refusal) log.error({ organizationId, detail: made.detail }, made.reason);
      else await context.askWitnesses(organizationId);
    }
  } catch (error) {
    log.error({ err: error }, 'audit checkpoints failed');
  }
}
