/** More handshake messages than this within LOAD_WINDOW_MS are a load: from then on senders must prove their address. */
export const LOAD_MESSAGES = 64;
export const LOAD_WINDOW_MS = 125;
/** How long after such a window the load is still assumed. */
export const LOAD_HOLD_MS = 1_000;
/** Cookie replies a second: further messages without a cookie go unanswered, which bounds what a flood can cost. */
export const COOKIE_REPLIES_PER_SECOND = 4_000;

/** Whether handshake messages come faster than they may, and how many cookies may still be handed out. */
export class HandshakeLoad {
  #windowAt = Number.NEGATIVE_INFINITY;
  #messages = 0;
  #loadedUntil = Number.NEGATIVE_INFINITY;
  #secondAt = Number.NEGATIVE_INFINITY;
  #replies = 0;

  /** Counts a message that came; true: under load. */
  arrived(now: number): boolean {
    if (now - this.#windowAt >= LOAD_WINDOW_MS) {
      this.#windowAt = now;
      this.#messages = 0;
    }
    this.#messages++;
    if (this.#messages > LOAD_MESSAGES) this.#loadedUntil = now + LOAD_HOLD_MS;
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
