/**
 * Which refusals are worth an event: at most one per source in ten seconds. Datagrams cost their sender nothing and
 * their source can be forged, so an event for each would let a stranger fill the disk.
 */
const WINDOW_MS = 10_000;
/** Sources that are remembered; a flood from more than these is one source as far as events go. */
const MAX_SOURCES = 4_096;

export class DenialLog {
  readonly #until = new Map<string, number>();
  #overflowUntil = 0;

  /** True when a refusal of this source should be recorded now. */
  isDue(source: string, nowMs: number): boolean {
    const until = this.#until.get(source);
    if (until !== undefined && nowMs < until) return false;
    if (until === undefined && this.#until.size >= MAX_SOURCES) {
      this.#forget(nowMs);
      if (this.#until.size >= MAX_SOURCES) {
        if (nowMs < this.#overflowUntil) return false;
        this.#overflowUntil = nowMs + WINDOW_MS;
        return true;
      }
    }
    // Kept in the order of expiry, so that forgetting stops at the first that is still fresh.
    this.#until.delete(source);
    this.#until.set(source, nowMs + WINDOW_MS);
    return true;
  }

  #forget(nowMs: number): void {
    for (const [source, until] of this.#until) {
      if (until > nowMs) return;
      this.#until.delete(source);
    }
  }
}
