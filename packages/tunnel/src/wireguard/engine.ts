import { randomInt, timingSafeEqual } from 'node:crypto';
import { AllowedIps } from './allowed-ips.ts';
import { type EngineClock, systemClock } from './clock.ts';
import { MAX_PEERS, REKEY_JITTER } from './constants.ts';
import { CookieChecker, cookieReceiver } from './cookies.ts';
import type { AllowedIp, DataPlane, DataPlaneEvents, Endpoint, PeerSlot } from './data-plane.ts';
import { DeadlineHeap } from './deadline-heap.ts';
import { ArrivingInitiation } from './handshake.ts';
import { HandshakeLoad } from './handshake-load.ts';
import { handshakeType, INITIATION, MESSAGE, RESPONSE, readIndex } from './messages.ts';
import { Peer, type PeerHost } from './peer.ts';
import { SourceRate } from './source-rate.ts';
import { tai64n } from './tai64n.ts';
import { clampPrivateKey, type DhKeyPair, importDhKeyPair, KEY_BYTES } from './x25519.ts';

export interface EngineOptions {
  /** Default: the machine's. */
  readonly clock?: EngineClock;
  /** Makes the packet path; the engine owns it from then on. */
  readonly createPlane: (events: DataPlaneEvents) => DataPlane | Promise<DataPlane>;
  /** How many peers the plane has room for; default and at most MAX_PEERS. */
  readonly maxPeers?: number;
  /** Mark of outgoing datagrams that the plane was made with; default 0. */
  readonly fwmark?: number;
  /** The packet path died; the engine is of no use any more. */
  readonly onFailed?: (error: Error) => void;
}

export interface AllowedIpChange {
  readonly network: AllowedIp;
  /** Taken from the peer, if it has exactly this one; otherwise given to it. */
  readonly isRemoved: boolean;
}

/** Handshake messages that were not answered, by reason; they only grow. */
export interface HandshakeCounters {
  /** mac1 is wrong: the sender does not know our public key. */
  badMac: number;
  /** Under load, without a cookie: asked to come again with one. */
  cookieAsked: number;
  /** Under load, and either no cookie could be handed out or the source comes too often. */
  rateLimited: number;
  /** No peer has this key, or it does not decrypt. */
  unknownPeer: number;
  replayed: number;
  flooded: number;
  /** A response or cookie reply that answers nothing of ours. */
  unexpected: number;
}

/**
 * A WireGuard interface above its packet path: private key, peers, handshakes, cookies and timers. Everything runs on one
 * thread; no data packet passes here.
 */
export class Engine {
  readonly clock: EngineClock;
  readonly handshakes: HandshakeCounters = {
    badMac: 0,
    cookieAsked: 0,
    rateLimited: 0,
    unknownPeer: 0,
    replayed: 0,
    flooded: 0,
    unexpected: 0,
  };
  #plane!: DataPlane;
  readonly #host: PeerHost;
  #privateKey: Uint8Array | undefined;
  #identity: DhKeyPair | undefined;
  #checker: CookieChecker | undefined;
  #fwmark = 0;
  #maxPeers = MAX_PEERS;
  /** By public key, as one byte per character. */
  readonly #peers = new Map<string, Peer>();
  readonly #slots: (Peer | undefined)[] = [];
  readonly #freeSlots: PeerSlot[] = [];
  /** Whose handshake or session an index is. */
  readonly #indices = new Map<number, Peer>();
  readonly #allowedIps = new AllowedIps();
  readonly #deadlines = new DeadlineHeap();
  #timerAt = Number.POSITIVE_INFINITY;
  #cancelTimer: (() => void) | undefined;
  readonly #load = new HandshakeLoad();
  readonly #sourceRate = new SourceRate();
  #lastTimestampMs = 0;
  #closed = false;

  private constructor(clock: EngineClock) {
    this.clock = clock;
    const engine = this;
    this.#host = {
      clock,
      get plane() {
        return engine.#plane;
      },
      get identity() {
        return engine.#identity;
      },
      takeIndex: (peer) => this.#takeIndex(peer),
      freeIndex: (index) => void this.#indices.delete(index),
      jitter: () => randomInt(REKEY_JITTER + 1),
      timestamp: () => this.#timestamp(),
      reschedule: (peer) => this.#reschedule(peer),
    };
  }

  static async start(options: EngineOptions): Promise<Engine> {
    const engine = new Engine(options.clock ?? systemClock);
    const peer = (slot: PeerSlot) => engine.#slots[slot];
    engine.#fwmark = options.fwmark ?? 0;
    engine.#maxPeers = Math.min(options.maxPeers ?? MAX_PEERS, MAX_PEERS);
    engine.#plane = await options.createPlane({
      onHandshakeMessage: (message, from, waiting) => engine.#receive(message, from, waiting),
      onSessionWanted: (slot) => peer(slot)?.wantSession(),
      onKeypairConfirmed: (slot, localIndex) => peer(slot)?.onConfirmed(localIndex),
      onRoamed: (slot, endpoint) => peer(slot)?.onRoamed(endpoint),
      onActivity: (slots) => {
        for (const slot of slots) peer(slot)?.onActivity();
      },
      onMessagesSpent: (slot, localIndex) => peer(slot)?.onMessagesSpent(localIndex),
      onFailed: (error) => options.onFailed?.(error),
    });
    return engine;
  }

  get plane(): DataPlane {
    return this.#plane;
  }

  get port(): number {
    return this.#plane.port;
  }

  get fwmark(): number {
    return this.#fwmark;
  }

  /** 32 bytes, or undefined without one. */
  get privateKey(): Uint8Array | undefined {
    return this.#privateKey;
  }

  get publicKey(): Uint8Array | undefined {
    return this.#identity?.publicKey;
  }

  /** In the order in which they came. */
  get peers(): IterableIterator<Peer> {
    return this.#peers.values();
  }

  /**
   * Undefined takes the key away. All sessions end, unless it is the key that is there already (`wg syncconf` sends it
   * each time); a peer that has the same public key is removed, since nobody is his own peer.
   */
  setPrivateKey(key: Uint8Array | undefined): void {
    const privateKey = key === undefined ? undefined : clampPrivateKey(Uint8Array.from(key));
    if (isSameKey(privateKey, this.#privateKey)) {
      privateKey?.fill(0);
      return;
    }
    this.#privateKey?.fill(0);
    this.#checker?.wipe();
    this.#privateKey = privateKey;
    this.#identity = this.#privateKey === undefined ? undefined : importDhKeyPair(this.#privateKey);
    this.#checker = this.#identity === undefined ? undefined : new CookieChecker(this.#identity.publicKey);
    if (this.#identity !== undefined) this.removePeer(this.#identity.publicKey);
    for (const peer of this.#peers.values()) peer.onIdentityChanged();
  }

  findPeer(publicKey: Uint8Array): Peer | undefined {
    return this.#peers.get(nameOf(publicKey));
  }

  /** The peer that has this key, made if need be. Undefined: it is our own key, or there is no room for another. */
  addPeer(publicKey: Uint8Array): Peer | undefined {
    const name = nameOf(publicKey);
    const known = this.#peers.get(name);
    if (known !== undefined) return known;
    if (this.#identity !== undefined && name === nameOf(this.#identity.publicKey)) return undefined;
    if (this.#peers.size >= this.#maxPeers) return undefined;
    const slot = this.#freeSlots.pop() ?? this.#slots.length;
    const peer = new Peer(this.#host, slot, publicKey);
    this.#slots[slot] = peer;
    this.#peers.set(name, peer);
    this.#plane.addPeer(slot);
    return peer;
  }

  removePeer(publicKey: Uint8Array): void {
    const name = nameOf(publicKey);
    const peer = this.#peers.get(name);
    if (peer === undefined) return;
    peer.destroy();
    this.#peers.delete(name);
    this.#slots[peer.slot] = undefined;
    this.#freeSlots.push(peer.slot);
    this.#allowedIps.removePeer(peer.slot);
    this.#plane.removePeer(peer.slot);
  }

  allowedIpsOf(peer: Peer): AllowedIp[] {
    return this.#allowedIps.networksOf(peer.slot);
  }

  /** One change after the other; with `replace`, all that the peer had goes first. */
  changeAllowedIps(peer: Peer, { replace, changes }: { replace: boolean; changes: readonly AllowedIpChange[] }): void {
    if (replace) this.#allowedIps.removePeer(peer.slot);
    for (const { network, isRemoved } of changes) {
      if (isRemoved) this.#allowedIps.remove(peer.slot, network);
      else this.#allowedIps.insert(peer.slot, network);
    }
    this.#plane.setAllowedIps(peer.slot, this.#allowedIps.networksOf(peer.slot));
  }

  /** Outer bytes both ways, handshakes included, as `wg show` counts them. */
  transferOf(peer: Peer): { sentBytes: number; receivedBytes: number } {
    const { sentBytes, receivedBytes } = this.#plane.activity(peer.slot);
    return {
      sentBytes: sentBytes + peer.handshakeSentBytes,
      receivedBytes: receivedBytes + peer.handshakeReceivedBytes,
    };
  }

  /** Rejects if the port is taken; then everything is as before. */
  async bind(port: number, fwmark: number): Promise<void> {
    if (port === this.#plane.port && fwmark === this.#fwmark) return;
    // Two sockets cannot have one port: another mark on the same port takes a detour.
    if (port === this.#plane.port && port !== 0) await this.#plane.rebind(0, fwmark);
    await this.#plane.rebind(port, fwmark);
    this.#fwmark = fwmark;
  }

  /** Overwrites all keys and closes the packet path. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const peer of [...this.#peers.values()]) this.removePeer(peer.publicKey);
    this.#cancelTimer?.();
    this.#privateKey?.fill(0);
    this.#checker?.wipe();
    this.#identity = undefined;
    await this.#plane.close();
  }

  #receive(message: Uint8Array, from: Endpoint, waiting: number): void {
    const type = handshakeType(message);
    if (type === MESSAGE.cookieReply) {
      if (this.#indices.get(cookieReceiver(message))?.onCookieReply(message) !== true) this.handshakes.unexpected++;
    } else if (type !== 0 && this.#admit(message, from, waiting)) {
      if (type === MESSAGE.initiation) this.#receiveInitiation(message, from);
      else this.#receiveResponse(message, from);
    }
  }

  /** Both MACs, before anything that costs: who does not know our key, or under load does not prove its address, is out. */
  #admit(message: Uint8Array, from: Endpoint, waiting: number): boolean {
    const now = this.clock.now();
    const loaded = this.#load.arrived(waiting, now);
    const checker = this.#checker;
    if (checker?.checkMac1(message) !== true) {
      this.handshakes.badMac++;
      return false;
    }
    if (!loaded) return true;
    if (!checker.checkMac2(message, from, now)) {
      this.#load.fruitless(now);
      if (this.#load.mayReply(now)) {
        this.handshakes.cookieAsked++;
        const reply = checker.createReply(message, readIndex(message, INITIATION.sender), from, now);
        this.#plane.sendHandshakeMessage(reply, from);
      } else {
        this.handshakes.rateLimited++;
      }
      return false;
    }
    if (this.#sourceRate.allow(from.address, now)) return true;
    this.handshakes.rateLimited++;
    return false;
  }

  #receiveInitiation(message: Uint8Array, from: Endpoint): void {
    if (this.#identity === undefined) return;
    const arriving = ArrivingInitiation.open(this.#identity, message);
    const peer = arriving === undefined ? undefined : this.#peers.get(nameOf(arriving.remotePublicKey));
    if (arriving === undefined || peer === undefined) {
      arriving?.wipe();
      this.handshakes.unknownPeer++;
      this.#load.fruitless(this.clock.now());
      return;
    }
    const outcome = peer.onInitiation(arriving, from, message.length);
    arriving.wipe();
    if (outcome === 'answered') return;
    this.#load.fruitless(this.clock.now());
    if (outcome === 'forged') this.handshakes.unknownPeer++;
    else this.handshakes[outcome]++;
  }

  #receiveResponse(message: Uint8Array, from: Endpoint): void {
    const index = readIndex(message, RESPONSE.receiver);
    if (this.#indices.get(index)?.onResponse(message, index, from) !== true) this.handshakes.unexpected++;
  }

  #takeIndex(peer: Peer): number {
    let index: number;
    do index = randomInt(2 ** 32);
    while (this.#indices.has(index));
    this.#indices.set(index, peer);
    return index;
  }

  #timestamp(): Uint8Array {
    // The clock of the day may be set back; a peer takes only later labels. 17 ms is one grain of a label.
    this.#lastTimestampMs = Math.max(this.clock.wallTime(), this.#lastTimestampMs + 17);
    return tai64n(this.#lastTimestampMs);
  }

  #reschedule(peer: Peer): void {
    this.#deadlines.set(peer.slot, peer.dueAt);
    if (this.#deadlines.next < this.#timerAt) this.#arm();
  }

  /** One timer of the clock for all peers, at the earliest deadline. */
  #arm(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#timerAt = this.#deadlines.next;
    if (this.#closed || this.#timerAt === Number.POSITIVE_INFINITY) return;
    this.#cancelTimer = this.clock.after(Math.max(0, this.#timerAt - this.clock.now()), () => this.#runDue());
  }

  #runDue(): void {
    const now = this.clock.now();
    // Peers reschedule themselves while this runs; the timer is set once, at the end.
    this.#timerAt = Number.NEGATIVE_INFINITY;
    for (let slot = this.#deadlines.takeDue(now); slot !== -1; slot = this.#deadlines.takeDue(now)) {
      this.#slots[slot]?.onTimer(now);
    }
    this.#cancelTimer = undefined;
    this.#arm();
  }
}

function isSameKey(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return timingSafeEqual(one, other);
}

function nameOf(publicKey: Uint8Array): string {
  return Buffer.from(publicKey.buffer, publicKey.byteOffset, KEY_BYTES).toString('latin1');
}
