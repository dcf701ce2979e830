/** Counters that may arrive late, in packets (RFC 6479's bitmap; Linux and wireguard-go keep about as many). */
export const REPLAY_WINDOW = 8_128;

const BITS = 8_192;
const WORDS = BITS / 32;

/**
 * Which counters of a keypair were seen: RFC 6479, a ring of words that is never shifted. Ask only for packets whose tag
 * matched.
 */
export class ReplayWindow {
  readonly #words = new Uint32Array(WORDS);
  /** The highest counter seen, plus 1. */
  #next = 0;

  /** Marks the counter; false if it was seen before or is too old to tell. */
  accept(counter: number): boolean {
    if (counter + REPLAY_WINDOW < this.#next) return false;
    const block = Math.floor(counter / 32);
    if (counter >= this.#next) {
      const from = Math.floor((this.#next - 1) / 32);
      const steps = Math.min(block - from, WORDS);
      for (let step = 1; step <= steps; step++) this.#words[(block - steps + step) % WORDS] = 0;
      this.#next = counter + 1;
    }
    const mask = 1 << (counter % 32);
    const word = this.#words[block % WORDS] as number;
    this.#words[block % WORDS] = word | mask;
    return (word & mask) === 0;
  }
}
