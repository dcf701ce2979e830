import type { MuxLimits } from './mux-limits.ts';

/** What the streams that keep up may have on the way to us in sum, on a short path … */
const SHORT_PATH_BYTES = 1024 * 1024;
/** … and on a long one: enough for 100 MB/s. */
const PATH_BYTES_PER_MS = 100_000;
/** A stream is busy if it used up credit in this epoch or the one before. */
const EPOCH_MS = 100;

/**
 * How much credit a busy stream gets. What is on its way to us delays every other stream, so the busy ones share a
 * budget: a lone transfer may have much on the way and ride out a busy CPU, eight of them have no more in sum. A long
 * path needs more to be filled.
 */
export class WindowBudget {
  readonly #limits: MuxLimits;
  #epoch = 0;
  #busyNow = 0;
  #busyBefore = 0;

  constructor(limits: MuxLimits) {
    this.#limits = limits;
  }

  /** `nowMs` on any clock that only grows; `heldBytes` wait already for readers that do not keep up. */
  windowFor(stream: { busyEpoch: number }, nowMs: number, roundTripMs: number, heldBytes: number): number {
    const epoch = Math.floor(nowMs / EPOCH_MS);
    if (epoch !== this.#epoch) {
      this.#busyBefore = epoch === this.#epoch + 1 ? this.#busyNow : 0;
      this.#busyNow = 0;
      this.#epoch = epoch;
    }
    if (stream.busyEpoch !== epoch) {
      stream.busyEpoch = epoch;
      this.#busyNow++;
    }
    const { windowBytes, maxWindowBytes, maxReceivedBytes } = this.#limits;
    // All readers might stop at once: what they were granted must still fit, and the initial windows of others.
    const room = maxReceivedBytes / 2 - heldBytes;
    const budget = Math.min(Math.max(roundTripMs * PATH_BYTES_PER_MS, SHORT_PATH_BYTES), room);
    const share = budget / Math.max(this.#busyNow, this.#busyBefore);
    return Math.max(windowBytes, Math.floor(Math.min(share, maxWindowBytes)));
  }
}
