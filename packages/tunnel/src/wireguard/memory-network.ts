import type { EngineClock } from './clock.ts';
import type { Endpoint } from './data-plane.ts';

/** What happens to datagrams on their way. */
export interface NetworkConditions {
  /** Probability of being lost, 0 to 1. */
  readonly loss: number;
  /** Each datagram takes this long, and at most `jitterMs` longer: with jitter they overtake each other. */
  readonly delayMs: number;
  readonly jitterMs: number;
  /** Probability of arriving twice. */
  readonly duplicates: number;
}

export type DatagramReceiver = (datagram: Uint8Array, from: Endpoint) => void;

const PERFECT: NetworkConditions = { loss: 0, delayMs: 0, jitterMs: 0, duplicates: 0 };

/** A datagram network inside one process: for in-memory data planes. `random` gives 0 to 1. */
export class MemoryNetwork {
  conditions: NetworkConditions = PERFECT;
  /** Sees every datagram that is sent; what it returns false for is lost. */
  filter: ((datagram: Uint8Array, from: Endpoint, to: Endpoint) => boolean) | undefined;
  readonly #clock: EngineClock;
  readonly #random: () => number;
  readonly #receivers = new Map<string, DatagramReceiver>();
  #nextPort = 49_152;

  constructor(clock: EngineClock, random: () => number = Math.random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Port 0 chooses one. False: taken. */
  attach(address: string, port: number, receiver: DatagramReceiver): number | false {
    const chosen = port === 0 ? this.#nextPort++ : port;
    const name = nameOf({ address, port: chosen });
    if (this.#receivers.has(name)) return false;
    this.#receivers.set(name, receiver);
    return chosen;
  }

  detach(endpoint: Endpoint): void {
    this.#receivers.delete(nameOf(endpoint));
  }

  send(datagram: Uint8Array, from: Endpoint, to: Endpoint): void {
    if (this.filter !== undefined && !this.filter(datagram, from, to)) return;
    const { loss, delayMs, jitterMs, duplicates } = this.conditions;
    const copies = duplicates > 0 && this.#random() < duplicates ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      if (loss > 0 && this.#random() < loss) continue;
      const bytes = Uint8Array.from(datagram);
      const delay = delayMs + (jitterMs > 0 ? this.#random() * jitterMs : 0);
      this.#clock.after(delay, () => this.#receivers.get(nameOf(to))?.(bytes, from));
    }
  }
}

function nameOf({ address, port }: Endpoint): string {
  return `${address} ${port}`;
}
