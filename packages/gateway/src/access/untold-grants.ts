import { readFile } from 'node:fs/promises';
import {
  type AddressGrant,
  type AddressGrantEnd,
  type ReportedAddressGrant,
  reportedAddressGrant,
} from '@zeronaut/model';
import { z } from 'zod';
import { StateFile, type StateFileOptions } from '../state-file.ts';

/** Ends that wait for the console; of more the oldest are forgotten, and it learns of them by what does not count any more. */
const MAX_ENDS = 1_000;

const file = z.strictObject({ format: z.literal(1), ended: z.array(reportedAddressGrant).max(MAX_ENDS) });

/**
 * What the console was not told of address grants: those that count, and those that ended. The first are in memory, as all that count are
 * told anew on each link; the second outlive a restart, so that what was authorised and ended while the console was away is in its audit
 * log all the same.
 */
export class UntoldGrants {
  readonly #open = new Map<string, ReportedAddressGrant>();
  readonly #ended = new Map<string, ReportedAddressGrant>();
  readonly #log: StateFileOptions['log'];
  readonly #file: StateFile;

  private constructor(options: StateFileOptions) {
    this.#log = options.log;
    this.#file = new StateFile(options, 'ended address grants', () => ({
      format: 1,
      ended: [...this.#ended.values()],
    }));
  }

  /** Never rejects: what cannot be read or understood is said in the log, and then the console is not told of it. */
  static async load(options: StateFileOptions): Promise<UntoldGrants> {
    const untold = new UntoldGrants(options);
    try {
      const { ended } = file.parse(JSON.parse(await readFile(options.path, 'utf8')));
      for (const grant of ended) untold.#ended.set(grant.id, grant);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        options.log.warn({ err: error, path: options.path }, 'ended address grants could not be read');
      }
    }
    return untold;
  }

  add(grant: AddressGrant): void {
    this.#open.set(grant.id, reported(grant));
  }

  end(grant: AddressGrant, atMs: number, why: AddressGrantEnd): void {
    // When the time of one that it knows is over, the console sees by itself.
    if (!this.#open.delete(grant.id) && why === 'expired') return;
    if (this.#ended.size >= MAX_ENDS) {
      this.#ended.delete(this.#ended.keys().next().value!);
      this.#log.warn(
        { waiting: MAX_ENDS },
        'too many ends of address grants wait for the console, the oldest is forgotten',
      );
    }
    this.#ended.set(grant.id, { ...reported(grant), ended: { at: new Date(atMs).toISOString(), why } });
    void this.#file.save();
  }

  /** Ended ones first: they may be what the others took the place of. */
  next(limit: number): readonly ReportedAddressGrant[] {
    const next: ReportedAddressGrant[] = [];
    for (const waiting of [this.#ended, this.#open]) {
      for (const grant of waiting.values()) {
        if (next.length >= limit) return next;
        next.push(grant);
      }
    }
    return next;
  }

  /** The console has these. One that ended while it was told of is told once more. */
  told(grants: readonly ReportedAddressGrant[]): void {
    let saves = false;
    for (const grant of grants) {
      if (this.#open.get(grant.id) === grant) this.#open.delete(grant.id);
      if (this.#ended.get(grant.id) !== grant) continue;
      this.#ended.delete(grant.id);
      saves = true;
    }
    if (saves) void this.#file.save();
  }

  async flush(): Promise<void> {
    await this.#file.flush();
  }
}

function reported({ organizationId: _, ...grant }: AddressGrant): ReportedAddressGrant {
  return { ...grant, ended: null };
}
