/** docs/limits.md has a row for each. */
export interface TunnelLimits {
  readonly maxSessions: number;
  /** One process of a device holds one; eight are eight commands on one machine. */
  readonly maxSessionsPerDevice: number;
  /** Heard within this time, a tunnel is taken for alive: its keep-alive asks after 5 s and answers take less than 3. */
  readonly healthyWithinMs: number;
  /** Control messages of one session: burst, and per second after it. A well-behaved agent sends a few per change. */
  readonly messageBurst: number;
  readonly messagesPerSecond: number;
  /** A device that just enrolled may dial before the snapshot that names it is here. */
  readonly admissionWaitMs: number;
  /** A resource that was just made may be bound before the snapshot that names it is here. */
  readonly bindWaitMs: number;
  /**
   * Access events that wait for one watching session between two batches; more are counted as dropped. They are for a
   * person's eyes: 500 lines a second are more than anybody reads, and at full rate the feed would cost as much as the
   * traffic that it tells of. The whole record is in the console.
   */
  readonly watchQueueEvents: number;
  readonly watchBatchMs: number;
  /** Open forwards of one session. */
  readonly forwardsPerSession: number;
  readonly forwardConnectTimeoutMs: number;
  readonly forwardTcpIdleTimeoutMs: number;
  readonly forwardUdpIdleTimeoutMs: number;
}

export const DEFAULT_TUNNEL_LIMITS: TunnelLimits = {
  maxSessions: 5_000,
  maxSessionsPerDevice: 8,
  healthyWithinMs: 8_000,
  messageBurst: 50,
  messagesPerSecond: 10,
  admissionWaitMs: 5_000,
  bindWaitMs: 10_000,
  watchQueueEvents: 50,
  watchBatchMs: 100,
  forwardsPerSession: 2_000,
  forwardConnectTimeoutMs: 5_000,
  forwardTcpIdleTimeoutMs: 3_600_000,
  forwardUdpIdleTimeoutMs: 60_000,
};
