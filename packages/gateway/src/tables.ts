import { createPublicKey, type KeyObject } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { PublicJwk, Snapshot, SnapshotResource, SnapshotSite, SnapshotUser } from '@zeronaut/model';
import { PolicySet } from '@zeronaut/policy';

/** A snapshot compiled for look-ups. Immutable; swapped whole. */
export interface Tables {
  readonly snapshot: Snapshot;
  readonly version: number;
  readonly portalHost: string;
  /** Exact host name to resource (HTTP). */
  readonly hosts: ReadonlyMap<string, SnapshotResource>;
  /** `*.api.example.com` is kept under `api.example.com`; it stands for exactly one more label. */
  readonly wildcardHosts: ReadonlyMap<string, SnapshotResource>;
  readonly tcpPorts: ReadonlyMap<number, SnapshotResource>;
  readonly udpPorts: ReadonlyMap<number, SnapshotResource>;
  readonly resources: ReadonlyMap<string, SnapshotResource>;
  readonly users: ReadonlyMap<string, SnapshotUser>;
  readonly devices: ReadonlyMap<string, Snapshot['devices'][number]>;
  readonly sites: ReadonlyMap<string, SnapshotSite>;
  readonly revokedSessions: ReadonlySet<string>;
  /** By the token's SHA-256, base64url. */
  readonly personalAccessTokens: ReadonlyMap<string, Snapshot['personalAccessTokens'][number]>;
  /** Ids of the resources that some personal access token is for. */
  readonly tokenResources: ReadonlySet<string>;
  /** By credential id. */
  readonly passkeys: ReadonlyMap<string, Snapshot['passkeys'][number]>;
  readonly policies: PolicySet;
  /** By id of user or device; absent: no risk. */
  readonly risks: ReadonlyMap<string, Snapshot['risks'][number]>;
  /** Approved access requests, by user. */
  readonly accessGrants: ReadonlyMap<string, Snapshot['accessGrants']>;
  /** By `kid`. */
  readonly consoleKeys: ReadonlyMap<string, KeyObject>;
  /** By `kid`, with the gateway that alone may use it as issuer. */
  readonly gatewayKeys: ReadonlyMap<string, { gatewayId: string; key: KeyObject }>;
}

/**
 * Compiles a snapshot. What is the same in `previous` is taken from there, so that whoever remembers something about a
 * user, a resource or the policies finds it by identity. Throws when a key or a policy in it is none.
 */
export function compileTables(received: Snapshot, previous: Tables | null = null): Tables {
  const snapshot: Snapshot =
    previous === null
      ? received
      : {
          ...received,
          users: keepUnchanged(received.users, previous.users, sameUser),
          resources: keepUnchanged(received.resources, previous.resources, isDeepStrictEqual),
          sites: keepUnchanged(received.sites, previous.sites, isDeepStrictEqual),
        };
  const hosts = new Map<string, SnapshotResource>();
  const wildcardHosts = new Map<string, SnapshotResource>();
  const tcpPorts = new Map<number, SnapshotResource>();
  const udpPorts = new Map<number, SnapshotResource>();
  const resources = new Map<string, SnapshotResource>();
  for (const resource of snapshot.resources) {
    resources.set(resource.id, resource);
    // The first one wins: the console refuses duplicates, and a file is checked when it is read.
    for (const host of resource.protocol === 'http' ? resource.hosts : []) {
      const [map, key] = host.startsWith('*.') ? [wildcardHosts, host.slice(2)] : [hosts, host];
      if (!map.has(key) && host !== snapshot.portalHost) map.set(key, resource);
    }
    const ports = resource.protocol === 'tcp' ? tcpPorts : resource.protocol === 'udp' ? udpPorts : null;
    if (ports !== null && resource.port !== null && !ports.has(resource.port)) ports.set(resource.port, resource);
  }
  return {
    snapshot,
    version: snapshot.version,
    portalHost: snapshot.portalHost,
    hosts,
    wildcardHosts,
    tcpPorts,
    udpPorts,
    resources,
    users: new Map(snapshot.users.map((user) => [user.id, user])),
    devices: new Map(snapshot.devices.map((device) => [device.id, device])),
    sites: new Map(snapshot.sites.map((site) => [site.id, site])),
    revokedSessions: new Set(snapshot.revokedSessions.map((session) => session.id)),
    personalAccessTokens: new Map(snapshot.personalAccessTokens.map((token) => [token.hash, token])),
    tokenResources: new Set(snapshot.personalAccessTokens.flatMap((token) => token.resourceIds)),
    passkeys: new Map(snapshot.passkeys.map((passkey) => [passkey.credentialId, passkey])),
    policies:
      previous !== null && isDeepStrictEqual(previous.snapshot.policies, snapshot.policies)
        ? previous.policies
        : new PolicySet(snapshot.policies),
    risks: new Map(snapshot.risks.map((risk) => [risk.id, risk])),
    accessGrants: Map.groupBy(snapshot.accessGrants, ({ userId }) => userId),
    consoleKeys: new Map(snapshot.consoleKeys.map((key) => [key.kid, importKey(key)])),
    gatewayKeys: new Map(
      snapshot.gatewayKeys.map(({ gatewayId, key }) => [key.kid, { gatewayId, key: importKey(key) }]),
    ),
  };
}

function keepUnchanged<T extends { readonly id: string }>(
  items: readonly T[],
  before: ReadonlyMap<string, T>,
  same: (a: T, b: T) => boolean,
): T[] {
  return items.map((item) => {
    const old = before.get(item.id);
    return old !== undefined && same(old, item) ? old : item;
  });
}

/** As `isDeepStrictEqual`, at a tenth of its cost: there may be ten thousands of them. */
function sameUser(a: SnapshotUser, b: SnapshotUser): boolean {
  return (
    a.organizationId === b.organizationId &&
    a.email === b.email &&
    a.name === b.name &&
    a.role === b.role &&
    a.groups.length === b.groups.length &&
    a.groups.every((group, index) => group === b.groups[index])
  );
}

function importKey(jwk: PublicJwk): KeyObject {
  return createPublicKey({ key: { ...jwk }, format: 'jwk' });
}

/** The tables that new flows start with. One writer (the snapshot room), many readers. */
export class CurrentTables {
  #tables: Tables;
  readonly #listeners = new Set<(next: Tables, previous: Tables) => void>();

  constructor(first: Tables) {
    this.#tables = first;
  }

  get(): Tables {
    return this.#tables;
  }

  /** Swaps whole, then tells the listeners in the order in which they came. A listener that throws is a bug and ends the swap. */
  swap(next: Tables): void {
    const previous = this.#tables;
    this.#tables = next;
    for (const listener of this.#listeners) listener(next, previous);
  }

  subscribe(listener: (next: Tables, previous: Tables) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
