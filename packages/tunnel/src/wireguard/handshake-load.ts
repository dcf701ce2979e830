/**
 * With so many handshake messages waiting behind the one at hand there is a load: they come faster than they can be
 * answered, whatever that is on this machine. From then on senders must prove their address. As in wireguard-go.
 */
export const LOAD_WAITING = 128;
/** How long after that the load is still assumed. */
export const LOAD_HOLD_MS = 1_000;
/** Cookie replies a second: further messages without a cookie go unanswered, which bounds what a flood can cost. */
export const COOKIE_REPLIES_PER_SECOND = 4_000;

/** Whether handshake messages come faster than they are answered, and how many cookies may still be handed out. */
export class HandshakeLoad {
  #loadedUntil = Number.NEGATIVE_INFINITY;
  #secondAt = Number.NEGATIVE_INFINITY;
  #replies = 0;

  /** A message came, and `waiting` more are there already; true: under load. */
  arrived(waiting: number, now: number): boolean {
    if (waiting >= LOAD_WAITING) this.#loadedUntil = now + LOAD_HOLD_MS;
    return now < this.#loadedUntil;
  }

  /** Takes one from the cookie replies of this second. */
  mayReply(now: number): boolean {
    if (now - this.#secondAt >= 1000) {
      this.#secondAt = now;
      this.#replies = 0;
    }
    if (this.#replies >= COOKIE_REPLIES_PER_SECOND) return false;
    this.#replies++;
    return true;
  }
}
