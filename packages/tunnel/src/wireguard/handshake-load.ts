/**
 * With so many handshake messages waiting behind the one at hand there is a load: they come faster than they can be
 * answered, whatever that is on this machine. From then on senders must prove their address. As in wireguard-go.
 */
export const LOAD_WAITING = 128;
/**
 * So many in a second that came to nothing are a load as well, though each was answered in time: opening one takes
 * Diffie-Hellman, about 0.13 ms that data packets do not get. Peers that come back all at once are not counted.
 */
export const LOAD_FRUITLESS_PER_SECOND = 500;
/** How long after that the load is still assumed. */
export const LOAD_HOLD_MS = 1_000;
/** Cookie replies a second: further messages without a cookie go unanswered, which bounds what a flood can cost. */
export const COOKIE_REPLIES_PER_SECOND = 4_000;

/** How many of something there were in the second that began with the first of them. */
class SecondCount {
  #beganAt = Number.NEGATIVE_INFINITY;
  #count = 0;

  /** One more; returns how many that makes. */
  add(now: number): number {
    if (now - this.#beganAt >= 1000) {
      this.#beganAt = now;
      this.#count = 0;
    }
    return ++this.#count;
  }
}

/** Whether handshake messages are more than should be worked for, and how many cookies may still be handed out. */
export class HandshakeLoad {
  #loadedUntil = Number.NEGATIVE_INFINITY;
  readonly #fruitless = new SecondCount();
  readonly #replies = new SecondCount();

  /** A message came, and `waiting` more are there already; true: under load. */
  arrived(waiting: number, now: number): boolean {
    if (waiting >= LOAD_WAITING) this.#loadedUntil = now + LOAD_HOLD_MS;
    return now < this.#loadedUntil;
  }

  /** A message was from no peer, forged or replayed; or, under load, did not prove its address. */
  fruitless(now: number): void {
    if (this.#fruitless.add(now) >= LOAD_FRUITLESS_PER_SECOND) this.#loadedUntil = now + LOAD_HOLD_MS;
  }

  /** Takes one from the cookie replies of this second. */
  mayReply(now: number): boolean {
    return this.#replies.add(now) <= COOKIE_REPLIES_PER_SECOND;
  }
}
