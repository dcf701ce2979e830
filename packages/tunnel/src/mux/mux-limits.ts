/** Every bound of a session. */
export interface MuxLimits {
  /** Streams that the peer, and as many that we, may have open at once; more are reset. */
  readonly maxStreams: number;
  /** Credit that a stream starts with in each direction. Both ends must agree on it. */
  readonly windowBytes: number;
  /** Most credit of a stream whose reader keeps up. */
  readonly maxWindowBytes: number;
  /** All that may wait in paused streams of the session; the stream that goes beyond is reset. */
  readonly maxReceivedBytes: number;
  /** Messages that may wait to be sent. */
  readonly maxMessageQueueBytes: number;
  /** Streams that the peer may open and reset itself, or that we must refuse: burst, and per second after it. */
  readonly resetBurst: number;
  readonly resetsPerSecond: number;
  readonly pingsPerSecond: number;
  /** After this much silence of the peer we ask whether it is there … */
  readonly pingAfterMs: number;
  /** … and after this much the session is closed with `tunnel.timeout`. */
  readonly deadAfterMs: number;
}

export const MUX_LIMITS: MuxLimits = {
  maxStreams: 16_384,
  windowBytes: 128 * 1024,
  maxWindowBytes: 8 * 1024 * 1024,
  maxReceivedBytes: 256 * 1024 * 1024,
  maxMessageQueueBytes: 4 * 1024 * 1024,
  resetBurst: 32_768,
  resetsPerSecond: 5_000,
  pingsPerSecond: 50,
  pingAfterMs: 5_000,
  deadAfterMs: 15_000,
};
