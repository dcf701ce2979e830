export interface StateFileOptions {
  readonly path: string;
  /** Replaces a file so that a crash leaves the old or the new content. */
  readonly write: (path: string, content: string) => Promise<void>;
  readonly log: { warn(details: object, message: string): void };
}

/** Small state that outlives a restart: a JSON file that is written anew as a whole, one write at a time. */
export class StateFile {
  readonly #options: StateFileOptions;
  readonly #what: string;
  readonly #content: () => unknown;
  #saving: Promise<boolean> | null = null;
  #dirty = false;

  /** `what`: for the log. `content` is asked when a write begins. */
  constructor(options: StateFileOptions, what: string, content: () => unknown) {
    this.#options = options;
    this.#what = what;
    this.#content = content;
  }

  /** True when what there is now is on disk; false, and a line in the log, when it is not. Never rejects. */
  save(): Promise<boolean> {
    this.#dirty = true;
    // What changes during a write goes into the next one, for which everybody waits.
    this.#saving ??= this.#write();
    return this.#saving;
  }

  /** Resolves when all that was to be saved is on disk, or was given up with a line in the log. */
  async flush(): Promise<void> {
    while (this.#saving !== null) await this.#saving;
  }

  async #write(): Promise<boolean> {
    const { path, write, log } = this.#options;
    let saved = true;
    while (this.#dirty) {
      this.#dirty = false;
      try {
        await write(path, JSON.stringify(this.#content()));
        saved = true;
      } catch (error) {
        saved = false;
        log.warn({ err: error, path }, `${this.#what} could not be saved`);
      }
    }
    this.#saving = null;
    return saved;
  }
}
