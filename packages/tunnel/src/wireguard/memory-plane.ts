import { AllowedIps } from './allowed-ips.ts';
import { counterNonce, open, seal, TAG_BYTES } from './chacha20-poly1305.ts';
import type { EngineClock } from './clock.ts';
import { REJECT_AFTER_MESSAGES, REKEY_AFTER_MESSAGES } from './constants.ts';
import {
  ACTIVITY_INTERVAL,
  type AllowedIp,
  type DataPlane,
  type DataPlaneEvents,
  type DropCounters,
  type Endpoint,
  type Keypair,
  type PeerActivity,
  type PeerSlot,
  STAGED_PACKETS_LIMIT,
} from './data-plane.ts';
import { destinationPeer, innerLength, sourcePeer } from './inner-packet.ts';
import type { MemoryNetwork } from './memory-network.ts';
import { handshakeType, MESSAGE, readIndex, TRANSPORT, writeIndex } from './messages.ts';
import { ReplayWindow } from './replay-window.ts';

export interface MemoryPlaneOptions {
  readonly clock: EngineClock;
  readonly network: MemoryNetwork;
  readonly address: string;
  /** 0, the default: any. */
  readonly port?: number;
  /** Largest inner packet; padding never goes beyond it. Default 1420. */
  readonly mtu?: number;
  readonly events: DataPlaneEvents;
  /** An inner packet that came through the tunnel; the bytes are the receiver's. */
  readonly onInnerPacket?: (packet: Uint8Array, peer: PeerSlot) => void;
  /** Default REKEY_AFTER_MESSAGES. */
  readonly rekeyAfterMessages?: number;
}

interface Session {
  readonly peer: PeerSlot;
  readonly localIndex: number;
  readonly remoteIndex: number;
  readonly sendKey: Uint8Array;
  readonly receiveKey: Uint8Array;
  readonly window: ReplayWindow;
  nextCounter: number;
  confirmed: boolean;
}

interface PlanePeer {
  endpoint: Endpoint | undefined;
  sending: Session | undefined;
  staged: Uint8Array[];
  sessionWanted: boolean;
  sentUnansweredSince: number | undefined;
  receivedUnansweredSince: number | undefined;
  lastSentAt: number | undefined;
  lastReceivedAt: number | undefined;
  sentBytes: number;
  receivedBytes: number;
}

const EMPTY = new Uint8Array(0);

/** A data plane without kernel or threads: inner packets go in and come out by calls, datagrams cross a `MemoryNetwork`. */
export class MemoryPlane implements DataPlane {
  readonly #options: MemoryPlaneOptions;
  readonly #mtu: number;
  readonly #allowedIps = new AllowedIps();
  readonly #peers = new Map<PeerSlot, PlanePeer>();
  readonly #sessions = new Map<number, Session>();
  readonly #active = new Set<PeerSlot>();
  readonly #handshakes: { readonly message: Uint8Array; readonly from: Endpoint }[] = [];
  readonly #drops = {
    malformed: 0,
    unknownIndex: 0,
    forged: 0,
    replayed: 0,
    notAllowed: 0,
    noRoute: 0,
    unsendable: 0,
  };
  #port: number;
  #cancelActivity: (() => void) | undefined;

  constructor(options: MemoryPlaneOptions) {
    this.#options = options;
    this.#mtu = options.mtu ?? 1420;
    this.#port = this.#attach(options.port ?? 0);
  }

  get port(): number {
    return this.#port;
  }

  get endpoint(): Endpoint {
    return { address: this.#options.address, port: this.#port };
  }

  addPeer(peer: PeerSlot): void {
    this.#peers.set(peer, {
      endpoint: undefined,
      sending: undefined,
      staged: [],
      sessionWanted: false,
      sentUnansweredSince: undefined,
      receivedUnansweredSince: undefined,
      lastSentAt: undefined,
      lastReceivedAt: undefined,
      sentBytes: 0,
      receivedBytes: 0,
    });
  }

  removePeer(peer: PeerSlot): void {
    for (const session of this.#sessions.values()) {
      if (session.peer === peer) this.removeKeypair(session.localIndex);
    }
    this.#allowedIps.removePeer(peer);
    this.#peers.delete(peer);
    this.#active.delete(peer);
  }

  setAllowedIps(peer: PeerSlot, networks: readonly AllowedIp[]): void {
    this.#allowedIps.removePeer(peer);
    for (const network of networks) this.#allowedIps.insert(peer, network);
  }

  setEndpoint(peer: PeerSlot, endpoint: Endpoint | undefined): void {
    this.#peer(peer).endpoint = endpoint;
  }

  installKeypair(keypair: Keypair): void {
    this.#sessions.set(keypair.localIndex, {
      peer: keypair.peer,
      localIndex: keypair.localIndex,
      remoteIndex: keypair.remoteIndex,
      sendKey: Uint8Array.from(keypair.sendKey),
      receiveKey: Uint8Array.from(keypair.receiveKey),
      window: new ReplayWindow(),
      nextCounter: 0,
      confirmed: false,
    });
  }

  sendWith(slot: PeerSlot, localIndex: number | undefined): void {
    const peer = this.#peer(slot);
    peer.sending = localIndex === undefined ? undefined : this.#sessions.get(localIndex);
    peer.sessionWanted = false;
    if (peer.sending === undefined) return;
    const staged = peer.staged;
    peer.staged = [];
    for (const packet of staged) this.#send(slot, peer, packet);
  }

  removeKeypair(localIndex: number): void {
    const session = this.#sessions.get(localIndex);
    if (session === undefined) return;
    this.#sessions.delete(localIndex);
    const peer = this.#peers.get(session.peer);
    if (peer?.sending === session) peer.sending = undefined;
    session.sendKey.fill(0);
    session.receiveKey.fill(0);
  }

  sendKeepalive(slot: PeerSlot): boolean {
    const peer = this.#peer(slot);
    if (peer.sending === undefined || peer.endpoint === undefined) return false;
    this.#send(slot, peer, EMPTY);
    return true;
  }

  sendHandshakeMessage(message: Uint8Array, to: Endpoint): void {
    this.#options.network.send(message, this.endpoint, to);
  }

  dropStaged(slot: PeerSlot): void {
    const peer = this.#peer(slot);
    this.#drops.unsendable += peer.staged.length;
    peer.staged = [];
    peer.sessionWanted = false;
  }

  activity(slot: PeerSlot): PeerActivity {
    return this.#peer(slot);
  }

  drops(): DropCounters {
    return { ...this.#drops };
  }

  async rebind(port: number, _fwmark: number): Promise<void> {
    if (port === this.#port) return;
    const before = this.endpoint;
    this.#port = this.#attach(port);
    this.#options.network.detach(before);
  }

  async close(): Promise<void> {
    this.#options.network.detach(this.endpoint);
    this.#cancelActivity?.();
    this.#handshakes.length = 0;
    for (const slot of [...this.#peers.keys()]) this.removePeer(slot);
  }

  /** Routes an inner packet by its destination and sends it, or stages it until there is a session. */
  writeInnerPacket(packet: Uint8Array): void {
    const slot = innerLength(packet) === 0 ? -1 : destinationPeer(this.#allowedIps, packet);
    const peer = this.#peers.get(slot);
    if (peer === undefined) {
      this.#drops.noRoute++;
      return;
    }
    if (packet.length > this.#mtu) {
      this.#drops.unsendable++;
      return;
    }
    if (peer.sending !== undefined) {
      this.#send(slot, peer, packet);
      return;
    }
    if (peer.staged.length === STAGED_PACKETS_LIMIT) {
      peer.staged.shift();
      this.#drops.unsendable++;
    }
    peer.staged.push(Uint8Array.from(packet));
    if (peer.sessionWanted) return;
    peer.sessionWanted = true;
    this.#options.events.onSessionWanted(slot);
  }

  #peer(slot: PeerSlot): PlanePeer {
    const peer = this.#peers.get(slot);
    if (peer === undefined) throw new RangeError(`no peer in slot ${slot}`);
    return peer;
  }

  #attach(port: number): number {
    const { network, address } = this.#options;
    const chosen = network.attach(address, port, (datagram, from) => this.#receive(datagram, from));
    if (chosen === false) throw new Error(`port ${port} is taken`);
    return chosen;
  }

  #send(slot: PeerSlot, peer: PlanePeer, packet: Uint8Array): void {
    const session = peer.sending as Session;
    if (peer.endpoint === undefined || session.nextCounter >= REJECT_AFTER_MESSAGES) {
      this.#drops.unsendable++;
      return;
    }
    const counter = session.nextCounter++;
    const padded = Math.max(packet.length, Math.min(this.#mtu, Math.ceil(packet.length / 16) * 16));
    const plaintext = new Uint8Array(padded);
    plaintext.set(packet);
    const message = new Uint8Array(TRANSPORT.packet + padded + TAG_BYTES);
    message[0] = MESSAGE.transport;
    writeIndex(message, TRANSPORT.receiver, session.remoteIndex);
    new DataView(message.buffer).setBigUint64(TRANSPORT.counter, BigInt(counter), true);
    seal(message, TRANSPORT.packet, session.sendKey, counterNonce(counter), plaintext, EMPTY);
    this.#options.network.send(message, this.endpoint, peer.endpoint);
    const now = this.#options.clock.now();
    peer.sentBytes += message.length;
    peer.lastSentAt = now;
    peer.receivedUnansweredSince = undefined;
    if (packet.length > 0) peer.sentUnansweredSince ??= now;
    if (session.nextCounter === (this.#options.rekeyAfterMessages ?? REKEY_AFTER_MESSAGES)) {
      this.#options.events.onMessagesSpent(slot, session.localIndex);
    }
    this.#tellActivity(slot);
  }

  #receive(datagram: Uint8Array, from: Endpoint): void {
    if (handshakeType(datagram) !== 0) {
      this.#handshakes.push({ message: datagram, from });
      this.#options.clock.after(0, () => {
        const next = this.#handshakes.shift();
        if (next === undefined) return;
        this.#options.events.onHandshakeMessage(next.message, next.from, this.#handshakes.length);
      });
      return;
    }
    const reserved = (datagram[1] ?? 0) | (datagram[2] ?? 0) | (datagram[3] ?? 0);
    if (datagram[0] !== MESSAGE.transport || reserved !== 0 || datagram.length < TRANSPORT.minimumBytes) {
      this.#drops.malformed++;
      return;
    }
    const session = this.#sessions.get(readIndex(datagram, TRANSPORT.receiver));
    if (session === undefined) {
      this.#drops.unknownIndex++;
      return;
    }
    const view = new DataView(datagram.buffer, datagram.byteOffset);
    const counter = Number(view.getBigUint64(TRANSPORT.counter, true));
    const plaintext =
      counter < REJECT_AFTER_MESSAGES
        ? open(session.receiveKey, counterNonce(counter), datagram.subarray(TRANSPORT.packet), EMPTY)
        : undefined;
    if (plaintext === undefined) {
      this.#drops.forged++;
      return;
    }
    if (!session.window.accept(counter)) {
      this.#drops.replayed++;
      return;
    }
    this.#received(session, plaintext, datagram.length, from);
  }

  #received(session: Session, packet: Uint8Array, bytes: number, from: Endpoint): void {
    const slot = session.peer;
    const peer = this.#peer(slot);
    const now = this.#options.clock.now();
    peer.receivedBytes += bytes;
    peer.lastReceivedAt = now;
    peer.sentUnansweredSince = undefined;
    if (packet.length > 0) peer.receivedUnansweredSince ??= now;
    this.#tellActivity(slot);
    if (peer.endpoint?.address !== from.address || peer.endpoint.port !== from.port) {
      peer.endpoint = from;
      this.#options.events.onRoamed(slot, from);
    }
    if (!session.confirmed) {
      session.confirmed = true;
      this.#options.events.onKeypairConfirmed(slot, session.localIndex);
    }
    if (packet.length === 0) return;
    const length = innerLength(packet);
    if (length === 0 || sourcePeer(this.#allowedIps, packet) !== slot) {
      this.#drops.notAllowed++;
      return;
    }
    this.#options.onInnerPacket?.(packet.subarray(0, length), slot);
  }

  #tellActivity(slot: PeerSlot): void {
    this.#active.add(slot);
    this.#cancelActivity ??= this.#options.clock.after(ACTIVITY_INTERVAL, () => {
      this.#cancelActivity = undefined;
      const peers = [...this.#active];
      this.#active.clear();
      this.#options.events.onActivity(peers);
    });
  }
}
