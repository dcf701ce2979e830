import type { Target } from '@zeronaut/model';
import type { Flow } from '../flow.ts';
import type { Deadlines } from '../http/deadlines.ts';
import { UpstreamConnection, type UpstreamHome } from '../http/upstream-connection.ts';
import type { Dialer } from '../rooms.ts';

/** Shorter than the five seconds after which many servers close: closing first avoids the race that costs a request. */
const IDLE_MS = 4_000;
/** Idle connections kept per target. */
const MAX_IDLE = 256;

export interface UpstreamPoolOptions {
  readonly dialer: Dialer;
  readonly deadlines: Deadlines;
  readonly responseTimeoutMs: number;
}

/**
 * Keep-alive connections to targets, direct ones and streams through tunnels alike. The connection that was used last is
 * used first, so that the surplus ages out. A target that is described anew (another address, other TLS) starts afresh.
 */
export class UpstreamPool {
  readonly #options: UpstreamPoolOptions;
  readonly #pools: Pools = { byKey: new Map(), stopped: false };
  /** Spares the key per request; a swapped table brings new target objects. */
  readonly #byTarget = new WeakMap<Target, TargetPool>();

  constructor(options: UpstreamPoolOptions) {
    this.#options = options;
  }

  /** A connection that is ready now, or null. */
  take(target: Target, resourceId: string): UpstreamConnection | null {
    return this.#pool(target, resourceId).take();
  }

  /** A new connection. Rejects with a Fault. */
  async dial(target: Target, resourceId: string, flow: Flow): Promise<UpstreamConnection> {
    const { dialer, deadlines, responseTimeoutMs } = this.#options;
    const stream = await dialer.dial(target, { flow, resourceId, protocol: 'tcp' });
    const pool = this.#pool(target, resourceId);
    return new UpstreamConnection(stream, pool, deadlines, responseTimeoutMs);
  }

  /** Closes what is idle, and everything else as soon as it becomes so. */
  stop(): void {
    this.#pools.stopped = true;
    for (const pool of [...this.#pools.byKey.values()]) pool.stop();
  }

  #pool(target: Target, resourceId: string): TargetPool {
    const known = this.#byTarget.get(target);
    if (known !== undefined) return known;
    const { id, address, deviceId, protocol, tlsVerify, tlsServerName } = target;
    const key = JSON.stringify([resourceId, id, address, deviceId, protocol, tlsVerify, tlsServerName]);
    const pool = this.#pools.byKey.get(key) ?? new TargetPool(key, this.#options.deadlines, this.#pools);
    this.#byTarget.set(target, pool);
    return pool;
  }
}

/** What the pools of one gateway share. A pool is listed while it holds an idle connection. */
interface Pools {
  readonly byKey: Map<string, TargetPool>;
  stopped: boolean;
}

class TargetPool implements UpstreamHome {
  readonly #key: string;
  readonly #deadlines: Deadlines;
  readonly #pools: Pools;
  readonly #idle: UpstreamConnection[] = [];

  constructor(key: string, deadlines: Deadlines, pools: Pools) {
    this.#key = key;
    this.#deadlines = deadlines;
    this.#pools = pools;
  }

  take(): UpstreamConnection | null {
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined) return null;
      if (!connection.stream.closed) return connection;
    }
  }

  release(connection: UpstreamConnection): void {
    if (this.#pools.stopped || this.#idle.length >= MAX_IDLE) {
      connection.abandon();
      return;
    }
    connection.deadline = this.#deadlines.now + IDLE_MS;
    if (this.#idle.push(connection) === 1) this.#pools.byKey.set(this.#key, this);
  }

  forget(connection: UpstreamConnection): void {
    const index = this.#idle.indexOf(connection);
    if (index === -1) return;
    this.#idle.splice(index, 1);
    if (this.#idle.length === 0) this.#pools.byKey.delete(this.#key);
  }

  stop(): void {
    for (const connection of [...this.#idle]) connection.abandon();
  }
}
