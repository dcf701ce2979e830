/**
 * Datagrams on their way in: socket -> kind -> keypair -> open -> replay window -> inner packet -> source allowed -> joined
 * into superpackets -> interface. One thread of each lane runs it, each message under the
 * thread's lock; the kernel keeps the datagrams of one sender on one socket, so they stay in order. Every length in a datagram is
 * a stranger's word until the tag was checked, and a peer's word after that.
 */
import { EAGAIN, ECONNREFUSED, EINTR, errno, poll, read, recvmmsg, writev } from '../../os/libc.ts';
import { monotonicMs } from '../../os/monotonic.ts';
import type { Aead } from '../aead/aead.ts';
import { AllowedIpsReader } from '../allowed-ips.ts';
import {
  ADDRESS_BYTES,
  CONTROL,
  CONTROL_BYTES,
  DATAGRAM,
  DATAGRAMS,
  DROP,
  KEYPAIR,
  KEYPAIR_FLAG,
  MAX_PACKET,
  MESSAGE,
  NOTICE,
  NOTICE_KIND,
  PEER,
  RECEIVE,
  SCRATCH,
  SLOT,
  SLOTS,
  THREAD,
  type ThreadLayout,
} from './layout.ts';
import type { PacketCode } from './packet-code.ts';
import { acquire, acquireInTurn, NoticeRing, PeerRing, release, type Tables } from './tables.ts';
import { markActive } from './transmit-path.ts';

const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;
const POLLIN = 1;
const SOL_IP = 0;
const IP_TOS = 1;
const SOL_UDP = 17;
const UDP_GRO = 104;
const SOL_IPV6 = 41;
const IPV6_TCLASS = 67;

/** Whole lengths of handshake messages by type (paper, 5.4). */
const HANDSHAKE_BYTES = [0, 148, 92, 64] as const;
const TRANSPORT = 4;
const TRANSPORT_HEADER = 16;
const TAG = 16;

export interface ReceivePathOptions {
  readonly tables: Tables;
  readonly thread: ThreadLayout;
  readonly aead: Aead;
  /** Its queue of the interface. */
  readonly tunFd: number;
  readonly eventFd: number;
  readonly joinsUdp: boolean;
  readonly notify: () => void;
}

export class ReceivePath {
  readonly #tables: Tables;
  /** Words of this thread. */
  readonly #lock: number;
  readonly #sleeps: number;
  readonly #socket: number;
  readonly #generation: number;
  /** Bytes received from each peer, from here on. */
  readonly #receivedBytes: number;
  /** Locks of all transmitting threads. */
  readonly #transmitLocks: readonly number[];
  readonly #code: PacketCode;
  readonly #aead: Aead;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #floats: Float64Array;
  readonly #base: number;
  readonly #sources: AllowedIpsReader;
  readonly #notices: NoticeRing;
  readonly #active: PeerRing;
  readonly #tunFd: number;
  readonly #eventFd: number;
  readonly #notify: () => void;

  readonly #scratch: number;
  readonly #poll: number;
  readonly #messages: number;
  readonly #names: number;
  readonly #controls: number;
  readonly #datagrams: number;
  readonly #slots: number;
  readonly #runVectors: number;

  #now = 0;
  #usedSlots = 0;
  /** Of the message at hand. */
  #name = 0;
  #nameLength = 0;
  #congested = false;
  #segmentBytes = 0;
  /** The peer whose endpoint was compared with this message's source already. */
  #seenPeer = -1;

  constructor({ tables, thread, aead, tunFd, eventFd, joinsUdp, notify }: ReceivePathOptions) {
    this.#tables = tables;
    this.#lock = thread.at + THREAD.lock;
    this.#sleeps = (thread.at + THREAD.sleeps) >> 2;
    this.#socket = (thread.at + THREAD.socket) >> 2;
    this.#generation = (thread.at + THREAD.generation) >> 2;
    this.#receivedBytes = thread.bytesAt >> 3;
    this.#transmitLocks = tables.layout.lanes.map(({ transmit }) => transmit.at + THREAD.lock);
    this.#code = tables.code;
    this.#aead = aead;
    this.#bytes = tables.bytes;
    this.#words = tables.words;
    this.#floats = tables.floats;
    this.#base = tables.base;
    this.#sources = new AllowedIpsReader(tables.tries);
    this.#notices = new NoticeRing(tables, thread);
    this.#active = PeerRing.active(tables, thread);
    this.#tunFd = tunFd;
    this.#eventFd = eventFd;
    this.#notify = notify;
    const own = thread.bufferAt;
    this.#scratch = own + RECEIVE.scratch;
    this.#poll = own + RECEIVE.poll;
    this.#messages = own + RECEIVE.messages;
    this.#names = own + RECEIVE.names;
    this.#controls = own + RECEIVE.controls;
    this.#datagrams = own + RECEIVE.datagrams;
    this.#slots = own + RECEIVE.slots;
    this.#runVectors = own + RECEIVE.runVectors;
    tables.code.configureRuns(this.#runVectors, joinsUdp);
    for (let index = 0; index < DATAGRAMS; index++) {
      const message = this.#messages + index * MESSAGE.bytes;
      const vector = own + RECEIVE.vectors + index * 16;
      tables.code.writePointer(message + MESSAGE.name, this.#names + index * ADDRESS_BYTES);
      tables.code.writePointer(message + MESSAGE.vectors, vector);
      tables.code.writePointer(message + MESSAGE.control, this.#controls + index * CONTROL_BYTES);
      tables.code.writePointer(vector, this.#datagrams + index * DATAGRAM.bytes + DATAGRAM.data);
      this.#words[(message + MESSAGE.vectorCount) >> 2] = 1;
      this.#words[(vector + 8) >> 2] = 65_536;
      this.#reset(message);
    }
    this.#words[(this.#poll + 8) >> 2] = eventFd;
  }

  /** The kernel shortens these to what it wrote. */
  #reset(message: number): void {
    this.#words[(message + MESSAGE.nameLength) >> 2] = 28;
    this.#words[(message + MESSAGE.controlLength) >> 2] = CONTROL_BYTES;
    this.#words[(message + MESSAGE.flags) >> 2] = 0;
  }

  /** Until it is told to stop. Throws when the socket is gone. */
  run(): void {
    const words = this.#words;
    this.#begin();
    while (true) {
      const count = recvmmsg(words[this.#socket]!, this.#base + this.#messages, DATAGRAMS, MSG_DONTWAIT, 0);
      if (count > 0) {
        this.#now = monotonicMs();
        for (let index = 0; index < count; index++) {
          acquireInTurn(words, this.#lock);
          try {
            this.#message(index);
          } finally {
            release(words, this.#lock);
          }
        }
        this.#writeRun();
        this.#usedSlots = 0;
        if (Atomics.load(words, CONTROL.stopping >> 2) !== 0) return;
        this.#begin();
        continue;
      }
      const error = errno();
      if (error === EINTR || error === ECONNREFUSED) continue;
      if (error !== EAGAIN) throw new Error(`receiving from the socket failed with error ${error}`);
      if (!this.#sleep()) return;
    }
  }

  #sleep(): boolean {
    const words = this.#words;
    const stopping = CONTROL.stopping >> 2;
    Atomics.store(words, this.#sleeps, 1);
    const called =
      Atomics.load(words, stopping) !== 0 ||
      Atomics.load(words, CONTROL.socketGeneration >> 2) !== words[this.#generation];
    if (!called) {
      words[this.#poll >> 2] = words[this.#socket]!;
      words[(this.#poll + 4) >> 2] = POLLIN;
      words[(this.#poll + 12) >> 2] = POLLIN;
      poll(this.#base + this.#poll, 2, -1);
      if (words[(this.#poll + 12) >> 2]! >>> 16 !== 0) read(this.#eventFd, this.#base + this.#poll + 32, 8);
    }
    Atomics.store(words, this.#sleeps, 0);
    this.#begin();
    return Atomics.load(words, stopping) === 0;
  }

  /** The socket may have changed; from here on the old one is not used. */
  #begin(): void {
    const generation = Atomics.load(this.#words, CONTROL.socketGeneration >> 2);
    if (generation === this.#words[this.#generation]) return;
    Atomics.store(this.#words, this.#generation, generation);
    Atomics.notify(this.#words, this.#generation);
  }

  #message(index: number): void {
    const words = this.#words;
    const message = this.#messages + index * MESSAGE.bytes;
    const length = words[(message + MESSAGE.length) >> 2]!;
    const flags = words[(message + MESSAGE.flags) >> 2]!;
    this.#name = this.#names + index * ADDRESS_BYTES;
    this.#nameLength = words[(message + MESSAGE.nameLength) >> 2]!;
    this.#segmentBytes = length;
    this.#congested = false;
    this.#seenPeer = -1;
    this.#readControl(this.#controls + index * CONTROL_BYTES, words[(message + MESSAGE.controlLength) >> 2]!);
    this.#reset(message);
    if ((flags & MSG_TRUNC) !== 0) {
      this.#tables.countDrop(DROP.malformed);
      return;
    }
    const size = this.#segmentBytes;
    const data = this.#datagrams + index * DATAGRAM.bytes + DATAGRAM.data;
    let offset = 0;
    do {
      this.#datagram(data + offset, Math.min(size, length - offset));
      offset += size;
    } while (offset < length);
  }

  #readControl(at: number, length: number): void {
    const words = this.#words;
    const end = at + length;
    while (at + 20 <= end) {
      const size = words[at >> 2]!;
      if (size < 16) return;
      const level = words[(at + 8) >> 2];
      const type = words[(at + 12) >> 2];
      if (level === SOL_UDP && type === UDP_GRO) {
        const segment = words[(at + 16) >> 2]!;
        if (segment > 0) this.#segmentBytes = segment;
      } else if ((level === SOL_IP && type === IP_TOS) || (level === SOL_IPV6 && type === IPV6_TCLASS)) {
        // One byte for IPv4, an int for IPv6; the mark is in the lowest bits of either.
        this.#congested = (this.#bytes[at + 16]! & 3) === 3;
      }
      at += (size + 7) & ~7;
    }
  }

  #datagram(at: number, length: number): void {
    const bytes = this.#bytes;
    const kind = bytes[at]!;
    const reserved = bytes[at + 1]! | bytes[at + 2]! | bytes[at + 3]!;
    if (length >= TRANSPORT_HEADER + TAG && reserved === 0) {
      if (kind === TRANSPORT) {
        this.#transport(at, length);
        return;
      }
      if (length === HANDSHAKE_BYTES[kind]) {
        this.#handshake(at, length);
        return;
      }
    }
    this.#tables.countDrop(DROP.malformed);
  }

  /** A flood fills the ring up to what is kept for our own notices; the rest of it is not even counted one by one. */
  #handshake(at: number, length: number): void {
    const notice = this.#notices.claim(true);
    if (notice === 0) return;
    const bytes = this.#bytes;
    this.#words[(notice + NOTICE.kind) >> 2] = NOTICE_KIND.handshake;
    this.#words[(notice + NOTICE.length) >> 2] = length;
    bytes.copyWithin(notice + NOTICE.address, this.#name, this.#name + 28);
    bytes.copyWithin(notice + NOTICE.message, at, at + length);
    this.#notices.publish();
    this.#notify();
  }

  #transport(at: number, length: number): void {
    const words = this.#words;
    const code = this.#code;
    const nonce = this.#scratch + SCRATCH.low;
    const keypair = this.#tables.findKeypair(code.readHeader(at, nonce));
    if (keypair === -1) {
      this.#tables.countDrop(DROP.unknownIndex);
      return;
    }
    const sealed = length - TRANSPORT_HEADER - TAG;
    if (sealed > MAX_PACKET) {
      this.#tables.countDrop(DROP.malformed);
      return;
    }
    if (code.isRejectedCounter(nonce) !== 0) {
      this.#tables.countDrop(DROP.replayed);
      return;
    }
    if (this.#usedSlots === SLOTS) {
      this.#writeRun();
      this.#usedSlots = 0;
    }
    const key = this.#tables.keypairAt(keypair);
    const packet = this.#slots + this.#usedSlots * SLOT.bytes + SLOT.packet;
    if (!this.#aead.open(key + KEYPAIR.receiveKey, keypair, at + TRANSPORT_HEADER, sealed, packet)) {
      this.#tables.countDrop(DROP.forged);
      return;
    }
    if (code.acceptCounter(key + KEYPAIR.window, nonce) === 0) {
      this.#tables.countDrop(DROP.replayed);
      return;
    }
    const peer = words[(key + KEYPAIR.peer) >> 2]!;
    this.#authenticated(peer, key, length);
    if (sealed !== 0) this.#inner(peer, packet, sealed);
  }

  #authenticated(peer: number, key: number, length: number): void {
    const words = this.#words;
    const floats = this.#floats;
    const at = this.#tables.peerAt(peer);
    const flags = words[(key + KEYPAIR.flags) >> 2]!;
    if ((flags & KEYPAIR_FLAG.confirmed) === 0) {
      if (this.#tell(NOTICE_KIND.confirmed, peer, words[(key + KEYPAIR.localIndex) >> 2]!)) {
        words[(key + KEYPAIR.flags) >> 2] = flags | KEYPAIR_FLAG.confirmed;
      }
    }
    if (peer !== this.#seenPeer) {
      this.#seenPeer = peer;
      this.#roam(peer, at);
    }
    floats[(at + PEER.lastReceivedAt) >> 3] = this.#now;
    floats[(at + PEER.sentUnansweredSince) >> 3] = 0;
    floats[this.#receivedBytes + peer]! += length;
    markActive(words, at, peer, this.#active, this.#notify);
  }

  #roam(peer: number, at: number): void {
    const words = this.#words;
    const mine = (at + PEER.address) >> 2;
    const theirs = this.#name >> 2;
    let same = words[(at + PEER.addressLength) >> 2] === this.#nameLength;
    for (let word = 0; same && word < 7; word++) same = words[mine + word] === words[theirs + word];
    if (same) return;
    const notice = this.#notices.claim(false);
    // Without room for the notice the next packet roams.
    if (notice === 0) return;
    for (const lock of this.#transmitLocks) acquire(words, lock);
    this.#bytes.copyWithin(at + PEER.address, this.#name, this.#name + 28);
    words[(at + PEER.addressLength) >> 2] = this.#nameLength;
    for (const lock of this.#transmitLocks) release(words, lock);
    words[(notice + NOTICE.kind) >> 2] = NOTICE_KIND.roamed;
    words[(notice + NOTICE.peer) >> 2] = peer;
    this.#bytes.copyWithin(notice + NOTICE.address, this.#name, this.#name + 28);
    this.#notices.publish();
    this.#notify();
  }

  /** An authentic packet of `length` bytes, padding included. */
  #inner(peer: number, ip: number, length: number): void {
    const found = this.#code.inspect(ip, length);
    const source =
      found === 0
        ? -1
        : found >>> 16 === 4
          ? this.#sources.lookup4(this.#bytes, ip + 12)
          : this.#sources.lookup6(this.#bytes, ip + 8);
    if (source !== peer) {
      this.#tables.countDrop(DROP.notAllowed);
      return;
    }
    const since = (this.#tables.peerAt(peer) + PEER.receivedUnansweredSince) >> 3;
    if (this.#floats[since] === 0) this.#floats[since] = this.#now;
    if (this.#congested) this.#code.markCongestion(ip);
    const inner = found & 0xffff;
    this.#usedSlots++;
    const joined = this.#code.offer(ip, inner);
    if (joined === 2) return;
    this.#writeRun();
    this.#code.startRun(ip, inner, joined === 1);
  }

  /** A packet that the kernel refuses is lost, like any that a network loses. */
  #writeRun(): void {
    const vectors = this.#code.finishRun();
    if (vectors !== 0) writev(this.#tunFd, this.#base + this.#runVectors, vectors);
  }

  #tell(kind: number, peer: number, index: number): boolean {
    const at = this.#notices.claim(false);
    if (at === 0) return false;
    this.#words[(at + NOTICE.kind) >> 2] = kind;
    this.#words[(at + NOTICE.peer) >> 2] = peer;
    this.#words[(at + NOTICE.index) >> 2] = index;
    this.#notices.publish();
    this.#notify();
    return true;
  }
}
