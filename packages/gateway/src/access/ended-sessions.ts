const REMEMBERED = 20_000;

/**
 * Sessions that were signed out at this very gateway. The console's revocation comes with the next snapshot; until
 * then, and with the console away, this memory refuses them.
 */
export class EndedSessions {
  /** Session id to when the session would have ended by itself (ms). */
  readonly #ended = new Map<string, number>();
  readonly #listeners = new Set<(sessionId: string) => void>();

  has(sessionId: string): boolean {
    return this.#ended.has(sessionId);
  }

  end(sessionId: string, expiresAtMs: number, nowMs: number): void {
    if (this.#ended.size >= REMEMBERED) this.#forget(nowMs);
    this.#ended.set(sessionId, expiresAtMs);
    for (const listener of this.#listeners) listener(sessionId);
  }

  /** Told at once, so that open connections of the session can be closed. */
  subscribe(listener: (sessionId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #forget(nowMs: number): void {
    for (const [sessionId, expiresAtMs] of this.#ended) if (expiresAtMs <= nowMs) this.#ended.delete(sessionId);
    // All still alive: the oldest goes, which the console has revoked long since.
    const oldest = this.#ended.keys().next();
    if (this.#ended.size >= REMEMBERED && oldest.done !== true) this.#ended.delete(oldest.value);
  }
}
