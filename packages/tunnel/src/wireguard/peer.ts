import type { EngineClock } from './clock.ts';
import {
  INITIATION_INTERVAL,
  KEEPALIVE_TIMEOUT,
  REJECT_AFTER_TIME,
  REKEY_AFTER_TIME,
  REKEY_ATTEMPT_TIME,
  REKEY_TIMEOUT,
  WIPE_AFTER_TIME,
} from './constants.ts';
import { CookieJar } from './cookies.ts';
import type { DataPlane, Endpoint, PeerSlot } from './data-plane.ts';
import type { TransportKeys } from './handshake.ts';
import { type ArrivingInitiation, createInitiation, type PendingHandshake, type RemoteStatic } from './handshake.ts';
import { isLater, TIMESTAMP_BYTES } from './tai64n.ts';
import { type DhKeyPair, dh, KEY_BYTES } from './x25519.ts';

/** What a peer needs of its engine. */
export interface PeerHost {
  readonly clock: EngineClock;
  readonly plane: DataPlane;
  readonly identity: DhKeyPair | undefined;
  /** A random index that no session or handshake of this interface has, now this peer's. */
  takeIndex(peer: Peer): number;
  freeIndex(index: number): void;
  /** 0 to REKEY_JITTER milliseconds. */
  jitter(): number;
  /** A TAI64N label later than any before. */
  timestamp(): Uint8Array;
  /** The peer's next deadline may have changed. */
  reschedule(peer: Peer): void;
}

/** A keypair of the data plane, without its keys. */
interface Session {
  readonly localIndex: number;
  readonly initiator: boolean;
  readonly createdAt: number;
}

const NEVER = Number.POSITIVE_INFINITY;

/**
 * One remote peer: its sessions and its timers (paper, section 6). Of the traffic it knows what the data plane tells: a
 * timer that traffic moves is worked out anew when traffic is told about, and again when it is due.
 *
 * Small on purpose: an interface may have ten thousand of them, most of them idle.
 */
export class Peer {
  readonly slot: PeerSlot;
  readonly #host: PeerHost;
  /** Public key, pre-shared key, DH of both static keys, latest timestamp. */
  readonly #bytes = new Uint8Array(3 * KEY_BYTES + TIMESTAMP_BYTES);
  #staticSecretOf: DhKeyPair | undefined;

  endpoint: Endpoint | undefined;
  /** Milliseconds; 0: off. */
  #persistentInterval = 0;

  #previous: Session | undefined;
  #current: Session | undefined;
  #next: Session | undefined;
  #pending: PendingHandshake | undefined;
  #cookies: CookieJar | undefined;

  #attemptStartedAt = 0;
  #lastInitiationAt = Number.NEGATIVE_INFINITY;
  #lastArrivalAt = Number.NEGATIVE_INFINITY;
  /** Wall time of the last finished handshake, ms since 1970; 0: never. */
  lastHandshakeAt = 0;
  /** Bytes of handshake messages; the data plane counts the rest. */
  handshakeSentBytes = 0;
  handshakeReceivedBytes = 0;

  #retryAt = NEVER;
  #keepaliveAt = NEVER;
  #silenceAt = NEVER;
  #persistentAt = NEVER;
  #wipeAt = NEVER;
  /** What these two timers have been through already: they do not go off twice for the same packet. */
  #keepaliveDone = Number.NEGATIVE_INFINITY;
  #silenceDone = Number.NEGATIVE_INFINITY;
  #lateRekeyDone = false;

  constructor(host: PeerHost, slot: PeerSlot, publicKey: Uint8Array) {
    this.#host = host;
    this.slot = slot;
    this.#bytes.set(publicKey);
  }

  get publicKey(): Uint8Array {
    return this.#bytes.subarray(0, KEY_BYTES);
  }

  /** All zero: none. */
  get presharedKey(): Uint8Array {
    return this.#bytes.subarray(KEY_BYTES, 2 * KEY_BYTES);
  }

  get persistentKeepaliveSeconds(): number {
    return this.#persistentInterval / 1000;
  }

  get #latestTimestamp(): Uint8Array {
    return this.#bytes.subarray(3 * KEY_BYTES);
  }

  /** The earliest timer. */
  get dueAt(): number {
    return Math.min(
      this.#retryAt,
      this.#keepaliveAt,
      this.#silenceAt,
      this.#persistentAt,
      this.#wipeAt,
      expiryOf(this.#previous),
      expiryOf(this.#current),
      expiryOf(this.#next),
    );
  }

  setPresharedKey(key: Uint8Array): void {
    this.presharedKey.set(key);
  }

  setEndpoint(endpoint: Endpoint | undefined): void {
    this.endpoint = endpoint;
    this.#host.plane.setEndpoint(this.slot, endpoint);
  }

  /** 0 turns it off. Turning it on sends one at once. */
  setPersistentKeepalive(seconds: number): void {
    const wasOff = this.#persistentInterval === 0;
    this.#persistentInterval = seconds * 1000;
    this.#persistentAt = seconds === 0 ? NEVER : this.#host.clock.now() + (wasOff ? 0 : this.#persistentInterval);
    this.#host.reschedule(this);
  }

  /** Undefined without a private key, or if either key is of low order. */
  remote(): RemoteStatic | undefined {
    const { identity } = this.#host;
    const staticSecret = this.#bytes.subarray(2 * KEY_BYTES, 3 * KEY_BYTES);
    if (identity === undefined) return undefined;
    if (this.#staticSecretOf !== identity) {
      const secret = dh(identity.privateKey, this.publicKey);
      if (secret === undefined) return undefined;
      staticSecret.set(secret);
      secret.fill(0);
      this.#staticSecretOf = identity;
    }
    return { publicKey: this.publicKey, staticSecret };
  }

  /** The data plane has a packet for this peer and nothing to send it with. */
  wantSession(): void {
    this.#initiate(false);
  }

  /** Traffic went to or came from the peer. */
  onActivity(): void {
    const { plane, clock } = this.#host;
    const activity = plane.activity(this.slot);
    const { sentUnansweredSince, receivedUnansweredSince, lastSentAt = NaN, lastReceivedAt = NaN } = activity;
    this.#keepaliveAt =
      receivedUnansweredSince === undefined || receivedUnansweredSince <= this.#keepaliveDone
        ? NEVER
        : receivedUnansweredSince + KEEPALIVE_TIMEOUT;
    if (sentUnansweredSince === undefined) this.#silenceAt = NEVER;
    else if (this.#silenceAt === NEVER) this.#armSilence(sentUnansweredSince, lastSentAt);
    if (this.#persistentInterval > 0) this.#persistentAt = this.#afterTraffic(lastSentAt, lastReceivedAt, clock.now());

    const session = this.#current;
    if (session?.initiator === true && this.#retryAt === NEVER) {
      const spent = lastSentAt - session.createdAt >= REKEY_AFTER_TIME;
      const late = lastReceivedAt - session.createdAt >= REJECT_AFTER_TIME - KEEPALIVE_TIMEOUT - REKEY_TIMEOUT;
      if (spent || (late && !this.#lateRekeyDone)) {
        this.#lateRekeyDone ||= late;
        this.#initiate(false);
      }
    }
    this.#host.reschedule(this);
  }

  /** A keypair has carried REKEY_AFTER_MESSAGES packets. */
  onMessagesSpent(localIndex: number): void {
    if (this.#current?.localIndex === localIndex && this.#retryAt === NEVER) this.#initiate(false);
  }

  /** The first packet came under a keypair that we answered for: now it is ours to send with too. */
  onConfirmed(localIndex: number): void {
    const confirmed = this.#next;
    if (confirmed?.localIndex !== localIndex) return;
    this.#drop(this.#previous);
    this.#previous = this.#current;
    this.#current = confirmed;
    this.#next = undefined;
    this.#host.plane.sendWith(this.slot, localIndex);
    this.#finished();
  }

  /** Runs what is due. */
  onTimer(now: number): void {
    this.#expireSessions(now);
    if (now >= this.#retryAt) this.#retry(now);
    if (now >= this.#keepaliveAt) {
      this.#keepaliveAt = NEVER;
      this.#keepaliveDone = this.#host.plane.activity(this.slot).receivedUnansweredSince ?? now;
      this.#host.plane.sendKeepalive(this.slot);
    }
    if (now >= this.#silenceAt) this.#onSilence(now);
    if (now >= this.#persistentAt) {
      const { lastSentAt = NaN, lastReceivedAt = NaN } = this.#host.plane.activity(this.slot);
      this.#persistentAt = this.#afterTraffic(lastSentAt, lastReceivedAt, now);
      if (this.#persistentAt <= now) {
        this.#persistentAt = now + this.#persistentInterval;
        if (!this.#host.plane.sendKeepalive(this.slot) && this.#retryAt === NEVER) this.#initiate(false);
      }
    }
    if (now >= this.#wipeAt) this.wipe();
    this.#host.reschedule(this);
  }

  /**
   * An initiation that was made with our key and names this peer. True if the peer proved itself and was answered; `replayed`
   * and `flooded` tell why not, so that they can be counted.
   */
  onInitiation(
    arriving: ArrivingInitiation,
    from: Endpoint,
    bytes: number,
  ): 'answered' | 'forged' | 'replayed' | 'flooded' {
    const remote = this.remote();
    const timestamp = remote === undefined ? undefined : arriving.openTimestamp(remote);
    if (timestamp === undefined) return 'forged';
    const now = this.#host.clock.now();
    if (!isLater(timestamp, this.#latestTimestamp)) return 'replayed';
    if (now - this.#lastArrivalAt < INITIATION_INTERVAL) return 'flooded';
    this.#latestTimestamp.set(timestamp);
    this.#lastArrivalAt = now;
    this.handshakeReceivedBytes += bytes;
    this.#roam(from);

    const localIndex = this.#host.takeIndex(this);
    const answer = arriving.respond(localIndex, this.presharedKey);
    if (answer === undefined) {
      this.#host.freeIndex(localIndex);
      return 'forged';
    }
    const session: Session = { localIndex, initiator: false, createdAt: now };
    this.#drop(this.#next);
    this.#drop(this.#previous);
    this.#install(session, arriving.remoteIndex, answer);
    this.#next = session;
    this.#previous = undefined;
    this.#wipeAt = now + WIPE_AFTER_TIME;
    this.#send(answer.message, from);
    this.#host.reschedule(this);
    return 'answered';
  }

  /** A response to our handshake `receiverIndex`; false if it is not genuine. */
  onResponse(message: Uint8Array, receiverIndex: number, from: Endpoint): boolean {
    const { identity, plane, clock } = this.#host;
    if (identity === undefined || this.#pending?.localIndex !== receiverIndex) return false;
    const keys = this.#pending.finish(identity, this.presharedKey, message);
    if (keys === undefined) return false;
    const now = clock.now();
    this.handshakeReceivedBytes += message.length;
    this.#roam(from);
    this.#pending.wipe();
    this.#pending = undefined;

    const session: Session = { localIndex: receiverIndex, initiator: true, createdAt: now };
    this.#drop(this.#previous);
    this.#install(session, keys.remoteIndex, keys);
    plane.sendWith(this.slot, receiverIndex);
    // The peer cannot send before it has heard from us under the new keys.
    plane.sendKeepalive(this.slot);
    if (this.#next !== undefined) {
      this.#previous = this.#next;
      this.#next = undefined;
      this.#drop(this.#current);
    } else {
      this.#previous = this.#current;
    }
    this.#current = session;
    this.#wipeAt = now + WIPE_AFTER_TIME;
    this.#finished();
    return true;
  }

  /** A cookie for our last message; the next attempt, already due in REKEY_TIMEOUT, carries it. */
  onCookieReply(reply: Uint8Array): boolean {
    return this.#cookies?.takeReply(reply, this.publicKey, this.#host.clock.now()) ?? false;
  }

  /** An authenticated packet came from elsewhere, and the data plane answers there already. */
  onRoamed(endpoint: Endpoint): void {
    this.endpoint = endpoint;
  }

  /** Forgets all sessions and handshakes; what is configured stays. */
  wipe(): void {
    this.#drop(this.#previous);
    this.#drop(this.#current);
    this.#drop(this.#next);
    this.#previous = undefined;
    this.#current = undefined;
    this.#next = undefined;
    this.#dropPending();
    this.#cookies?.wipe();
    this.#cookies = undefined;
    this.#host.plane.sendWith(this.slot, undefined);
    this.#host.plane.dropStaged(this.slot);
    this.#retryAt = NEVER;
    this.#keepaliveAt = NEVER;
    this.#silenceAt = NEVER;
    this.#wipeAt = NEVER;
    this.#host.reschedule(this);
  }

  /** Before the peer is removed: also overwrites what is configured. */
  destroy(): void {
    this.wipe();
    this.#persistentAt = NEVER;
    this.#bytes.fill(0);
    this.#host.reschedule(this);
  }

  /** Our private key changed: what rests on the old one goes. */
  onIdentityChanged(): void {
    this.wipe();
    this.#bytes.fill(0, 2 * KEY_BYTES, 3 * KEY_BYTES);
    this.#staticSecretOf = undefined;
    if (this.#persistentInterval > 0) this.#persistentAt = this.#host.clock.now();
    this.#lastInitiationAt = Number.NEGATIVE_INFINITY;
    this.#host.reschedule(this);
  }

  /** Sends an initiation, unless one went out a moment ago: then when REKEY_TIMEOUT is over. */
  #initiate(isRetry: boolean): void {
    const { clock, plane, identity } = this.#host;
    const now = clock.now();
    if (!isRetry) this.#attemptStartedAt = now;
    const mayAt = this.#lastInitiationAt + REKEY_TIMEOUT;
    if (now < mayAt) {
      if (this.#retryAt === NEVER) this.#retryAt = mayAt + this.#host.jitter();
      this.#host.reschedule(this);
      return;
    }
    const remote = this.remote();
    if (identity === undefined || remote === undefined || this.endpoint === undefined) {
      // Nobody to ask: the packets that wait would wait for ever.
      this.#retryAt = NEVER;
      plane.dropStaged(this.slot);
      this.#host.reschedule(this);
      return;
    }
    this.#dropPending();
    const localIndex = this.#host.takeIndex(this);
    const created = createInitiation(identity, remote, localIndex, this.#host.timestamp());
    if (created === undefined) {
      this.#host.freeIndex(localIndex);
      return;
    }
    this.#pending = created.pending;
    this.#lastInitiationAt = now;
    this.#retryAt = now + REKEY_TIMEOUT + this.#host.jitter();
    if (this.#wipeAt === NEVER) this.#wipeAt = now + WIPE_AFTER_TIME;
    this.#send(created.message, this.endpoint);
    this.#host.reschedule(this);
  }

  #retry(now: number): void {
    this.#retryAt = NEVER;
    if (now - this.#attemptStartedAt < REKEY_ATTEMPT_TIME) {
      this.#initiate(true);
      return;
    }
    this.#dropPending();
    this.#keepaliveAt = NEVER;
    if (this.#current === undefined) this.#host.plane.dropStaged(this.slot);
  }

  #finished(): void {
    this.lastHandshakeAt = this.#host.clock.wallTime();
    this.#dropPending();
    this.#retryAt = NEVER;
    this.#silenceAt = NEVER;
    this.#silenceDone = this.#host.clock.now();
    this.#lateRekeyDone = false;
    this.#host.reschedule(this);
  }

  /** Data was sent and nothing came back: the peer may have lost its keys. */
  #onSilence(now: number): void {
    const { sentUnansweredSince, lastSentAt = NaN } = this.#host.plane.activity(this.slot);
    this.#silenceAt = NEVER;
    if (sentUnansweredSince === undefined) return;
    this.#armSilence(sentUnansweredSince, lastSentAt);
    if (this.#silenceAt > now) return;
    this.#silenceAt = NEVER;
    this.#silenceDone = now;
    this.#initiate(false);
  }

  #armSilence(since: number, lastSentAt: number): void {
    const from = since > this.#silenceDone ? since : lastSentAt;
    if (from > this.#silenceDone) this.#silenceAt = from + KEEPALIVE_TIMEOUT + REKEY_TIMEOUT;
  }

  #afterTraffic(lastSentAt: number, lastReceivedAt: number, now: number): number {
    const last = Math.max(
      Number.isNaN(lastSentAt) ? Number.NEGATIVE_INFINITY : lastSentAt,
      Number.isNaN(lastReceivedAt) ? Number.NEGATIVE_INFINITY : lastReceivedAt,
    );
    return last === Number.NEGATIVE_INFINITY ? now : last + this.#persistentInterval;
  }

  #expireSessions(now: number): void {
    if (now >= expiryOf(this.#previous)) {
      this.#drop(this.#previous);
      this.#previous = undefined;
    }
    if (now >= expiryOf(this.#next)) {
      this.#drop(this.#next);
      this.#next = undefined;
    }
    if (now >= expiryOf(this.#current)) {
      this.#host.plane.sendWith(this.slot, undefined);
      this.#drop(this.#current);
      this.#current = undefined;
    }
  }

  #install(session: Session, remoteIndex: number, keys: TransportKeys): void {
    const { sendKey, receiveKey } = keys;
    this.#host.plane.installKeypair({
      peer: this.slot,
      localIndex: session.localIndex,
      remoteIndex,
      sendKey,
      receiveKey,
    });
    sendKey.fill(0);
    receiveKey.fill(0);
  }

  #drop(session: Session | undefined): void {
    if (session === undefined) return;
    this.#host.plane.removeKeypair(session.localIndex);
    this.#host.freeIndex(session.localIndex);
  }

  #dropPending(): void {
    if (this.#pending === undefined) return;
    this.#pending.wipe();
    this.#host.freeIndex(this.#pending.localIndex);
    this.#pending = undefined;
  }

  #roam(from: Endpoint): void {
    if (this.endpoint?.address === from.address && this.endpoint.port === from.port) return;
    this.setEndpoint({ ...from });
  }

  #send(message: Uint8Array, to: Endpoint): void {
    this.#cookies ??= new CookieJar();
    this.#cookies.addMacs(message, this.publicKey, this.#host.clock.now());
    this.handshakeSentBytes += message.length;
    this.#host.plane.sendHandshakeMessage(message, to);
  }
}

function expiryOf(session: Session | undefined): number {
  return session === undefined ? NEVER : session.createdAt + REJECT_AFTER_TIME;
}
