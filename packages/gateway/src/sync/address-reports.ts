import { type ReportedAddressGrant, SYNC_MAX_REPORTED_GRANTS } from '@zeronaut/model';

/**
 * Tells the console of address grants: on each new link all that count, then what changes, one report at a time, each until it was taken.
 * The console's answer says which of them it has ended. After a cold start those from the disk do not count before it was asked, or could
 * not be: what was ended while the gateway was off must let nobody in.
 */
export interface AddressGrantSource {
  /** What the console was not told of, so many at most. */
  untold(limit: number): readonly ReportedAddressGrant[];
  told(grants: readonly ReportedAddressGrant[]): void;
  /** A console that was not there may know nothing. */
  tellAnew(): void;
  openIds(): readonly string[];
  /** The console does not let them count. */
  end(ids: readonly string[]): void;
  /** What is from the disk counts from now on. */
  settle(): void;
  /** Told when there is something to tell. */
  onChange(listener: () => void): void;
}

export type TellAddressGrants = (
  grants: readonly ReportedAddressGrant[],
  open?: readonly string[],
) => Promise<{ readonly taken: number; readonly ended: readonly string[] } | null>;

/** Until a report that was not taken is tried again. */
const RETRY_MS = 5_000;
/** How long a console that neither answers nor refuses is waited for at the start. */
const PATIENCE_MS = 3_000;

export class AddressReports {
  readonly #tell: TellAddressGrants;
  #source: AddressGrantSource | null = null;
  /** The console has not been told of all on this link. */
  #owesAll = false;
  #up = false;
  #working = false;
  #again = false;
  #retry: NodeJS.Timeout | null = null;
  #patience: NodeJS.Timeout | null = null;

  constructor(tell: TellAddressGrants) {
    this.#tell = tell;
  }

  start(source: AddressGrantSource): void {
    this.#source = source;
    source.onChange(() => this.#work());
    this.#patience = setTimeout(() => source.settle(), PATIENCE_MS).unref();
  }

  stop(): void {
    this.linkDown();
    if (this.#patience !== null) clearTimeout(this.#patience);
  }

  linkUp(): void {
    this.#up = true;
    this.#owesAll = true;
    this.#source?.tellAnew();
    this.#work();
  }

  /** It ended, or the console cannot be reached. */
  linkDown(): void {
    this.#up = false;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    this.#source?.settle();
  }

  #work(): void {
    if (!this.#up || this.#source === null) return;
    this.#again = true;
    if (this.#working || this.#retry !== null) return;
    this.#working = true;
    void this.#sendAll(this.#source).finally(() => {
      this.#working = false;
    });
  }

  async #sendAll(source: AddressGrantSource): Promise<void> {
    while (this.#up && this.#again) {
      const grants = source.untold(SYNC_MAX_REPORTED_GRANTS);
      const isLast = grants.length < SYNC_MAX_REPORTED_GRANTS;
      const open = this.#owesAll && isLast ? source.openIds() : undefined;
      this.#again = !isLast;
      if (grants.length === 0 && open === undefined) continue;
      // What another link owes is not paid on this one.
      if (open !== undefined) this.#owesAll = false;
      const result = await this.#tell(grants, open);
      const taken = result === null ? 0 : Math.min(result.taken, grants.length);
      if (result !== null) {
        source.told(grants.slice(0, taken));
        source.end(result.ended);
      }
      if (result === null || taken < grants.length) {
        this.#owesAll ||= open !== undefined;
        return this.#tryLater();
      }
      if (open !== undefined) source.settle();
    }
  }

  #tryLater(): void {
    if (!this.#up) return;
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.#work();
    }, RETRY_MS).unref();
  }
}
