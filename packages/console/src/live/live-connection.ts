import {
  LIVE_CLOSE,
  LIVE_NOUNS,
  type LiveChange,
  type LiveFromClient,
  type LiveFromConsole,
  type LiveGateway,
  liveFromClient,
  PERSONAL_LIVE_NOUNS,
  type Permission,
  parseJson,
  scopesCover,
} from '@zeronaut/model';
import type { WebSocket } from 'ws';
import type { Caller } from '../domains/context.ts';
import { RateLimit } from '../domains/sessions/rate-limit.ts';
import { Refusal } from '../store/refusal.ts';
import type { LiveFeed, LiveItem, LivePart, LiveSubscriber, ToldChange, ToldEvent } from './live-feed.ts';

/** What happens within this time is one message of each kind. */
const FLUSH_MS = 50;
/** Time for the first message of a client. */
const SUBSCRIBE_TIMEOUT_MS = 10_000;
/** Messages of a client: this many at once, then one each second. */
const CLIENT_MESSAGES_BURST = 10;
const CLIENT_MESSAGES_INTERVAL_MS = 1_000;
/** Changes, and gateways, that wait for one connection; beyond that they are fetched again. */
const MAX_WAITING = 1_000;
/** Access events that a connection is shown at once, and one more after each interval; the others are counted. */
const MAX_EVENTS = 500;
const EVENT_INTERVAL_MS = 2;
/** Bytes on their way to a client; beyond that nothing is written until it read some. */
const MAX_UNREAD_BYTES = 1_048_576;
/** How long a client may read nothing while something waits for it. */
const SLOW_MS = 20_000;
/** Changes that may end a credential are looked at together. */
const RECHECK_DELAY_MS = 200;
/** Time for the other side to answer a close. */
const CLOSE_TIMEOUT_MS = 500;

const STARTED_SESSIONS = new Set(['session.create', 'session.pending', 'session.denied', 'session.link_mailed']);

export interface LiveConnectionOptions {
  readonly feed: LiveFeed;
  readonly socket: WebSocket;
  readonly caller: Caller;
  /** Whether the credential still counts, and for what. */
  readonly check: () => Promise<Caller | Refusal>;
  readonly heartbeatMs: number;
  readonly onClosed: () => void;
  readonly onFailed: (error: unknown) => void;
}

/**
 * One page that watches. It is told only of its own organization, and of what its role and scopes let it read; whatever it does
 * not take in time is dropped and said to be missing, so that it never slows anybody else.
 */
export class LiveConnection implements LiveSubscriber {
  readonly #options: LiveConnectionOptions;
  readonly #socket: WebSocket;
  readonly #caller: Caller;
  #subscription: LiveFromClient | null = null;
  /** Everything up to here was told, or is none of this caller's business. */
  #told = 0;
  #seen = 0;
  readonly #lost = new Set<LivePart>();
  #changes: LiveChange[] = [];
  readonly #gateways = new Map<string, LiveGateway>();
  #events: ToldEvent[] = [];
  #skipped = 0;
  readonly #eventRate = new RateLimit({ burst: MAX_EVENTS, intervalMs: EVENT_INTERVAL_MS, maxKeys: 1 });
  readonly #messageRate = new RateLimit({
    burst: CLIENT_MESSAGES_BURST,
    intervalMs: CLIENT_MESSAGES_INTERVAL_MS,
    maxKeys: 1,
  });
  #flush: NodeJS.Timeout | null = null;
  #recheck: NodeJS.Timeout | null = null;
  #unreadSince: number | null = null;
  #alive = true;
  #closed = false;
  readonly #subscribeTimer: NodeJS.Timeout;
  readonly #heartbeat: NodeJS.Timeout;

  constructor(options: LiveConnectionOptions) {
    this.#options = options;
    this.#socket = options.socket;
    this.#caller = options.caller;
    const { socket } = this.#options;
    socket.on('message', (data, isBinary) => this.#onMessage(isBinary ? null : String(data)));
    socket.on('pong', () => {
      this.#alive = true;
    });
    // The library closes after an error; what it was is the client's affair.
    socket.on('error', () => this.close(LIVE_CLOSE.invalid));
    socket.on('close', () => this.#end());
    this.#subscribeTimer = setTimeout(() => this.close(LIVE_CLOSE.invalid), SUBSCRIBE_TIMEOUT_MS);
    this.#heartbeat = setInterval(() => this.#onHeartbeat(), options.heartbeatMs);
  }

  onItem(item: LiveItem): void {
    this.#seen = item.seq;
    this.#take(item);
    if (item.part === 'changes') this.#considerCredential(item.change);
  }

  onLost(parts: readonly LivePart[], seq: number): void {
    this.#seen = seq;
    const subscription = this.#subscription;
    if (subscription === null) return;
    for (const part of parts) {
      if (part !== 'events') this.#lose(part);
      else if (subscription.events !== undefined) this.#lost.add(part);
    }
    // A credential may have ended where nobody told of it.
    if (parts.includes('changes')) this.#checkCredential();
    this.#schedule();
  }

  close(code: number): void {
    if (this.#closed) return;
    this.#end();
    this.#socket.close(code);
    setTimeout(() => this.#socket.terminate(), CLOSE_TIMEOUT_MS).unref();
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#subscribeTimer);
    clearInterval(this.#heartbeat);
    if (this.#flush !== null) clearTimeout(this.#flush);
    if (this.#recheck !== null) clearTimeout(this.#recheck);
    this.#options.feed.unsubscribe(this.#caller.organizationId, this);
    this.#options.onClosed();
  }

  #onMessage(text: string | null): void {
    if (this.#closed) return;
    const message = text === null ? null : parseMessage(text);
    const tooFast = this.#messageRate.take('', performance.now()) > 0;
    if (message === null || tooFast || !this.#maySubscribe(message)) {
      this.close(LIVE_CLOSE.invalid);
      return;
    }
    clearTimeout(this.#subscribeTimer);
    this.#changes = [];
    this.#gateways.clear();
    this.#events = [];
    this.#skipped = 0;
    this.#lost.clear();
    this.#subscription = message;
    const { organizationId } = this.#caller;
    const resumed = this.#options.feed.subscribe(organizationId, this, message.since);
    this.#told = message.since === undefined || resumed.lost.length > 0 ? resumed.seq : message.since.seq;
    this.#send({
      type: 'hello',
      epoch: resumed.epoch,
      seq: this.#told,
      heartbeatSeconds: Math.ceil(this.#options.heartbeatMs / 1000),
    });
    for (const part of resumed.lost) if (part !== 'events' || message.events !== undefined) this.#lost.add(part);
    for (const item of resumed.missed) this.#take(item);
    this.#seen = resumed.seq;
    this.#schedule();
  }

  #maySubscribe(message: LiveFromClient): boolean {
    return message.events === undefined || this.#may('events:read', message.events.resourceId ?? null);
  }

  #may(permission: Permission, resourceId: string | null = null): boolean {
    const { permissions, scopes } = this.#caller;
    return permissions.has(permission) && scopesCover(scopes, permission, resourceId);
  }

  #take(item: LiveItem): void {
    const subscription = this.#subscription;
    if (subscription === null) return;
    switch (item.part) {
      case 'changes': {
        const change = this.#view(item.change);
        if (change === null || subscription.changes?.includes(change.noun) === false) return;
        if (this.#changes.length >= MAX_WAITING) this.#lose('changes');
        else if (!this.#lost.has('changes')) this.#changes.push(change);
        break;
      }
      case 'gateways':
        if (!this.#may('gateways:read') || subscription.changes?.includes('gateways') === false) return;
        if (this.#gateways.size >= MAX_WAITING && !this.#gateways.has(item.gateway.id)) this.#lose('gateways');
        else if (!this.#lost.has('gateways')) this.#gateways.set(item.gateway.id, item.gateway);
        break;
      case 'events': {
        const filter = subscription.events;
        const { event } = item.event;
        if (filter === undefined) return;
        if (filter.resourceId !== undefined && filter.resourceId !== event.resourceId) return;
        if (filter.gatewayId !== undefined && filter.gatewayId !== event.gatewayId) return;
        if (filter.effect !== undefined && filter.effect !== event.effect) return;
        this.#events.push(item.event);
        // The newest are what people look at. Cut in blocks, so that each event costs the same.
        if (this.#events.length >= 2 * MAX_EVENTS) this.#skipped += this.#events.splice(0, MAX_EVENTS).length;
        break;
      }
    }
    this.#schedule();
  }

  #lose(part: 'changes' | 'gateways'): void {
    this.#lost.add(part);
    if (part === 'changes') this.#changes = [];
    else this.#gateways.clear();
  }

  /** The change as this caller may see it; null: not at all. */
  #view(change: ToldChange): LiveChange | null {
    const { ownerId, actorId, ...shown } = change;
    const mine = actorId === this.#caller.userId || actorId === this.#caller.credentialId;
    if (this.#may(LIVE_NOUNS[change.noun])) return { ...shown, mine };
    if (!this.#may('self:read')) return null;
    if (ownerId === this.#caller.userId && PERSONAL_LIVE_NOUNS.includes(change.noun)) return { ...shown, mine };
    // Approvers see requests in their list; which ones, the list says.
    return change.noun === 'access-requests' ? { ...shown, id: null, version: null, mine } : null;
  }

  #schedule(): void {
    if (this.#flush !== null || this.#closed) return;
    this.#flush = setTimeout(() => {
      this.#flush = null;
      this.#write();
    }, FLUSH_MS);
  }

  #write(): void {
    if (this.#closed) return;
    if (this.#socket.bufferedAmount > MAX_UNREAD_BYTES) {
      this.#unreadSince ??= performance.now();
      if (performance.now() - this.#unreadSince > SLOW_MS) this.close(LIVE_CLOSE.slow);
      else this.#schedule();
      return;
    }
    this.#unreadSince = null;
    const messages: ((seq: number) => string)[] = [];
    const add = (message: (seq: number) => LiveFromConsole) => messages.push((seq) => JSON.stringify(message(seq)));
    if (this.#lost.size > 0) {
      const parts = [...this.#lost];
      add((seq) => ({ type: 'resync', seq, parts }));
    }
    const changes = this.#changes;
    if (changes.length > 0) add((seq) => ({ type: 'changes', seq, items: changes }));
    const gateways = [...this.#gateways.values()];
    if (gateways.length > 0) add((seq) => ({ type: 'gateways', seq, items: gateways }));
    const { shown, skipped } = this.#takeEvents();
    if (shown.length > 0 || skipped > 0) {
      const items = shown.map(({ json }) => json()).join(',');
      messages.push((seq) => `{"type":"events","seq":${seq},"skipped":${skipped},"items":[${items}]}`);
    }
    this.#lost.clear();
    this.#changes = [];
    this.#gateways.clear();
    // Only the last one leads up to all that was seen: a connection that breaks between two has not been told of the rest.
    messages.forEach((message, index) => {
      this.#socket.send(message(index === messages.length - 1 ? this.#seen : this.#told));
    });
    this.#told = this.#seen;
  }

  #takeEvents(): { shown: ToldEvent[]; skipped: number } {
    const waiting = this.#events;
    const nowMs = performance.now();
    let count = 0;
    while (count < waiting.length && this.#eventRate.take('', nowMs) === 0) count++;
    const shown = count === 0 ? [] : waiting.slice(-count);
    const skipped = this.#skipped + waiting.length - count;
    this.#events = [];
    this.#skipped = 0;
    return { shown, skipped };
  }

  #send(message: LiveFromConsole): void {
    this.#socket.send(JSON.stringify(message));
  }

  #onHeartbeat(): void {
    if (!this.#alive) {
      this.#socket.terminate();
      return;
    }
    this.#alive = false;
    this.#socket.ping();
    if (this.#subscription !== null && this.#flush === null) {
      this.#told = this.#seen;
      this.#send({ type: 'heartbeat', seq: this.#told });
    }
    this.#checkCredential();
  }

  /** Looks at the credential when this may have ended it, or changed what it is good for. */
  #considerCredential(change: ToldChange): void {
    const { userId, credentialId } = this.#caller;
    const isAbout =
      change.noun === 'sessions'
        ? !STARTED_SESSIONS.has(change.action)
        : change.action === 'device.revoke' ||
          change.noun === 'roles' ||
          change.noun === 'policies' ||
          change.noun === 'identity-providers' ||
          change.noun === 'workload-trusts' ||
          change.id === userId ||
          change.id === credentialId ||
          (change.ownerId === userId && (change.noun === 'factors' || change.noun === 'api-keys'));
    if (!isAbout || this.#recheck !== null || this.#closed) return;
    this.#recheck = setTimeout(() => {
      this.#recheck = null;
      this.#checkCredential();
    }, RECHECK_DELAY_MS);
  }

  #checkCredential(): void {
    this.#options.check().then(
      (caller) => {
        if (this.#closed) return;
        const before = this.#caller;
        if (caller instanceof Refusal) this.close(LIVE_CLOSE.unauthenticated);
        else if (
          caller.role !== before.role ||
          caller.permissions !== before.permissions ||
          String(caller.scopes) !== String(before.scopes)
        ) {
          this.close(LIVE_CLOSE.roleChanged);
        }
      },
      (error: unknown) => {
        // Nobody is told anything while we cannot see whether they still may know.
        this.#options.onFailed(error);
        this.close(LIVE_CLOSE.slow);
      },
    );
  }
}

function parseMessage(text: string): LiveFromClient | null {
  return liveFromClient.safeParse(parseJson(text)).data ?? null;
}
