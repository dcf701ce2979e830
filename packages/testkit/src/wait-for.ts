import { setTimeout as delay } from 'node:timers/promises';

/**
 * Polls until `condition` gives something truthy and resolves with it. A condition that throws counts as "not yet";
 * its last error becomes the cause when time is up. Default: 5 s, every 5 ms.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  options: { what: string; timeoutMs?: number; intervalMs?: number },
): Promise<Exclude<T, false | null | undefined | 0 | ''>> {
  const { what, timeoutMs = 5_000, intervalMs = 5 } = options;
  const deadline = performance.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value as Exclude<T, false | null | undefined | 0 | ''>;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`, { cause });
    await delay(intervalMs);
  }
}
