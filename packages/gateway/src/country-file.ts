import { existsSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CountryTable } from '@zeronaut/policy/countries';
import type { Logger } from 'pino';
import type { Countries } from './tables.ts';

/** Comes with us, with a date of its own; operators bring newer ones (`geoFile`). */
const SEED = '@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb';
const MAX_GEO_FILE_BYTES = 268_435_456;

type Watch = (
  files: readonly string[],
  onChange: () => void,
  log: Pick<Logger, 'info' | 'warn' | 'error'>,
) => { stop(): void };

export interface CountryFileOptions {
  /** Null: the one that comes with us. */
  readonly path: string | null;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly watch: Watch;
  /** Countries may be others than before. */
  readonly onChange?: () => void;
}

/**
 * The file that says in which country an address is. Opened when the first policy asks, or at the start where there are events to write, and followed from then on: a file
 * that changes counts at once, one that is broken leaves the last good one in its place. Without a good one nobody's country
 * is known, which a policy must have thought of before it can be saved.
 */
export class CountryFile implements Countries {
  readonly #path: string;
  readonly #watched: boolean;
  readonly #log: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly #watch: Watch;
  readonly #onChange: () => void;
  #table: CountryTable | null = null;
  #opened = false;
  #watcher: { stop(): void } | null = null;
  /** The newest file cannot be used. */
  failing = false;

  constructor({ path, log, watch, onChange }: CountryFileOptions) {
    this.#path = path ?? fileURLToPath(import.meta.resolve(SEED));
    this.#watched = path !== null;
    this.#log = log;
    this.#watch = watch;
    this.#onChange = onChange ?? (() => {});
  }

  of(address: string): string | null {
    if (!this.#opened) this.open();
    return this.#table?.get(address) ?? null;
  }

  /** How it stands; where no policy has asked yet, whether there is a file at all. */
  get state(): 'good' | 'failing' | 'none' {
    if (!this.#opened) return existsSync(this.#path) ? 'good' : 'none';
    if (this.#table === null) return 'none';
    return this.failing ? 'failing' : 'good';
  }

  /** When the file in use was made, seconds since 1970; 0: there is none. */
  get builtAtSeconds(): number {
    return this.#table === null ? 0 : Math.floor(this.#table.builtAt.getTime() / 1000);
  }

  /** Takes some milliseconds, once. Never throws. */
  open(): void {
    if (this.#opened) return;
    this.#opened = true;
    // First the watch, so that no change falls between.
    if (this.#watched) this.#watcher = this.#watch([this.#path], () => this.#load(), this.#log);
    this.#load();
  }

  stop(): void {
    this.#watcher?.stop();
  }

  #load(): void {
    const file = this.#path;
    try {
      const { size } = statSync(file);
      if (size > MAX_GEO_FILE_BYTES) throw new Error(`it is larger than ${MAX_GEO_FILE_BYTES} bytes`);
      this.#table = new CountryTable(readFileSync(file));
      this.failing = false;
      this.#log.info({ file, builtAt: this.#table.builtAt }, 'countries of addresses');
    } catch (error) {
      this.failing = true;
      const kept = this.#table === null ? 'no country is known' : 'the last good one stays';
      this.#log.error({ err: error, file }, `the file of countries cannot be used; ${kept}`);
      return;
    }
    this.#onChange();
  }
}
