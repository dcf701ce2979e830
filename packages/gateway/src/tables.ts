import { createPublicKey, type KeyObject } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type {
  PublicJwk,
  Snapshot,
  SnapshotPolicy,
  SnapshotResource,
  SnapshotSite,
  SnapshotUser,
} from '@zeronaut/model';
import { type GatewayFacts, type LoadedPolicy, loadPolicyLater, PolicySet } from '@zeronaut/policy';
import type { PackedList } from './packed-list.ts';
import { type PackedSnapshot, packSnapshot, type SnapshotDevice } from './packed-snapshot.ts';
import { atOnce, inTurns, mapPieces, type Pieces } from './turns.ts';

/** ISO 3166-1, two letters; null: unknown. */
export interface Countries {
  of(address: string): string | null;
}

const NO_COUNTRIES: Countries = { of: () => null };

/** How long this gateway may decide by its snapshot without hearing from its console. */
export interface Lease {
  /** From this moment of the wall clock (ms) on, everything is refused. It moves while tables stay; `Infinity`: there is no bound. */
  readonly endMs: number;
}

const NO_LEASE: Lease = { endMs: Number.POSITIVE_INFINITY };

/** A snapshot compiled for look-ups. Immutable; swapped whole. */
export interface Tables {
  readonly snapshot: PackedSnapshot;
  readonly version: number;
  readonly portalHost: string;
  /** This one, as policies speak of it; null: the console said nothing of it. */
  readonly gateway: GatewayFacts | null;
  /** Exact host name to resource (HTTP). */
  readonly hosts: ReadonlyMap<string, SnapshotResource>;
  /** `*.api.example.com` is kept under `api.example.com`; it stands for exactly one more label. */
  readonly wildcardHosts: ReadonlyMap<string, SnapshotResource>;
  readonly tcpPorts: ReadonlyMap<number, SnapshotResource>;
  readonly udpPorts: ReadonlyMap<number, SnapshotResource>;
  readonly resources: ReadonlyMap<string, SnapshotResource>;
  readonly users: PackedList<SnapshotUser>;
  readonly devices: PackedList<SnapshotDevice>;
  readonly sites: ReadonlyMap<string, SnapshotSite>;
  readonly revokedSessions: ReadonlySet<string>;
  /** Address grants of this gateway that the console ended. */
  readonly endedAddressGrants: ReadonlySet<string>;
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
  /** In which country an address is. Not of the snapshot: each gateway has its own file. */
  readonly countries: Countries;
  /** One for all tables of a gateway: a flow that began on older ones ends with it, too. */
  readonly lease: Lease;
  /** By `kid`. */
  readonly consoleKeys: ReadonlyMap<string, KeyObject>;
  /** By `kid`, with the gateway that alone may use it as issuer. */
  readonly gatewayKeys: ReadonlyMap<string, { gatewayId: string; key: KeyObject }>;
}

/**
 * Compiles a snapshot. What is the same in `previous` is taken from there, so that whoever remembers something about a
 * user, a resource or the policies finds it by identity. Throws when a key or a policy in it is none.
 */
export function compileTables(received: Snapshot | PackedSnapshot, previous: Tables | null = null): Tables {
  const snapshot = Array.isArray(received.users) ? packSnapshot(received as Snapshot) : (received as PackedSnapshot);
  return atOnce(compilePieces(previous === null ? snapshot : withRunning(snapshot, previous), previous));
}

/** The same, while flows go on, of a snapshot whose elements are already the running ones where they are equal. */
export function compileTablesInTurns(snapshot: PackedSnapshot, previous: Tables): Promise<Tables> {
  return inTurns(compilePieces(snapshot, previous));
}

function withRunning(received: PackedSnapshot, previous: Tables): PackedSnapshot {
  const { keep } = runningElements(previous);
  return {
    ...received,
    resources: received.resources.map((resource) => keep('resources', resource)),
    sites: received.sites.map((site) => keep('sites', site)),
  };
}

function* compilePieces(snapshot: PackedSnapshot, previous: Tables | null): Pieces<Tables> {
  const hosts = new Map<string, SnapshotResource>();
  const wildcardHosts = new Map<string, SnapshotResource>();
  const tcpPorts = new Map<number, SnapshotResource>();
  const udpPorts = new Map<number, SnapshotResource>();
  const resources = new Map<string, SnapshotResource>();
  yield* mapPieces(snapshot.resources, (resource) => {
    resources.set(resource.id, resource);
    // The first one wins: the console refuses duplicates, and a file is checked when it is read.
    for (const host of resource.protocol === 'http' ? resource.hosts : []) {
      const [map, key] = host.startsWith('*.') ? [wildcardHosts, host.slice(2)] : [hosts, host];
      if (!map.has(key) && host !== snapshot.portalHost) map.set(key, resource);
    }
    const ports = resource.protocol === 'tcp' ? tcpPorts : resource.protocol === 'udp' ? udpPorts : null;
    if (ports !== null && resource.port !== null && !ports.has(resource.port)) ports.set(resource.port, resource);
  });
  const { personalAccessTokens, users, devices } = snapshot;
  if (previous !== null) {
    yield* users.keepMade(previous.users);
    yield* devices.keepMade(previous.devices);
  }
  return {
    snapshot,
    version: snapshot.version,
    portalHost: snapshot.portalHost,
    gateway: snapshot.gateway === undefined ? null : { id: snapshot.gatewayId, ...snapshot.gateway },
    hosts,
    wildcardHosts,
    tcpPorts,
    udpPorts,
    resources,
    users,
    devices,
    sites: yield* mapBy(snapshot.sites, ({ id }) => id),
    endedAddressGrants: new Set(snapshot.endedAddressGrants),
    revokedSessions: new Set(yield* mapPieces(snapshot.revokedSessions, ({ id }) => id)),
    personalAccessTokens: yield* mapBy(personalAccessTokens, ({ hash }) => hash),
    tokenResources: new Set((yield* mapPieces(personalAccessTokens, ({ resourceIds }) => resourceIds)).flat()),
    passkeys: yield* mapBy(snapshot.passkeys, ({ credentialId }) => credentialId),
    policies: yield* compilePolicies(snapshot.policies, previous),
    risks: yield* mapBy(snapshot.risks, ({ id }) => id),
    accessGrants: Map.groupBy(snapshot.accessGrants, ({ userId }) => userId),
    countries: previous?.countries ?? NO_COUNTRIES,
    lease: previous?.lease ?? NO_LEASE,
    consoleKeys: new Map(snapshot.consoleKeys.map((key) => [key.kid, importKey(key)])),
    gatewayKeys: new Map(
      yield* mapPieces(
        snapshot.gatewayKeys,
        ({ gatewayId, key }) => [key.kid, { gatewayId, key: importKey(key) }] as const,
      ),
    ),
  };
}

function* mapBy<T>(items: readonly T[], keyOf: (item: T) => string): Pieces<Map<string, T>> {
  const map = new Map<string, T>();
  yield* mapPieces(items, (item) => map.set(keyOf(item), item));
  return map;
}

/** The set of before, if nothing in it changed. Otherwise one that goes on with its compiled policies, and with what it decided where nothing changed. */
function* compilePolicies(policies: PackedList<SnapshotPolicy>, previous: Tables | null): Pieces<PolicySet> {
  const before = previous?.snapshot.policies ?? null;
  const compiled: LoadedPolicy[] = [];
  let same = before?.size === policies.size;
  for (let index = 0; index < policies.size; index++) {
    const running = before === null ? -1 : policies.indexIn(before, index);
    if (running !== index) same = false;
    compiled.push(running === -1 ? loadPolicyLater(() => policies.at(index)) : previous!.policies.policies[running]!);
    yield;
  }
  return same ? previous!.policies : new PolicySet(compiled, previous?.policies);
}

/**
 * What of a new snapshot is equal to what runs is what runs, so that whoever remembers something about it finds it by
 * identity. For the lists that have ids.
 */
export function runningElements({ snapshot, resources, sites }: Tables) {
  const running: Partial<Record<keyof Snapshot, ReadonlyMap<string, unknown>>> = { resources, sites };
  const { users, devices, policies } = snapshot;
  return {
    ...{ users, devices, policies },
    keep<T>(list: keyof Snapshot, element: T): T {
      const old = running[list]?.get((element as { id: string }).id) as T | undefined;
      return old !== undefined && isDeepStrictEqual(old, element) ? old : element;
    },
  };
}

function importKey(jwk: PublicJwk): KeyObject {
  return createPublicKey({ key: { ...jwk }, format: 'jwk' });
}

/** The tables that new flows start with. One writer (the snapshot room), many readers. */
export class CurrentTables {
  #tables: Tables;
  readonly #listeners = new Set<(next: Tables, previous: Tables) => void>();

  /** `countries` and `lease`: those of all tables from now on. */
  constructor(first: Tables, countries: Countries = first.countries, lease: Lease = first.lease) {
    this.#tables = ofGateway(first, countries, lease);
  }

  get(): Tables {
    return this.#tables;
  }

  /** Swaps whole, then tells the listeners in the order in which they came. A listener that throws is a bug and ends the swap. */
  swap(next: Tables): void {
    const previous = this.#tables;
    this.#tables = ofGateway(next, previous.countries, previous.lease);
    for (const listener of this.#listeners) listener(this.#tables, previous);
  }

  subscribe(listener: (next: Tables, previous: Tables) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** What is of this gateway and not of a snapshot. */
function ofGateway(tables: Tables, countries: Countries, lease: Lease): Tables {
  return tables.countries === countries && tables.lease === lease ? tables : { ...tables, countries, lease };
}
