import { monotonicMs } from '../../os/monotonic.ts';
import { decodeSocketAddress } from '../../os/socket-address.ts';
import { ACTIVITY_INTERVAL, type DataPlaneEvents, type PeerSlot } from '../data-plane.ts';
import { CONTROL, NOTICE, NOTICE_KIND, PEER } from './layout.ts';
import { NoticeRing, PeerRing, type Tables, threadsOf } from './tables.ts';

/** The main thread lets other work in after this many notices. */
const NOTICES_PER_TURN = 128;
const MTU_CHECK_MS = 1000;

/** On the main thread: what the workers put into their rings becomes calls of the protocol's handlers. */
export class PlaneEvents {
  readonly #tables: Tables;
  readonly #events: DataPlaneEvents;
  readonly #readMtu: () => number;
  readonly #notices: readonly NoticeRing[];
  readonly #active: readonly PeerRing[];
  #activityTimer: NodeJS.Timeout | undefined;
  #lastActivity = 0;
  #lastMtuCheck = 0;
  #draining = false;
  #ended = false;
  /** A copy outside of shared memory for handlers; overwritten by the next message. */
  readonly #message = Buffer.alloc(256);

  /** `readMtu`: of the interface, which people may change while it runs. */
  constructor(tables: Tables, events: DataPlaneEvents, readMtu: () => number) {
    this.#tables = tables;
    this.#events = events;
    this.#readMtu = readMtu;
    // What the transmitting threads say is little and urgent; handshake messages come from the receiving ones.
    const threads = threadsOf(tables.layout).reverse();
    this.#notices = threads.map((thread) => new NoticeRing(tables, thread));
    this.#active = threads.map((thread) => PeerRing.active(tables, thread));
  }

  /** Nothing is told any more. */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#activityTimer);
  }

  /** The last thing that is told. */
  fail(error: Error): void {
    if (this.#ended) return;
    this.end();
    this.#events.onFailed(error);
  }

  /** A worker says that there is something in a ring. */
  drain(): void {
    if (this.#draining || this.#ended) return;
    Atomics.store(this.#tables.words, CONTROL.noticed >> 2, 0);
    let left = NOTICES_PER_TURN;
    for (const ring of this.#notices) {
      for (let at = ring.peek(); at !== 0 && left > 0 && !this.#ended; at = ring.peek()) {
        this.#tell(at, ring);
        left--;
      }
    }
    if (left === 0) {
      this.#draining = true;
      setImmediate(() => {
        this.#draining = false;
        this.drain();
      });
    }
    if (Atomics.load(this.#tables.words, CONTROL.activityNoticed >> 2) !== 0) this.#scheduleActivity();
  }

  /** The entry is free before a handler runs, which may well cause the next one. */
  #tell(at: number, ring: NoticeRing): void {
    const { words, bytes } = this.#tables;
    const kind = words[(at + NOTICE.kind) >> 2];
    const peer = words[(at + NOTICE.peer) >> 2]!;
    const index = words[(at + NOTICE.index) >> 2]! >>> 0;
    if (kind === NOTICE_KIND.handshake) {
      const length = words[(at + NOTICE.length) >> 2]!;
      this.#message.set(bytes.subarray(at + NOTICE.message, at + NOTICE.message + length));
      const from = decodeSocketAddress(bytes, at + NOTICE.address);
      ring.consume();
      this.#events.onHandshakeMessage(this.#message.subarray(0, length), from, ring.waiting);
      return;
    }
    if (kind === NOTICE_KIND.roamed) {
      const endpoint = decodeSocketAddress(bytes, at + NOTICE.address);
      ring.consume();
      if (this.#exists(peer)) this.#events.onRoamed(peer, endpoint);
      return;
    }
    ring.consume();
    if (!this.#exists(peer)) return;
    if (kind === NOTICE_KIND.wanted) this.#events.onSessionWanted(peer);
    else if (kind === NOTICE_KIND.confirmed) this.#events.onKeypairConfirmed(peer, index);
    else if (kind === NOTICE_KIND.spent) this.#events.onMessagesSpent(peer, index);
  }

  #exists(peer: number): boolean {
    return this.#tables.words[(this.#tables.peerAt(peer) + PEER.exists) >> 2] !== 0;
  }

  #scheduleActivity(): void {
    if (this.#activityTimer !== undefined) return;
    const wait = Math.max(0, this.#lastActivity + ACTIVITY_INTERVAL - monotonicMs());
    this.#activityTimer = setTimeout(() => {
      this.#activityTimer = undefined;
      this.#collectActivity();
    }, wait);
  }

  #collectActivity(): void {
    const { words } = this.#tables;
    this.#lastActivity = monotonicMs();
    if (this.#lastActivity - this.#lastMtuCheck > MTU_CHECK_MS) {
      this.#lastMtuCheck = this.#lastActivity;
      words[CONTROL.mtu >> 2] = this.#readMtu();
    }
    Atomics.store(words, CONTROL.activityNoticed >> 2, 0);
    const peers: PeerSlot[] = [];
    for (const ring of this.#active) {
      for (let peer = ring.shift(); peer !== -1; peer = ring.shift()) {
        Atomics.store(words, (this.#tables.peerAt(peer) + PEER.active) >> 2, 0);
        if (this.#exists(peer)) peers.push(peer);
      }
    }
    if (peers.length > 0) this.#events.onActivity(peers);
  }
}
