/** Time as the engine sees it; handed in, so that a test runs a day in seconds. Milliseconds. */
export interface EngineClock {
  /** Never goes back. The same clock as the data plane's (`PeerActivity`). */
  now(): number;
  /** Since 1970; it may jump. For timestamps of initiations and for people. */
  wallTime(): number;
  /** Calls once after so many milliseconds; what it returns takes that back. */
  after(milliseconds: number, callback: () => void): () => void;
}

/** The machine's clock: CLOCK_MONOTONIC and the time of day. */
export const systemClock: EngineClock = {
  now: () => Number(process.hrtime.bigint() / 1000n) / 1000,
  wallTime: () => Date.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
};
