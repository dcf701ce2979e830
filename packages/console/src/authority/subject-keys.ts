import type { Sealer } from './master-key.ts';

/** Keys that are remembered, and for how long at most. */
const MAX_KEYS = 5_000;
const REMEMBERED_MS = 60_000;

/**
 * Opens the keys of people in audit logs, and remembers them for a moment: a batch of entries names the same people as the one before. A key is
 * remembered by its sealed text, which a caller has from the database alone: what was erased there is not asked for here. It is dropped at once
 * where it was erased on this console, and within a minute on others.
 */
export class SubjectKeys {
  readonly #sealer: Sealer;
  /** By name and sealed text. */
  #keys = new Map<string, Buffer>();
  #forget: NodeJS.Timeout | null = null;

  constructor(sealer: Sealer) {
    this.#sealer = sealer;
  }

  /** Throws a Fault as the sealer does. */
  open(name: string, sealed: string): Buffer {
    const known = this.#keys.get(`${name} ${sealed}`);
    if (known !== undefined) return known;
    const key = Buffer.from(this.#sealer.open(name, sealed), 'base64url');
    if (this.#keys.size >= MAX_KEYS) this.forget();
    this.#keys.set(`${name} ${sealed}`, key);
    this.#forget ??= setTimeout(() => this.forget(), REMEMBERED_MS).unref();
    return key;
  }

  forget(): void {
    this.#keys = new Map();
    if (this.#forget !== null) clearTimeout(this.#forget);
    this.#forget = null;
  }
}
