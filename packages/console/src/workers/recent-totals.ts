import type { Logger } from 'pino';
import type { Context } from '../domains/context.ts';
import { readRecentTotals } from '../domains/traffic/traffic.ts';

/** Reads what lists of a day are made of, once, at the start. Returns how to stop. */
export function startRecentTotals(context: Context, log: Logger): () => Promise<void> {
  let stopped = false;
  const reading = readRecentTotals(context, () => stopped).catch((error: unknown) =>
    log.error({ err: error }, 'the traffic of the last day was not read'),
  );
  return async () => {
    stopped = true;
    await reading;
  };
}
