import type { AccessEvent } from '@zeronaut/model';
import type { Observer } from '../rooms.ts';
import type { Countries } from '../tables.ts';
import type { UnnumberedEvent } from './event-line.ts';
import type { Log } from './log.ts';
import type { FlowCounters } from './metrics.ts';
import type { Spool } from './spool.ts';

/**
 * The end of every flow: counted, spooled for the console, shown to those who watch. A gateway that runs from a file
 * alone has no console and therefore no spool; its events are counted, and logged at level `debug`.
 */
export class AccessObserver implements Observer {
  readonly #gatewayId: string;
  readonly #spool: Spool | null;
  readonly #countries: Countries;
  readonly #counters: FlowCounters;
  readonly #log: Log;
  readonly #debug: boolean;
  readonly #listeners = new Set<(event: AccessEvent) => void>();
  #unspooledSeq = 0;

  constructor(options: {
    gatewayId: string;
    spool: Spool | null;
    /** What events are told of their source address for. */
    countries: Countries;
    counters: FlowCounters;
    log: Log;
  }) {
    this.#gatewayId = options.gatewayId;
    this.#spool = options.spool;
    this.#countries = options.countries;
    this.#counters = options.counters;
    this.#log = options.log;
    this.#debug = options.log.isLevelEnabled('debug');
  }

  record(event: UnnumberedEvent): void {
    this.#counters.add(event);
    const seq =
      this.#spool === null ? ++this.#unspooledSeq : this.#spool.append(event, this.#countries.of(event.sourceAddress));
    if (this.#debug) this.#log.debug({ event }, 'access');
    if (this.#listeners.size === 0) return;
    // Dropped from the spool it still happened: watchers see it, under the number of its predecessor.
    const numbered: AccessEvent = {
      ...event,
      gatewayId: this.#gatewayId,
      epoch: this.#spool?.epoch ?? 'unspooled',
      seq: seq === 0 ? Math.max(1, this.#spool?.lastSeq ?? 1) : seq,
    };
    for (const listener of this.#listeners) listener(numbered);
  }

  subscribe(listener: (event: AccessEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
