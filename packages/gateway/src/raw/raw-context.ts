import type { Logger } from 'pino';
import type { Balancer, Dialer, Observer, RawAccess, ResourceLimiter } from '../rooms.ts';
import type { CurrentTables } from '../tables.ts';

/** What raw listeners are given. */
export interface RawContext {
  readonly tables: Pick<CurrentTables, 'get' | 'subscribe'>;
  readonly access: RawAccess;
  readonly limiter: ResourceLimiter;
  readonly balancer: Balancer;
  readonly dialer: Dialer;
  readonly observer: Pick<Observer, 'record'>;
  readonly limits: RawLimits;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/** docs/limits.md has a row for each. */
export interface RawLimits {
  /** Open TCP connections on all raw ports together; what comes above is reset. */
  readonly maxConnections: number;
  readonly tcpIdleTimeoutMs: number;
  readonly udpIdleTimeoutMs: number;
  /** Source address and port pairs at one time, per UDP port; datagrams of others are dropped. */
  readonly udpSessionsPerPort: number;
  /** Of these, from one source address: a single host must not fill the table. */
  readonly udpSessionsPerSource: number;
  /** Datagrams that wait per session until its target is connected. */
  readonly udpQueueDatagrams: number;
}

export const DEFAULT_RAW_LIMITS: RawLimits = {
  maxConnections: 20_000,
  tcpIdleTimeoutMs: 3_600_000,
  udpIdleTimeoutMs: 60_000,
  udpSessionsPerPort: 10_000,
  udpSessionsPerSource: 256,
  udpQueueDatagrams: 64,
};
