import type { TLSSocket } from 'node:tls';
import {
  createId,
  type DeviceTunnel,
  Fault,
  type GatewayLoad,
  type LiveNoun,
  parseAddress,
  type SignedSnapshot,
  SYNC_PING_INTERVAL_MS,
  type SyncFromConsole,
  type SyncFromGateway,
} from '@zeronaut/model';
import type { Logger } from 'pino';
import { parseCertificateRequest } from '../authority/certificate-request.ts';
import { storeEvents } from '../domains/access-events/access-events.ts';
import { takeAddressGrants } from '../domains/address-grants/reports.ts';
import { appendAudit } from '../domains/audit/audit.ts';
import { addCosignature, offerOf } from '../domains/audit/cosignatures.ts';
import type { Context, Origin } from '../domains/context.ts';
import { storeLoad } from '../domains/gateways/gateway-load.ts';
import type { GatewayRow } from '../domains/gateways/gateways.ts';
import { createPortalPasskey, recordEdgeSignIn } from '../domains/passkeys/edge-sign-in.ts';
import { endPortalSession } from '../domains/sessions/end-portal-session.ts';
import type { RateLimit } from '../domains/sessions/rate-limit.ts';
import { signIn } from '../domains/sessions/sign-in.ts';
import { Refusal } from '../store/refusal.ts';
import { encodeMessage, MessageReader } from './codec.ts';
import { GatewayLog } from './gateway-log.ts';
import { Outbox } from './outbox.ts';
import type { GatewayStatus } from './presence.ts';
import { newestVersion } from './snapshot-builder.ts';

/** Remote calls of one gateway that run or wait at once; beyond that the link is not read until some are done. */
const MAX_PENDING_CALLS = 64;
/** Answers that wait for a gateway that does not read; beyond that it is not read either. */
const MAX_WAITING_ANSWERS = 256;
/** Silence after which the other side is given up. */
const GIVE_UP_MS = SYNC_PING_INTERVAL_MS * 3;
/** Epochs of events on one connection: a spool that was lost begins a new one, which is rare. */
const MAX_EPOCHS = 16;
/** How long an answer of a witness is waited for. */
const WITNESS_TIMEOUT_MS = 2_000;
/** How long a gateway is waited for that is asked for the tunnels of a device, and questions that wait for it. */
const TUNNELS_TIMEOUT_MS = 2_000;
const MAX_ASKED = 100;
/** The load is told every few seconds, and stored this often. */
const STORE_LOAD_EVERY_MS = 15_000;
/** Versions beyond this are no count of changes. */
const MAX_VERSION = 2 ** 52;

interface WitnessState {
  /** Verifier key of its cosignatures, by its own word: who verifies must know it from the gateway itself. */
  readonly key: string;
  /** Entries that it vouched for last. */
  size: number;
  asked: { readonly size: number; readonly promise: Promise<void>; readonly resolve: () => void } | null;
}

/** What the server does for its links. */
export interface LinkOwner {
  /** What gateways may tell of address grants, by gateway. */
  readonly reportLimit: RateLimit;
  /** The gateway said hello and waits for its snapshot. */
  onHello(link: GatewayLink): void;
  /** It asks whether what it runs is the newest snapshot: `confirm` is called when that is certain. */
  onConfirm(link: GatewayLink): void;
  /** How long it may decide by the snapshot of this version (s); null: for ever; undefined: that was not built for it here. */
  leaseOf(link: GatewayLink, version: number): number | null | undefined;
  /** It said how it is. */
  onLoad(link: GatewayLink, status: GatewayStatus): void;
  /** Devices came or went there. */
  onDevices(link: GatewayLink, deviceIds: readonly string[]): void;
  onClosed(link: GatewayLink): void;
}

/**
 * One gateway's connection, after its certificate was checked. Messages are handled in order; sign-ins run beside them,
 * because they take a password hash. At most one snapshot waits to be written: a newer one takes its place.
 */
export class GatewayLink {
  readonly gateway: GatewayRow;
  /** What the gateway runs, by its own word. */
  runningVersion = 0;
  /** What was written to it last. */
  sentVersion = 0;
  greeted = false;
  /** What it understands beyond the first version of the protocol. */
  features: ReadonlySet<string> = new Set();
  /** What it said of itself last; null: nothing yet. */
  status: GatewayStatus | null = null;
  #loadStoredAt = 0;
  readonly #asked = new Map<number, (tunnels: readonly DeviceTunnel[] | null) => void>();
  #lastAsked = 0;
  readonly log: GatewayLog;
  /** Undefined: it is no witness of the audit log. */
  #witness: WitnessState | undefined;

  readonly #context: Context;
  readonly #socket: TLSSocket;
  readonly #owner: LinkOwner;
  readonly #logger: Logger;
  readonly #reader = new MessageReader();
  readonly #outbox: Outbox;
  readonly #remoteAddress: string;
  #queue: Promise<void> = Promise.resolve();
  #queued = 0;
  #calls = 0;
  /** Its question whether it runs the newest snapshot, until it is answered. */
  #confirming: { readonly rpcId: number; readonly nonce: string } | null = null;
  /** Its row is being looked at for that: one look at a time, however often it asks. */
  #looking = false;
  #waitingSnapshot: { version: number; signed: SignedSnapshot } | null = null;
  /** Messages since nothing waited any more. */
  #answersWaiting = 0;
  /** A snapshot is among what waits to be written. */
  #snapshotInOutbox = false;
  /** Of whoever waits until the gateway runs what it was sent. */
  #taken: PromiseWithResolvers<void> | null = null;
  #closed = false;
  #lastHeardAt: number;
  readonly #pinger: NodeJS.Timeout;
  /** By epoch: the last event of this connection, to see holes. */
  readonly #lastSeq = new Map<string, number>();

  constructor(context: Context, gateway: GatewayRow, socket: TLSSocket, owner: LinkOwner, log: Logger) {
    this.#context = context;
    this.gateway = gateway;
    this.#socket = socket;
    this.#owner = owner;
    this.#logger = log;
    this.log = new GatewayLog((message) => this.#send(message));
    this.#remoteAddress = parseAddress(socket.remoteAddress ?? '') ?? '';
    this.#outbox = new Outbox(socket, () => this.#onDrained());
    this.#lastHeardAt = performance.now();
    this.#pinger = setInterval(() => this.#keepAlive(), SYNC_PING_INTERVAL_MS);
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('end', () => this.close());
    socket.on('close', () => this.close());
  }

  /** Sends it now, or when the gateway has read what it was sent before; then the newest one only. */
  sendSnapshot(version: number, signed: SignedSnapshot): void {
    if (this.#closed || version <= this.sentVersion) return;
    if (this.#snapshotInOutbox) {
      this.#waitingSnapshot = { version, signed };
      return;
    }
    this.sentVersion = version;
    this.#snapshotInOutbox = true;
    this.#send({ type: 'snapshot', snapshot: signed });
  }

  /** Resolves when the gateway runs what it was sent last, has refused it or is gone; at the latest after that time. */
  async taken(timeoutMs: number): Promise<void> {
    if (this.#closed || !this.greeted || this.runningVersion >= this.#newestVersion) return;
    this.#taken ??= Promise.withResolvers();
    const { promise, resolve } = this.#taken;
    const timer = setTimeout(resolve, timeoutMs);
    await promise;
    clearTimeout(timer);
  }

  get #newestVersion(): number {
    return this.#waitingSnapshot?.version ?? this.sentVersion;
  }

  /**
   * Signs that `version` is the newest one, if the gateway asked. Looks into the database before, because a console that is cut off from it
   * knows nothing, and resolves false if another console has made a newer one, or the gateway is none any more.
   */
  async confirm(version: number): Promise<boolean> {
    const asked = this.#confirming;
    if (asked === null || this.#closed || this.#looking) return true;
    const { id: gatewayId, organization_id: organizationId } = this.gateway;
    this.#looking = true;
    const newest = await newestVersion(this.#context, this.gateway).finally(() => {
      this.#looking = false;
    });
    if (newest !== version) return false;
    if (this.#confirming !== asked) {
      // It asked anew meanwhile, maybe after a change.
      this.#owner.onConfirm(this);
      return true;
    }
    this.#confirming = null;
    const { snapshotKey, signCurrent } = this.#context.authority;
    const signature = signCurrent({ gatewayId, organizationId, version, nonce: asked.nonce });
    this.#send({ type: 'snapshot_confirmed', rpcId: asked.rpcId, version, keyId: snapshotKey.keyId, signature });
    return true;
  }

  /** Offers it the newest checkpoint that it has not vouched for; resolves with its answer, or without one after a moment. */
  async askWitness(): Promise<void> {
    const witness = this.#witness;
    if (witness === undefined || this.#closed) return;
    if (witness.asked === null) {
      const offer = await offerOf(this.#context, this.gateway.organization_id, witness.size);
      if (offer === null || this.#closed) return;
      if (witness.asked === null) {
        const { promise, resolve } = Promise.withResolvers<void>();
        witness.asked = { size: offer.size, promise, resolve };
        this.#send({ type: 'checkpoint', ...offer.message });
      }
    }
    const timeout = AbortSignal.timeout(WITNESS_TIMEOUT_MS);
    await Promise.race([
      witness.asked.promise,
      new Promise<void>((resolve) => timeout.addEventListener('abort', () => resolve(), { once: true })),
    ]);
  }

  /** Null: it does not know the question, or did not answer in time. */
  async askTunnels(deviceId: string): Promise<readonly DeviceTunnel[] | null> {
    if (this.#closed || !this.features.has('tunnels') || this.#asked.size >= MAX_ASKED) return null;
    const rpcId = ++this.#lastAsked;
    return await new Promise((resolve) => {
      const settle = (tunnels: readonly DeviceTunnel[] | null) => {
        clearTimeout(timer);
        this.#asked.delete(rpcId);
        resolve(tunnels);
      };
      const timer = setTimeout(settle, TUNNELS_TIMEOUT_MS, null);
      this.#asked.set(rpcId, settle);
      this.#send({ type: 'list_tunnels', rpcId, deviceId });
    });
  }

  #onTunnels({ rpcId, tunnels }: SyncFromGateway & { type: 'tunnels' }): void {
    // After the time-out nobody waits any more.
    if (rpcId > this.#lastAsked) this.#invalid('an answer to nothing that was asked');
    else this.#asked.get(rpcId)?.(tunnels);
  }

  async #onWitness(message: SyncFromGateway & { type: 'cosigned' | 'not_cosigned' }): Promise<void> {
    const witness = this.#witness;
    if (witness === undefined || witness.asked?.size !== message.size) {
      return this.#invalid('a checkpoint that was not offered');
    }
    const { asked } = witness;
    witness.asked = null;
    try {
      await this.#heed(witness, message);
    } finally {
      asked.resolve();
    }
  }

  async #heed(witness: WitnessState, message: SyncFromGateway & { type: 'cosigned' | 'not_cosigned' }): Promise<void> {
    if (message.type === 'cosigned') {
      const added = await addCosignature(this.#context, this.gateway.organization_id, witness.key, message);
      if (!added) return this.#invalid('a cosignature that is none');
      witness.size = message.size;
    } else {
      const { size, reason, detail } = message;
      this.#logger.error(
        { gatewayId: this.gateway.id, size, reason, detail },
        'gateway does not vouch for the audit log',
      );
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#witness?.asked?.resolve();
    this.log.stop();
    for (const settle of [...this.#asked.values()]) settle(null);
    this.#taken?.resolve();
    clearInterval(this.#pinger);
    this.#waitingSnapshot = null;
    this.#outbox.clear();
    this.#socket.destroy();
    this.#owner.onClosed(this);
  }

  #send(message: SyncFromConsole): void {
    if (this.#closed) return;
    this.#answersWaiting++;
    this.#outbox.push(encodeMessage(message));
  }

  #onDrained(): void {
    this.#snapshotInOutbox = false;
    this.#answersWaiting = 0;
    const waiting = this.#waitingSnapshot;
    this.#waitingSnapshot = null;
    if (waiting !== null) this.sendSnapshot(waiting.version, waiting.signed);
    this.#pace();
  }

  /** A gateway that takes nothing of what waits for it is as gone as one that says nothing. */
  #keepAlive(): void {
    const waits = this.#outbox.sizeBytes > 0;
    const aliveAt = waits ? this.#outbox.lastProgressAt : this.#lastHeardAt;
    if (performance.now() - aliveAt > GIVE_UP_MS) this.close();
    else if (!waits) this.#send({ type: 'ping' });
  }

  #onData(chunk: Buffer): void {
    this.#lastHeardAt = performance.now();
    const messages = this.#reader.push(chunk);
    if (messages === null) {
      this.#invalid('not a message of ours');
      return;
    }
    for (const message of messages) {
      if (this.#closed) return;
      if (this.greeted === (message.type === 'hello')) {
        this.#invalid('hello comes first, and once');
        return;
      }
      // Beside what waits to be stored: all services would close if that took longer than a snapshot may be used.
      if (message.type === 'confirm_snapshot') {
        this.#confirming = message;
        this.#owner.onConfirm(this);
      } else this.#enqueue(message);
    }
    this.#pace();
  }

  /** Stops reading while much is unfinished, or the gateway does not read our answers. */
  #pace(): void {
    if (this.#closed) return;
    const full =
      this.#queued >= MAX_PENDING_CALLS ||
      this.#calls >= MAX_PENDING_CALLS ||
      this.#answersWaiting >= MAX_WAITING_ANSWERS;
    if (full && !this.#socket.isPaused()) this.#socket.pause();
    else if (!full && this.#socket.isPaused()) this.#socket.resume();
  }

  #enqueue(message: Exclude<SyncFromGateway, { type: 'confirm_snapshot' }>): void {
    if (message.type === 'hello') this.greeted = true;
    this.#queued++;
    this.#queue = this.#queue
      .then(() => (this.#closed ? undefined : this.#handle(message)))
      .catch((error: unknown) => {
        // The store failed. The gateway keeps what was not acknowledged and dials again.
        this.#logger.error({ err: error, gatewayId: this.gateway.id, type: message.type }, 'sync message failed');
        this.close();
      })
      .finally(() => {
        this.#queued--;
        this.#pace();
      });
  }

  async #handle(message: Exclude<SyncFromGateway, { type: 'confirm_snapshot' }>): Promise<void> {
    switch (message.type) {
      case 'hello':
        if (message.snapshotVersion > MAX_VERSION) return this.#invalid('a version that nobody counted to');
        this.runningVersion = message.snapshotVersion;
        // What it runs already needs not be sent; what it runs beyond us makes us count further.
        this.sentVersion = message.snapshotVersion;
        this.features = new Set(message.features);
        if (message.witness !== undefined) this.#witness = { ...message.witness, asked: null };
        await this.#saveStatus({
          software_version: message.softwareVersion,
          applied_version: message.snapshotVersion,
          ...(!this.features.has('expiry') && { lease_seconds: null }),
        });
        return this.#owner.onHello(this);
      case 'applied':
        if (message.version > this.sentVersion) return this.#invalid('a version that was not sent');
        this.runningVersion = message.version;
        if (message.version >= this.#newestVersion) this.#taken?.resolve();
        return await this.#saveStatus({
          applied_version: message.version,
          lease_seconds: this.#owner.leaseOf(this, message.version),
        });
      case 'refused':
        this.#logger.warn(
          { gatewayId: this.gateway.id, version: message.version, reason: message.reason, detail: message.detail },
          'gateway refused a snapshot',
        );
        if (message.version >= this.#newestVersion) this.#taken?.resolve();
        return;
      case 'status':
        return await this.#takeStatus(message);
      case 'log':
        // What is on its way when the last one stops looking is let go.
        if (!this.log.take(message.lines, message.dropped) && !this.features.has('log')) {
          this.#invalid('a log that nobody asked for');
        }
        return;
      case 'tunnels':
        return this.#onTunnels(message);
      case 'cosigned':
      case 'not_cosigned':
        return await this.#onWitness(message);
      case 'events':
        return await this.#storeEvents(message.events);
      case 'sign_in':
        return this.#call(() => this.#signIn(message));
      case 'sign_out':
        return this.#call(() => this.#signOut(message));
      case 'passkey_sign_in':
        return this.#call(() => this.#passkeySignIn(message));
      case 'address_grants':
        return await this.#takeAddressGrants(message);
      case 'passkey_create':
        return this.#call(() => this.#createPasskey(message));
      case 'renew':
        return this.#call(() => this.#renew(message));
      case 'ping':
        return this.#send({ type: 'pong' });
      case 'pong':
        return;
    }
  }

  /** Runs beside the queue: a slow password hash must not hold events up. */
  #call(run: () => Promise<void>): void {
    this.#calls++;
    run()
      .catch((error: unknown) => {
        this.#logger.error({ err: error, gatewayId: this.gateway.id }, 'sync call failed');
        this.close();
      })
      .finally(() => {
        this.#calls--;
        this.#pace();
      });
  }

  async #storeEvents(events: (SyncFromGateway & { type: 'events' })['events']): Promise<void> {
    const { id, organization_id: organizationId } = this.gateway;
    for (const [epoch, ofEpoch] of Map.groupBy(events, (event) => event.epoch)) {
      for (const event of ofEpoch) {
        if (event.gatewayId !== id || (event.organizationId ?? organizationId) !== organizationId) {
          return this.#invalid('events of somebody else');
        }
        // The first one may be anywhere: what came before it was acknowledged once. After that holes are a fault.
        const last = this.#lastSeq.get(epoch);
        if (last !== undefined && event.seq > last + 1) return this.#invalid('a hole in the events');
        if (last === undefined && this.#lastSeq.size >= MAX_EPOCHS) return this.#invalid('too many epochs');
        this.#lastSeq.set(epoch, Math.max(last ?? 0, event.seq));
      }
      const seq = await this.#context.store.transaction((queries) =>
        storeEvents(queries, this.#context, organizationId, id, epoch, ofEpoch),
      );
      this.#send({ type: 'events_stored', epoch, seq });
    }
  }

  async #signIn(message: SyncFromGateway & { type: 'sign_in' }): Promise<void> {
    const { email, password, code } = message;
    const result = await signIn(
      this.#context,
      { email, password, code, kind: 'portal', organizationId: this.gateway.organization_id },
      this.#origin(parseAddress(message.address) ?? this.#remoteAddress, message.userAgent),
    ).catch((error: unknown) => {
      // Too many password hashes wait. That is for the visitor to know, not a reason to drop the link.
      if (error instanceof Fault && error.retry === 'yes') return new Refusal('access.unavailable');
      throw error;
    });
    const token = 'token' in result ? result.token : null;
    this.#send({
      type: 'sign_in_result',
      rpcId: message.rpcId,
      token,
      reason: result instanceof Refusal ? result.reason : token === null ? 'factor.missing' : null,
    });
  }

  async #signOut({ sessionId, rpcId }: SyncFromGateway & { type: 'sign_out' }): Promise<void> {
    await endPortalSession(this.#context, this.gateway, sessionId, this.#origin(this.#remoteAddress, ''));
    this.#send({ type: 'sign_out_result', rpcId });
  }

  async #passkeySignIn({ signIn, rpcId }: SyncFromGateway & { type: 'passkey_sign_in' }): Promise<void> {
    const origin = this.#origin(parseAddress(signIn.address) ?? this.#remoteAddress, signIn.userAgent);
    await recordEdgeSignIn(this.#context, this.gateway, signIn, origin);
    this.#send({ type: 'passkey_sign_in_result', rpcId });
  }

  async #takeAddressGrants(message: SyncFromGateway & { type: 'address_grants' }): Promise<void> {
    const result = await takeAddressGrants(this.#context, this.gateway, message, this.#owner.reportLimit);
    if (result.taken < message.grants.length) {
      this.#logger.warn({ gatewayId: this.gateway.id }, 'gateway tells of more address grants than it may');
    }
    this.#send({ type: 'address_grants_result', rpcId: message.rpcId, ...result });
  }

  async #createPasskey(message: SyncFromGateway & { type: 'passkey_create' }): Promise<void> {
    const origin = this.#origin(parseAddress(message.address) ?? this.#remoteAddress, message.userAgent);
    const created = await createPortalPasskey(this.#context, this.gateway, message, origin);
    const [reason, recoveryCodes] = created instanceof Refusal ? [created.reason, []] : [null, created.recoveryCodes];
    this.#send({ type: 'passkey_create_result', rpcId: message.rpcId, reason, recoveryCodes });
  }

  async #renew(message: SyncFromGateway & { type: 'renew' }): Promise<void> {
    const { id: gatewayId, organization_id: organizationId, key_fingerprint: fingerprint } = this.gateway;
    const key = await parseCertificateRequest(message.csr);
    // The same key only: a stolen certificate must not be able to move the identity to the thief's key.
    const issued =
      key !== null && key.fingerprint === fingerprint
        ? await this.#context.authority.certificates.gateway(key, { organizationId, gatewayId })
        : null;
    if (issued !== null) {
      const origin = this.#origin(this.#remoteAddress, '');
      await this.#context.store.transaction((queries) =>
        appendAudit(
          queries,
          this.#context,
          {
            organizationId,
            actor: { kind: 'system', id: gatewayId, name: this.gateway.name, address: origin.address },
            requestId: origin.requestId,
          },
          { action: 'gateway.renew', objectKind: 'gateway', objectId: gatewayId },
        ),
      );
    }
    this.#send({
      type: 'renewed',
      rpcId: message.rpcId,
      certificate: issued?.pem ?? null,
      notAfter: issued === null ? null : new Date(issued.notAfterMs).toISOString(),
    });
  }

  #origin(address: string, userAgent: string): Origin {
    return { address, userAgent, requestId: createId('request') };
  }

  async #saveStatus(values: {
    software_version?: string;
    applied_version: number;
    lease_seconds?: number | null | undefined;
  }): Promise<void> {
    await this.#context.store.db
      .updateTable('gateways')
      .set({ ...values, last_seen_at: this.#context.clock() })
      .where('id', '=', this.gateway.id)
      .where('organization_id', '=', this.gateway.organization_id)
      .execute();
    this.tellStatus(!this.#closed);
  }

  async #takeStatus(message: SyncFromGateway & { type: 'status' }): Promise<void> {
    const before = this.status;
    const devices = message.devices === undefined ? (before?.devices ?? new Set<string>()) : new Set(message.devices);
    const serving = message.serving === undefined ? (before?.serving ?? new Set<string>()) : new Set(message.serving);
    const unhealthy = message.unhealthy ?? before?.unhealthy ?? [];
    const status = { load: message.load, at: this.#context.clock(), devices, serving, unhealthy };
    this.status = status;
    this.#owner.onLoad(this, status);
    this.#tellGateway(true, message.load);
    this.#tellPresence('devices', 'device', before?.devices ?? new Set(), devices);
    this.#tellPresence('services', 'service', before?.serving ?? new Set(), serving);
    if (message.unhealthy !== undefined) {
      const resources = (list: readonly { resourceId: string }[]) => new Set(list.map(({ resourceId }) => resourceId));
      // `connected` where a target is well again.
      this.#tellPresence('resources', 'resource', resources(unhealthy), resources(before?.unhealthy ?? []));
    }
    if (status.at - this.#loadStoredAt < STORE_LOAD_EVERY_MS) return;
    this.#loadStoredAt = status.at;
    await storeLoad(this.#context, this.gateway, status.load, status.at);
  }

  /** What came and what went, as changes of the things themselves: their lists show whether they are connected. */
  #tellPresence(noun: LiveNoun, word: string, before: ReadonlySet<string>, now: ReadonlySet<string>): void {
    if (noun === 'devices' && before !== now) this.#owner.onDevices(this, [...before.symmetricDifference(now)]);
    const tell = (id: string, what: string) =>
      this.#context.live.changed(this.gateway.organization_id, {
        ...{ noun, id, version: null, action: `${word}.${what}`, ownerId: null, actorId: this.gateway.id },
        at: new Date(this.#context.clock()).toISOString(),
      });
    for (const id of now) if (!before.has(id)) tell(id, 'connected');
    for (const id of before) if (!now.has(id)) tell(id, 'disconnected');
  }

  /** Tells open pages how this gateway is. */
  tellStatus(connected: boolean): void {
    if (!connected && this.status !== null) {
      this.#tellPresence('devices', 'device', this.status.devices, new Set());
      this.#tellPresence('services', 'service', this.status.serving, new Set());
      this.status = null;
    }
    this.#tellGateway(connected);
  }

  #tellGateway(connected: boolean, load?: GatewayLoad): void {
    this.#context.live.gatewayIs(this.gateway.organization_id, {
      id: this.gateway.id,
      connected,
      snapshotVersion: this.runningVersion === 0 ? null : this.runningVersion,
      at: new Date(this.#context.clock()).toISOString(),
      ...(load !== undefined && { load }),
    });
  }

  #invalid(detail: string): void {
    this.#logger.warn({ gatewayId: this.gateway.id, reason: 'sync.invalid', detail }, 'sync link closed');
    this.close();
  }
}
