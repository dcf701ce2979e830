import { type AccessEvent, parseJson, type Reason, type TunnelFromGateway, tunnelFromAgent } from '@zeronaut/model';
import type { MuxSession } from '@zeronaut/tunnel';
import type { Tables } from '../tables.ts';
import { type AccessFeed, createAccessFeed } from './access-feed.ts';
import { type DeviceIdentity, refuseBinding } from './device-identity.ts';
import type { TunnelLimits } from './tunnel-limits.ts';

/**
 * One live tunnel of one device: what it serves here, and what it wants to see. Everything that the device says is
 * checked against the tables again on every swap; a message that does not validate ends the session.
 */
export class DeviceSession {
  readonly identity: DeviceIdentity;
  readonly address: string;
  readonly mux: MuxSession;
  readonly openedAtMs = performance.now();
  /** The same on the wall clock, for people. */
  readonly openedAt = new Date().toISOString();
  /** Open forwards that this device asked for. */
  forwards = 0;
  readonly #limits: TunnelLimits;
  readonly #getTables: () => Tables;
  readonly #onHostile: (detail: string) => void;
  readonly #onWatch: (resourceIds: ReadonlySet<string>, before: ReadonlySet<string>) => void;
  readonly #bindings = new Map<string, Binding>();
  #watched: ReadonlySet<string> = new Set();
  readonly #feed: AccessFeed;
  #messageBudget: number;
  #budgetAtMs = performance.now();

  constructor(options: {
    identity: DeviceIdentity;
    address: string;
    mux: MuxSession;
    limits: TunnelLimits;
    getTables: () => Tables;
    onHostile: (detail: string) => void;
    /** The resources that it wants to see, in place of those before. */
    onWatch: (resourceIds: ReadonlySet<string>, before: ReadonlySet<string>) => void;
  }) {
    this.identity = options.identity;
    this.address = options.address;
    this.mux = options.mux;
    this.#limits = options.limits;
    this.#getTables = options.getTables;
    this.#onHostile = options.onHostile;
    this.#onWatch = options.onWatch;
    this.#messageBudget = options.limits.messageBurst;
    this.#feed = createAccessFeed({
      batchMs: options.limits.watchBatchMs,
      maxEvents: options.limits.watchQueueEvents,
      send: (message) => this.mux.sendMessage(message),
    });
  }

  serves(id: string): boolean {
    return !this.mux.closed && this.#bindings.get(id)?.state === 'bound';
  }

  /** What it serves now. */
  *boundIds(): Iterable<string> {
    if (this.mux.closed) return;
    for (const [id, { state }] of this.#bindings) if (state === 'bound') yield id;
  }

  boundCount(): number {
    let count = 0;
    for (const { state } of this.#bindings.values()) if (state === 'bound') count++;
    return count;
  }

  send(message: TunnelFromGateway): boolean {
    return this.mux.sendMessage(Buffer.from(JSON.stringify(message)));
  }

  onMessage(payload: Buffer): void {
    if (!this.#takeMessage()) {
      this.#onHostile('too many messages');
      return;
    }
    const message = parseMessage(payload);
    if (message === null) {
      this.#onHostile('a message that does not validate');
      return;
    }
    if (message.type === 'watch') this.#watch(new Set(message.resourceIds));
    else this.#bind([...message.resourceIds, ...message.siteIds]);
  }

  /** The tables changed: what was bound may be gone, what was waited for may be here. */
  onTables(): void {
    for (const [id, binding] of this.#bindings) this.#settle(id, binding);
  }

  /** An event of a resource that it asked for; passed on only while the resource is its own. */
  onAccess(event: AccessEvent, resourceId: string): void {
    if (refuseBinding(this.#getTables(), this.identity, resourceId) === null) this.#feed.push(event);
  }

  onClosed(): void {
    for (const { timer } of this.#bindings.values()) if (timer !== null) clearTimeout(timer);
    this.#bindings.clear();
    this.#watch(new Set());
    this.#feed.stop();
  }

  #watch(resourceIds: ReadonlySet<string>): void {
    const before = this.#watched;
    this.#watched = resourceIds;
    this.#onWatch(resourceIds, before);
  }

  /** The full set: what is not named any more is let go. */
  #bind(ids: string[]): void {
    const wanted = new Set(ids);
    for (const [id, { timer }] of this.#bindings) {
      if (wanted.has(id)) continue;
      if (timer !== null) clearTimeout(timer);
      this.#bindings.delete(id);
    }
    for (const id of wanted) {
      const existing = this.#bindings.get(id);
      if (existing?.state === 'bound') {
        this.send({ type: 'bound', id });
        continue;
      }
      if (existing?.state === 'pending') continue;
      const binding: Binding = { state: 'pending', timer: null };
      this.#bindings.set(id, binding);
      this.#settle(id, binding);
      if (binding.state === 'pending') {
        binding.timer = setTimeout(() => this.#giveUp(id, binding), this.#limits.bindWaitMs);
        binding.timer.unref();
      }
    }
  }

  #settle(id: string, binding: Binding): void {
    const reason = refuseBinding(this.#getTables(), this.identity, id);
    if (reason === null && binding.state !== 'bound') {
      // A refused one too: a resource that was disabled and comes back needs no new request.
      if (binding.timer !== null) clearTimeout(binding.timer);
      binding.timer = null;
      binding.state = 'bound';
      this.send({ type: 'bound', id });
    } else if (reason !== null && binding.state === 'bound') {
      this.#refuse(id, binding, reason);
    }
  }

  #giveUp(id: string, binding: Binding): void {
    binding.timer = null;
    const reason = refuseBinding(this.#getTables(), this.identity, id);
    if (reason !== null) this.#refuse(id, binding, reason);
  }

  #refuse(id: string, binding: Binding, reason: Reason): void {
    binding.state = 'refused';
    this.send({ type: 'refused', id, reason });
  }

  #takeMessage(): boolean {
    const { messageBurst, messagesPerSecond } = this.#limits;
    const now = performance.now();
    const refill = ((now - this.#budgetAtMs) / 1_000) * messagesPerSecond;
    this.#messageBudget = Math.min(messageBurst, this.#messageBudget + refill);
    this.#budgetAtMs = now;
    if (this.#messageBudget < 1) return false;
    this.#messageBudget--;
    return true;
  }
}

interface Binding {
  state: 'pending' | 'bound' | 'refused';
  /** While pending. */
  timer: NodeJS.Timeout | null;
}

function parseMessage(payload: Buffer) {
  return tunnelFromAgent.safeParse(parseJson(payload.toString('utf8'))).data ?? null;
}
