import { type OpenFromGateway, openFromGateway, parseHostPort } from '@zeronaut/model';
import { matchDestination } from '@zeronaut/policy';

/** Where a stream may go. Chosen by us from what we serve, never taken from the gateway's words alone. */
export interface DialTarget {
  readonly address: string;
  readonly protocol: 'tcp' | 'udp';
}

/** kind, resourceId, address, protocol, source. */
const TARGET_KEYS = 5;

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

  /**
   * What to dial for a stream's opening header, as it came from the gateway; null when we do not serve it or it says
   * nothing that we understand.
   */
  match(header: unknown): DialTarget | null {
    // One for every connection: what matters is compared with what we hold, which is as strict as the schema.
    if (isTargetOpen(header)) {
      const targets = this.#targets.get(header.resourceId) ?? [];
      return (
        targets.find(({ address, protocol }) => address === header.address && protocol === header.protocol) ?? null
      );
    }
    const parsed = openFromGateway.safeParse(header);
    return parsed.success && parsed.data.kind === 'site' ? this.#matchSite(parsed.data) : null;
  }

  #matchSite(open: Extract<OpenFromGateway, { kind: 'site' }>): DialTarget | null {
    const destinations = this.#sites.get(open.siteId);
    const at = parseHostPort(open.destination);
    if (destinations === undefined || at === null || !matchDestination(destinations, at.host, at.port)) return null;
    return { address: open.destination, protocol: open.protocol };
  }
}

function isTargetOpen(header: unknown): header is { resourceId: string; address: unknown; protocol: unknown } {
  if (typeof header !== 'object' || header === null || Object.keys(header).length !== TARGET_KEYS) return false;
  const { kind, resourceId, source } = header as { kind?: unknown; resourceId?: unknown; source?: unknown };
  return kind === 'target' && typeof resourceId === 'string' && typeof source === 'string';
}
