import type { Context } from '../context.ts';

interface Kept<T> {
  last: { readonly atMs: number; readonly value: T } | null;
  next: Promise<T> | null;
}

/** Answers that are remembered at once; the one that was asked for last goes last. */
const MAX_REMEMBERED = 1_000;
/** So many times as old as it may be without a new one being made, nobody is told the last one any more. */
const TOO_OLD = 5;

/**
 * Answers that take long to make, each made again after so long at the earliest (ms): whoever asks meanwhile, or while a new one is made, gets
 * the last. The first waits, and whoever asks after a long time. `key` names organization and question.
 */
export function createRemembered<T>(keptMs: number) {
  const all = new WeakMap<Context, Map<string, Kept<T>>>();
  return async (context: Context, key: string, make: () => Promise<T>): Promise<{ atMs: number; value: T }> => {
    const keys = all.get(context) ?? new Map<string, Kept<T>>();
    all.set(context, keys);
    const kept: Kept<T> = keys.get(key) ?? { last: null, next: null };
    keys.delete(key);
    keys.set(key, kept);
    if (keys.size > MAX_REMEMBERED) keys.delete(keys.keys().next().value!);
    const startedMs = context.clock();
    const isOld = kept.last === null || startedMs - kept.last.atMs >= keptMs;
    if (isOld && kept.next === null) {
      const next = make();
      kept.next = next;
      // Whoever waits hears of a failure; where nobody does, the next call tries again.
      next.then(
        (value) => {
          kept.last = { atMs: startedMs, value };
          kept.next = null;
        },
        () => {
          kept.next = null;
        },
      );
    }
    if (kept.last !== null && startedMs - kept.last.atMs < TOO_OLD * keptMs) return kept.last;
    return { atMs: startedMs, value: await kept.next! };
  };
}
