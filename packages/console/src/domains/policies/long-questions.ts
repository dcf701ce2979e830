import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long the event loop is kept by questions to the evaluator, which answers within this thread (ms). */
const TURN_MS = 5;

/** Gives everybody else their turn, as often as it is called and due. */
export type GiveWay = () => Promise<void>;

/** By who asks. */
const asking = new Map<string, Promise<unknown>>();

/**
 * A question that is answered with many thousands of decisions. Each caller has one at a time: however often somebody asks, all others wait
 * for one turn of theirs.
 */
export async function askAtLength<T>(callerId: string, question: (giveWay: GiveWay) => Promise<T>): Promise<T> {
  const before = asking.get(callerId);
  const mine = (async () => {
    await before?.catch(() => {});
    let turnEndsAt = performance.now() + TURN_MS;
    return await question(async () => {
      if (performance.now() < turnEndsAt) return;
      await nextTurn();
      turnEndsAt = performance.now() + TURN_MS;
    });
  })();
  asking.set(callerId, mine);
  try {
    return await mine;
  } finally {
    if (asking.get(callerId) === mine) asking.delete(callerId);
  }
}
