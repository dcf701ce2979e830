import type { Fault } from '@zeronaut/model';
import type { MuxLimits } from './mux-limits.ts';

interface PendingPing {
  readonly sentAt: number;
  readonly resolve: ((roundTripMs: number) => void) | undefined;
  readonly reject: ((fault: Fault) => void) | undefined;
}

export interface KeepAliveHost {
  sendPing(sequence: number): void;
  /** The peer was silent for `deadAfterMs`. */
  onDead(): void;
  /** Now and then, and always while nothing happens: a moment to give memory back. */
  onLook(): void;
}

/** Whether the peer is there, and how far away. One timer per session, which no frame touches. */
export class KeepAlive {
  /** `performance.now()` of the last bytes of the peer. */
  lastHeardAt = performance.now();
  /** The shortest that was seen: what the path takes when no queue adds to it. 0: not known yet. */
  roundTripMs = 0;
  readonly #host: KeepAliveHost;
  readonly #limits: MuxLimits;
  readonly #pending = new Map<number, PendingPing>();
  #sequence = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(host: KeepAliveHost, limits: MuxLimits) {
    this.#host = host;
    this.#limits = limits;
  }

  start(): void {
    this.#arm(this.#limits.pingAfterMs);
    this.ping();
  }

  stop(fault: Fault): void {
    clearTimeout(this.#timer);
    for (const pending of this.#pending.values()) pending.reject?.(fault);
    this.#pending.clear();
  }

  ping(resolve?: (roundTripMs: number) => void, reject?: (fault: Fault) => void): void {
    this.#sequence = (this.#sequence + 1) >>> 0;
    this.#pending.set(this.#sequence, { sentAt: performance.now(), resolve, reject });
    this.#host.sendPing(this.#sequence);
  }

  onPong(sequence: number): void {
    const pending = this.#pending.get(sequence);
    if (pending === undefined) return;
    this.#pending.delete(sequence);
    const roundTripMs = performance.now() - pending.sentAt;
    if (this.roundTripMs === 0 || roundTripMs < this.roundTripMs) this.roundTripMs = roundTripMs;
    pending.resolve?.(roundTripMs);
  }

  #arm(delayMs: number): void {
    this.#timer = setTimeout(() => this.#look(), delayMs);
    this.#timer.unref();
  }

  #look(): void {
    const { pingAfterMs, deadAfterMs } = this.#limits;
    const silentMs = performance.now() - this.lastHeardAt;
    if (silentMs >= deadAfterMs) {
      this.#host.onDead();
      return;
    }
    this.#host.onLook();
    // Also of a peer that is heard: the ping at the start met cold code, and took longer than the path does.
    this.ping();
    if (silentMs >= pingAfterMs) {
      this.#arm(Math.min(pingAfterMs, deadAfterMs - silentMs));
    } else {
      this.#arm(pingAfterMs - silentMs);
    }
  }
}
