import { readFile } from 'node:fs/promises';
import {
  type AddressGrant,
  type AddressGrantEnd,
  addressGrant,
  createId,
  MAX_ADDRESS_GRANTS,
  type Reason,
  type ReportedAddressGrant,
  type SnapshotResource,
  type SnapshotUser,
} from '@zeronaut/model';
import { z } from 'zod';
import { StateFile, type StateFileOptions } from '../state-file.ts';
import type { Tables } from '../tables.ts';
import type { EndedSessions } from './ended-sessions.ts';
import type { UntoldGrants } from './untold-grants.ts';

/**
 * Address grants: a signed-in user opened raw ports for one source address, for a bounded time. The portal makes
 * them, raw access asks for them on every connection, and they outlive a restart in `grants.json`. A grant never
 * outlives what it rests on: its session, its user, its resource and the resource's rule are looked up in the tables
 * of the asking flow each time, so that a stale file opens nothing. The console is told of them and may end them, but is never asked.
 */
export interface AddressGrantsOptions extends StateFileOptions {
  readonly ended: EndedSessions;
  /** What the console is to be told; null: there is none. Then, too, what is from the disk counts at once, and else after `settle`. */
  readonly untold: UntoldGrants | null;
  readonly now: () => number;
}

export type RevokedListener = (grant: AddressGrant, why: AddressGrantEnd) => void;

const MAX_GRANTS_PER_USER = 100;
const MAX_HOURS = 24;

const grantsFile = z.strictObject({ format: z.literal(1), grants: z.array(addressGrant).max(MAX_ADDRESS_GRANTS) });

export class AddressGrants {
  readonly #options: AddressGrantsOptions;
  readonly #byId = new Map<string, AddressGrant>();
  /** Several users may have authorised one address, each for a time of their own. */
  readonly #byPlace = new Map<string, AddressGrant[]>();
  readonly #byUser = new Map<string, Set<AddressGrant>>();
  /** From the disk, and not yet known to count. */
  readonly #held = new Set<string>();
  readonly #listeners = new Set<RevokedListener>();
  #onChange: () => void = () => undefined;
  readonly #file: StateFile;
  #timer: NodeJS.Timeout | null = null;
  /** When the timer wants to look next; removals may leave it too early, never too late. */
  #nextMs = Number.POSITIVE_INFINITY;

  private constructor(options: AddressGrantsOptions) {
    this.#options = options;
    this.#file = new StateFile(options, 'address grants', () => ({ format: 1, grants: [...this.#byId.values()] }));
  }

  /** Never rejects: a file that cannot be read or understood means no grants, and is said in the log. */
  static async load(options: AddressGrantsOptions): Promise<AddressGrants> {
    const grants = new AddressGrants(options);
    for (const grant of await readGrants(options)) {
      const endMs = Date.parse(grant.expiresAt);
      if (endMs > options.now()) {
        grants.#add(grant);
        if (options.untold !== null) grants.#held.add(grant.id);
      } else {
        options.untold?.add(grant);
        options.untold?.end(grant, endMs, 'expired');
      }
    }
    return grants;
  }

  /**
   * The same user, port and address again replaces the earlier grant. At most 24 hours, and never beyond the session.
   * It counts at once; `flush` tells when it is on disk.
   */
  create(request: {
    resource: SnapshotResource;
    user: SnapshotUser;
    sessionId: string;
    sessionExpiresAtSeconds: number;
    address: string;
    hours: number;
  }): AddressGrant | Reason {
    const nowMs = this.#options.now();
    const { resource, user, address } = request;
    const earlier = this.#byPlace.get(place(resource.id, address))?.find((grant) => grant.userId === user.id);
    const mine = this.#byUser.get(user.id)?.size ?? 0;
    if (earlier === undefined && (this.#byId.size >= MAX_ADDRESS_GRANTS || mine >= MAX_GRANTS_PER_USER)) {
      return 'access.too_many_grants';
    }
    const untilMs = Math.min(
      nowMs + Math.min(request.hours, MAX_HOURS) * 3_600_000,
      request.sessionExpiresAtSeconds * 1000,
    );
    const grant: AddressGrant = {
      id: createId('grant', nowMs),
      organizationId: resource.organizationId,
      resourceId: resource.id,
      userId: user.id,
      sessionId: request.sessionId,
      address,
      createdAt: new Date(nowMs).toISOString(),
      expiresAt: new Date(untilMs).toISOString(),
    };
    // Replaced, not revoked: connections that rest on the earlier one go on under this one.
    if (earlier !== undefined) this.#drop(earlier, 'extended');
    this.#add(grant);
    void this.#file.save();
    this.#onChange();
    return grant;
  }

  /** Who authorised this address for this resource, as far as `tables` still bear it out. Usually nobody or one. */
  usersAt(resource: SnapshotResource, address: string, tables: Tables): readonly SnapshotUser[] {
    const grants = this.#byPlace.get(place(resource.id, address));
    if (grants === undefined) return [];
    return grants
      .filter((grant) => grant.organizationId === resource.organizationId && this.#stands(grant, tables))
      .map((grant) => tables.users.get(grant.userId)!);
  }

  /** Newest first. */
  ofUser(userId: string): readonly AddressGrant[] {
    const nowMs = this.#options.now();
    return [...(this.#byUser.get(userId) ?? [])].filter((grant) => Date.parse(grant.expiresAt) > nowMs).reverse();
  }

  /** False when the user has no such grant. */
  revoke(grantId: string, userId: string): boolean {
    const grant = this.#byId.get(grantId);
    if (grant === undefined || grant.userId !== userId) return false;
    this.#remove([grant], 'revoked');
    return true;
  }

  /** Removes what rests on a session, user or resource that is gone. To be called with each new snapshot. */
  prune(tables: Tables): void {
    this.#remove(
      [...this.#byId.values()].filter((grant) => !this.#counts(grant, tables)),
      'gone',
    );
  }

  /** Removes what a session opened, at once. */
  endSession(sessionId: string): void {
    this.#remove(
      [...this.#byId.values()].filter((grant) => grant.sessionId === sessionId),
      'gone',
    );
  }

  /** For who tells the console, see `sync/address-reports.ts`. */
  readonly source = {
    untold: (limit: number) => this.#options.untold?.next(limit) ?? [],
    told: (grants: readonly ReportedAddressGrant[]) => this.#options.untold?.told(grants),
    tellAnew: () => {
      for (const grant of this.#byId.values()) this.#options.untold?.add(grant);
    },
    openIds: () => [...this.#byId.keys()],
    end: (ids: readonly string[]) => {
      const grants = ids.map((id) => this.#byId.get(id)).filter((grant) => grant !== undefined);
      this.#remove(grants, 'gone');
    },
    settle: () => this.#held.clear(),
    onChange: (listener: () => void) => {
      this.#onChange = listener;
    },
  };

  /** Told after a grant stopped counting, so that connections which rest on it can be closed. */
  onRevoked(listener: RevokedListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when all that was done before is on disk, or was given up with a line in the log. */
  async flush(): Promise<void> {
    await Promise.all([this.#file.flush(), this.#options.untold?.flush()]);
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#nextMs = Number.NEGATIVE_INFINITY;
    await this.flush();
  }

  #stands(grant: AddressGrant, tables: Tables): boolean {
    return !this.#held.has(grant.id) && this.#counts(grant, tables);
  }

  /** Whether it may be kept. */
  #counts(grant: AddressGrant, tables: Tables): boolean {
    return (
      Date.parse(grant.expiresAt) > this.#options.now() &&
      !tables.endedAddressGrants.has(grant.id) &&
      tables.users.has(grant.userId) &&
      tables.resources.has(grant.resourceId) &&
      !tables.revokedSessions.has(grant.sessionId) &&
      !this.#options.ended.has(grant.sessionId)
    );
  }

  #add(grant: AddressGrant): void {
    this.#byId.set(grant.id, grant);
    this.#options.untold?.add(grant);
    const key = place(grant.resourceId, grant.address);
    const here = this.#byPlace.get(key);
    if (here === undefined) this.#byPlace.set(key, [grant]);
    else here.push(grant);
    const mine = this.#byUser.get(grant.userId);
    if (mine === undefined) this.#byUser.set(grant.userId, new Set([grant]));
    else mine.add(grant);
    this.#wakeAt(Date.parse(grant.expiresAt));
  }

  #drop(grant: AddressGrant, why: AddressGrantEnd): void {
    this.#byId.delete(grant.id);
    this.#held.delete(grant.id);
    const nowMs = this.#options.now();
    this.#options.untold?.end(grant, nowMs, Date.parse(grant.expiresAt) <= nowMs ? 'expired' : why);
    const key = place(grant.resourceId, grant.address);
    const others = (this.#byPlace.get(key) ?? []).filter((other) => other !== grant);
    if (others.length === 0) this.#byPlace.delete(key);
    else this.#byPlace.set(key, others);
    const mine = this.#byUser.get(grant.userId);
    mine?.delete(grant);
    if (mine?.size === 0) this.#byUser.delete(grant.userId);
  }

  #remove(grants: readonly AddressGrant[], why: AddressGrantEnd): void {
    if (grants.length === 0) return;
    for (const grant of grants) this.#drop(grant, why);
    void this.#file.save();
    this.#onChange();
    for (const grant of grants) for (const listener of this.#listeners) listener(grant, why);
  }

  /** One timer for the next end of a grant; nothing is kept alive by it. */
  #wakeAt(atMs: number): void {
    if (atMs >= this.#nextMs) return;
    this.#nextMs = atMs;
    if (this.#timer !== null) clearTimeout(this.#timer);
    // At most a minute at a time, so that a wall clock that was moved is noticed.
    const waitMs = Math.min(Math.max(0, atMs - this.#options.now()), 60_000);
    this.#timer = setTimeout(() => this.#expire(), waitMs);
    this.#timer.unref();
  }

  #expire(): void {
    const nowMs = this.#options.now();
    const over: AddressGrant[] = [];
    let nextMs = Number.POSITIVE_INFINITY;
    for (const grant of this.#byId.values()) {
      const endMs = Date.parse(grant.expiresAt);
      if (endMs <= nowMs) over.push(grant);
      else nextMs = Math.min(nextMs, endMs);
    }
    this.#remove(over, 'expired');
    this.#nextMs = Number.POSITIVE_INFINITY;
    this.#wakeAt(nextMs);
  }
}

/** Ids hold no space. */
function place(resourceId: string, address: string): string {
  return `${resourceId} ${address}`;
}

async function readGrants(options: AddressGrantsOptions): Promise<readonly AddressGrant[]> {
  let text: string;
  try {
    text = await readFile(options.path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      options.log.warn({ err: error, path: options.path }, 'address grants could not be read, starting with none');
    }
    return [];
  }
  try {
    return grantsFile.parse(JSON.parse(text)).grants;
  } catch (error) {
    options.log.warn({ err: error, path: options.path }, 'address grants are damaged, starting with none');
    return [];
  }
}
