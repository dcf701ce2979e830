/**
 * Work that takes longer than the data path may wait, in pieces. It is written as a generator that yields wherever it may be
 * interrupted, as often as it likes; whoever runs it decides whether the event loop gets a turn there.
 */
export type Pieces<T> = Generator<void, T, void>;

/** How long the event loop is kept at a time (ms). A page waits for it, and for the piece in which it runs out, at each of its steps. */
const TURN_MS = 1;

/** Lets flows go first. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** To its end, giving flows a turn every few milliseconds. Rejects with what the work throws. */
export async function inTurns<T>(work: Pieces<T>): Promise<T> {
  let turnEndsAt = performance.now() + TURN_MS;
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    if (performance.now() < turnEndsAt) continue;
    await nextTurn();
    turnEndsAt = performance.now() + TURN_MS;
  }
}

/** To its end at once: at start, when nobody waits. */
export function atOnce<T>(work: Pieces<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

/** Each item through `change`, with a place to be interrupted after every `stride` of them. */
export function* mapPieces<A, B>(items: readonly A[], change: (item: A, index: number) => B, stride = 50): Pieces<B[]> {
  const changed: B[] = new Array(items.length);
  for (let index = 0; index < items.length; index++) {
    changed[index] = change(items[index]!, index);
    if (index % stride === stride - 1) yield;
  }
  return changed;
}
