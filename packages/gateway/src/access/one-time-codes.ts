const REMEMBERED = 50_000;

/** Remembers which sign-in codes were used until they expire by themselves. Full: no further code is taken. */
export class OneTimeCodes {
  readonly #used = new Map<string, number>();

  /** True once per `jti`. */
  use(jti: string, expiresAtMs: number, nowMs: number): boolean {
    if (this.#used.has(jti)) return false;
    if (this.#used.size >= REMEMBERED) {
      for (const [old, untilMs] of this.#used) if (untilMs <= nowMs) this.#used.delete(old);
      // Forgetting a live one would let it be used twice.
      if (this.#used.size >= REMEMBERED) return false;
    }
    this.#used.set(jti, expiresAtMs);
    return true;
  }
}
