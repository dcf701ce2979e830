/** Time that stands still until the test moves it. */
export interface ManualClock {
  /** Wall clock, ms. */
  now(): number;
  /** Moves forward and runs what falls due on the way, in order of its time. */
  advance(ms: number): void;
  /** Jumps, backwards too, as a corrected system clock does. Runs nothing. */
  set(ms: number): void;
  /** Runs `callback` when `advance` reaches it. The result cancels it. */
  after(ms: number, callback: () => void): () => void;
}

export function manualClock(startMs = Date.UTC(2026, 0, 1)): ManualClock {
  let nowMs = startMs;
  const due: { atMs: number; callback: () => void }[] = [];
  return {
    now: () => nowMs,
    advance(ms) {
      const end = nowMs + ms;
      for (;;) {
        due.sort((a, b) => a.atMs - b.atMs);
        const next = due[0];
        if (next === undefined || next.atMs > end) break;
        due.shift();
        nowMs = Math.max(nowMs, next.atMs);
        next.callback();
      }
      nowMs = end;
    },
    set(ms) {
      nowMs = ms;
    },
    after(ms, callback) {
      const entry = { atMs: nowMs + ms, callback };
      due.push(entry);
      return () => {
        const index = due.indexOf(entry);
        if (index !== -1) due.splice(index, 1);
      };
    },
  };
}
