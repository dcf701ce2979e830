import { type OpenFromGateway, parseHostPort } from '@zeronaut/model';
import { matchDestination } from '@zeronaut/policy';

/** Where a stream may go. Chosen by us from what we serve, never taken from the gateway's words alone. */
export interface DialTarget {
  readonly address: string;
  readonly protocol: 'tcp' | 'udp';
}

/**
 * What this agent serves, and therefore all that it ever dials: the addresses of its own exposes by resource, and the
 * destinations of its own sites. A gateway that is taken over can reach nothing else through us.
 */
export class Served {
  readonly #targets: ReadonlyMap<string, readonly DialTarget[]>;
  readonly #sites: ReadonlyMap<string, readonly string[]>;

  constructor(
    targets: ReadonlyMap<string, readonly DialTarget[]> = new Map(),
    sites: ReadonlyMap<string, readonly string[]> = new Map(),
  ) {
    this.#targets = targets;
    this.#sites = sites;
  }

  get resourceIds(): string[] {
    return [...this.#targets.keys()];
  }

  get siteIds(): string[] {
    return [...this.#sites.keys()];
  }

  /** What to dial for `open`; null when we do not serve it. */
  match(open: OpenFromGateway): DialTarget | null {
    if (open.kind === 'target') {
      const targets = this.#targets.get(open.resourceId) ?? [];
      return targets.find(({ address, protocol }) => address === open.address && protocol === open.protocol) ?? null;
    }
    const destinations = this.#sites.get(open.siteId);
    const at = parseHostPort(open.destination);
    if (destinations === undefined || at === null || !matchDestination(destinations, at.host, at.port)) return null;
    return { address: open.destination, protocol: open.protocol };
  }
}
