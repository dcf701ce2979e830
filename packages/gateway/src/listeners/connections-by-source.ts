import { type Network, networkContains } from '@zeronaut/model';
import { sourceOf } from '../source-of.ts';

/** Of all connections, how many in a hundred one source may hold: enough for everybody behind one address, never all. */
const SHARE_PERCENT = 75;

/**
 * Counts the open connections of each source over all listeners, so that one machine that only holds connections cannot
 * keep everybody else out. Of IPv6 the first 64 bits are a source. Trusted proxies speak for many and are not counted.
 */
export class ConnectionsBySource {
  readonly #exempt: readonly Network[];
  readonly #open = new Map<string, number>();

  constructor(exempt: readonly Network[]) {
    this.#exempt = exempt;
  }

  /** Null: the source has its share of `maxConnections`. Else it is counted until the answer is called, once. */
  admit(address: string, maxConnections: number): (() => void) | null {
    const source = sourceOf(address);
    const open = this.#open.get(source) ?? 0;
    if (
      open >= Math.ceil((maxConnections * SHARE_PERCENT) / 100) &&
      !this.#exempt.some((network) => networkContains(network, address))
    ) {
      return null;
    }
    this.#open.set(source, open + 1);
    return () => {
      const left = this.#open.get(source)! - 1;
      if (left === 0) this.#open.delete(source);
      else this.#open.set(source, left);
    };
  }
}
