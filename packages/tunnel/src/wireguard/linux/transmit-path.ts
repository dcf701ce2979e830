/**
 * Inner packets on their way out: interface -> route -> cut into segments -> seal -> outer messages -> socket. One thread
 * of each lane runs it; the kernel keeps a flow on one queue of the interface, so its packets stay in order. A packet is
 * read, looked up and sealed under the thread's lock, so a key that was removed under the locks is never used again;
 * sending happens outside of it.
 */
import { EAGAIN, EINTR, EIO, errno, poll, read } from '../../os/libc.ts';
import { monotonicMs } from '../../os/monotonic.ts';
import { VNET_HEADER_BYTES } from '../../os/tun.ts';
import type { Aead } from '../aead/aead.ts';
import { AllowedIpsReader } from '../allowed-ips.ts';
import {
  CONTROL,
  DROP,
  KEYPAIR,
  KEYPAIR_FLAG,
  MAX_PACKET,
  NOTICE,
  NOTICE_KIND,
  PEER,
  READ,
  SCRATCH,
  SLOT,
  THREAD,
  type ThreadLayout,
  TRANSMIT,
} from './layout.ts';
import { OutgoingMessages } from './outgoing-messages.ts';
import type { PacketCode } from './packet-code.ts';
import { StagedPackets } from './staged-packets.ts';
import { acquireInTurn, NoticeRing, PeerRing, release, type Tables } from './tables.ts';

const POLLIN = 1;

const NEEDS_CSUM = 1;
const GSO_TCPV4 = 1;
const GSO_TCPV6 = 4;
const GSO_UDP = 5;
const GSO_ECN = 0x80;

/** Sends when this many packets are sealed, rather than look for more. */
const BATCH = 48;

export interface TransmitPathOptions {
  readonly tables: Tables;
  readonly thread: ThreadLayout;
  /** Whether this is the one that sends staged packets. */
  readonly first: boolean;
  readonly aead: Aead;
  /** Its queue of the interface. */
  readonly tunFd: number;
  readonly eventFd: number;
  /** Makes the main thread look at its rings. */
  readonly notify: () => void;
}

export class TransmitPath {
  readonly #tables: Tables;
  readonly #first: boolean;
  /** Words of this thread. */
  readonly #lock: number;
  readonly #sleeps: number;
  readonly #generation: number;
  /** Bytes sent to each peer, from here on. */
  readonly #sentBytes: number;
  readonly #code: PacketCode;
  readonly #aead: Aead;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #floats: Float64Array;
  readonly #base: number;
  readonly #outgoing: OutgoingMessages;
  readonly #routes: AllowedIpsReader;
  readonly #staged: StagedPackets;
  readonly #notices: NoticeRing;
  readonly #active: PeerRing;
  readonly #resume: PeerRing;
  readonly #tunFd: number;
  readonly #eventFd: number;
  readonly #notify: () => void;

  /** Offset of the inner packet that was read last. */
  readonly #packet: number;
  readonly #template: number;
  readonly #scratch: number;
  readonly #poll: number;

  #now = 0;
  #mtu = 0;
  constructor({ tables, thread, first, aead, tunFd, eventFd, notify }: TransmitPathOptions) {
    this.#tables = tables;
    this.#first = first;
    this.#lock = thread.at + THREAD.lock;
    this.#sleeps = (thread.at + THREAD.sleeps) >> 2;
    this.#generation = (thread.at + THREAD.generation) >> 2;
    this.#sentBytes = thread.bytesAt >> 3;
    this.#code = tables.code;
    this.#aead = aead;
    this.#bytes = tables.bytes;
    this.#words = tables.words;
    this.#floats = tables.floats;
    this.#base = tables.base;
    this.#outgoing = new OutgoingMessages(tables, thread);
    this.#routes = new AllowedIpsReader(tables.tries);
    this.#staged = new StagedPackets(tables);
    this.#notices = new NoticeRing(tables, thread);
    this.#active = PeerRing.active(tables, thread);
    this.#resume = PeerRing.resume(tables);
    this.#tunFd = tunFd;
    this.#eventFd = eventFd;
    this.#notify = notify;
    const own = thread.bufferAt;
    this.#packet = own + TRANSMIT.read + READ.packet;
    this.#template = own + TRANSMIT.template;
    this.#scratch = own + TRANSMIT.scratch;
    this.#poll = own + TRANSMIT.poll;
    this.#words[this.#poll >> 2] = tunFd;
    this.#words[(this.#poll + 4) >> 2] = POLLIN;
    this.#words[(this.#poll + 8) >> 2] = eventFd;
    this.#words[(this.#poll + 12) >> 2] = POLLIN;
  }

  /** Until it is told to stop. Throws when the interface is gone. */
  run(): void {
    const header = this.#base + this.#packet - VNET_HEADER_BYTES;
    this.#begin();
    while (true) {
      const length = read(this.#tunFd, header, READ.bytes - READ.packet);
      if (length > 0) {
        acquireInTurn(this.#words, this.#lock);
        try {
          this.#take(length);
        } finally {
          release(this.#words, this.#lock);
        }
        if (this.#outgoing.waiting < BATCH) continue;
        this.#flush();
        if (!this.#isCalled()) continue;
        if (!this.#attend()) return;
        continue;
      }
      const error = errno();
      this.#flush();
      if (length < 0 && error !== EAGAIN && error !== EINTR && error !== EIO) {
        if (Atomics.load(this.#words, CONTROL.stopping >> 2) !== 0) return;
        throw new Error(`reading from the interface failed with error ${error}`);
      }
      if (!this.#attend()) return;
    }
  }

  /** What the main thread wants, then sleep until there is something to do. False: stop. */
  #attend(): boolean {
    this.#sendStaged();
    const words = this.#words;
    Atomics.store(words, this.#sleeps, 1);
    if (!this.#isCalled()) {
      words[(this.#poll + 4) >> 2] = POLLIN;
      words[(this.#poll + 12) >> 2] = POLLIN;
      poll(this.#base + this.#poll, 2, -1);
      if (words[(this.#poll + 12) >> 2]! >>> 16 !== 0) read(this.#eventFd, this.#base + this.#poll + 32, 8);
    }
    Atomics.store(words, this.#sleeps, 0);
    this.#begin();
    return Atomics.load(words, CONTROL.stopping >> 2) === 0;
  }

  #isCalled(): boolean {
    const words = this.#words;
    return (
      (this.#first && !this.#resume.isEmpty()) ||
      Atomics.load(words, CONTROL.stopping >> 2) !== 0 ||
      Atomics.load(words, CONTROL.socketGeneration >> 2) !== words[this.#generation]
    );
  }

  /** A new batch: the time is taken once. Nothing is being sent here, so another socket may be taken up. */
  #begin(): void {
    this.#now = monotonicMs();
    this.#mtu = this.#words[CONTROL.mtu >> 2]!;
    const generation = Atomics.load(this.#words, CONTROL.socketGeneration >> 2);
    if (generation === this.#words[this.#generation]) return;
    Atomics.store(this.#words, this.#generation, generation);
    Atomics.notify(this.#words, this.#generation);
  }

  #sendStaged(): void {
    if (!this.#first) return;
    for (let peer = this.#resume.shift(); peer !== -1; peer = this.#resume.shift()) {
      acquireInTurn(this.#words, this.#lock);
      try {
        this.#unstage(this.#tables.peerAt(peer));
      } finally {
        release(this.#words, this.#lock);
      }
    }
    this.#flush();
  }

  #unstage(at: number): void {
    const words = this.#words;
    words[(at + PEER.resuming) >> 2] = 0;
    const keypair = words[(at + PEER.sendKeypair) >> 2];
    while (keypair !== 0 && words[(at + PEER.sendKeypair) >> 2] === keypair) {
      const length = this.#staged.shift(at, this.#packet - VNET_HEADER_BYTES);
      if (length === 0) return;
      this.#take(length);
    }
  }

  /** `length` bytes were read: a virtio-net header and a packet. The kernel made them, but nothing is taken on trust. */
  #take(length: number): void {
    const bytes = this.#bytes;
    const packet = this.#packet;
    const inner = length - VNET_HEADER_BYTES;
    const version = bytes[packet]! >> 4;
    let peer = -1;
    let ecn = 0;
    if (version === 4 && inner >= 20) {
      peer = this.#routes.lookup4(bytes, packet + 16);
      ecn = bytes[packet + 1]! & 3;
    } else if (version === 6 && inner >= 40) {
      peer = this.#routes.lookup6(bytes, packet + 24);
      ecn = (bytes[packet + 1]! >> 4) & 3;
    }
    if (peer === -1) {
      this.#tables.countDrop(DROP.noRoute);
      return;
    }
    const at = this.#tables.peerAt(peer);
    if (this.#words[(at + PEER.addressLength) >> 2] === 0) {
      this.#tables.countDrop(DROP.unsendable);
      return;
    }
    const keypair = this.#words[(at + PEER.sendKeypair) >> 2]! - 1;
    if (keypair === -1) {
      this.#stage(peer, at, length);
      return;
    }
    // RFC 6040 as Linux' WireGuard does it: the outer header gets the inner's mark, but a CE becomes ECT(0).
    if (ecn === 3) ecn = 2;
    const header = packet - VNET_HEADER_BYTES;
    const kind = bytes[header + 1]! & ~GSO_ECN;
    if (kind !== 0) {
      this.#cut(peer, at, keypair, ecn, kind, inner);
      return;
    }
    if (inner > MAX_PACKET) {
      this.#tables.countDrop(DROP.unsendable);
      return;
    }
    if ((bytes[header]! & NEEDS_CSUM) !== 0) {
      const start = bytes[header + 6]! | (bytes[header + 7]! << 8);
      const offset = bytes[header + 8]! | (bytes[header + 9]! << 8);
      if (start + offset + 2 > inner) {
        this.#tables.countDrop(DROP.unsendable);
        return;
      }
      this.#code.completeChecksum(packet, inner, start, offset);
    }
    this.#seal(peer, at, keypair, ecn, packet, inner);
  }

  /** A superpacket becomes packets, each sealed where it lies before the next one's header is written over its end. */
  #cut(peer: number, at: number, keypair: number, ecn: number, kind: number, inner: number): void {
    const bytes = this.#bytes;
    const packet = this.#packet;
    const header = packet - VNET_HEADER_BYTES;
    const size = bytes[header + 4]! | (bytes[header + 5]! << 8);
    const transport = bytes[header + 6]! | (bytes[header + 7]! << 8);
    const tcp = kind === GSO_TCPV4 || kind === GSO_TCPV6;
    const headers = transport + (tcp ? (bytes[packet + transport + 12]! >> 4) << 2 : 8);
    const least = bytes[packet]! >> 4 === 4 ? 20 : 40;
    const sane = (tcp || kind === GSO_UDP) && size > 0 && transport >= least && headers >= transport + (tcp ? 20 : 8);
    if (!sane || headers > inner || headers > 512 || headers + size > MAX_PACKET) {
      this.#tables.countDrop(DROP.unsendable);
      return;
    }
    bytes.copyWithin(this.#template, packet, packet + headers);
    const payload = inner - headers;
    const count = Math.max(1, Math.ceil(payload / size));
    const protocol = tcp ? 6 : 17;
    for (let index = 0; index < count; index++) {
      const last = index === count - 1;
      const part = last ? payload - index * size : size;
      const ip = packet + index * size;
      this.#code.writeSegment(this.#template, ip, protocol, transport, headers, part, index, size, last);
      if (!this.#seal(peer, at, keypair, ecn, ip, headers + part)) return;
    }
  }

  #stage(peer: number, at: number, length: number): void {
    if (!this.#staged.push(at, this.#packet - VNET_HEADER_BYTES, length)) return;
    if (this.#words[(at + PEER.wantedTold) >> 2] !== 0) return;
    if (this.#tell(NOTICE_KIND.wanted, peer, 0)) this.#words[(at + PEER.wantedTold) >> 2] = 1;
  }

  /** False: the keypair has sent all it may. */
  #seal(peer: number, at: number, keypair: number, ecn: number, packet: number, length: number): boolean {
    const words = this.#words;
    const key = this.#tables.keypairAt(keypair);
    const taken = this.#code.takeCounter(key + KEYPAIR.sendCounter, this.#scratch + SCRATCH.low);
    if (taken !== 1) {
      const flags = words[(key + KEYPAIR.flags) >> 2]!;
      if ((flags & KEYPAIR_FLAG.spentTold) === 0) {
        const told = this.#tell(NOTICE_KIND.spent, peer, words[(key + KEYPAIR.localIndex) >> 2]!);
        if (told) words[(key + KEYPAIR.flags) >> 2] = flags | KEYPAIR_FLAG.spentTold;
      }
      if (taken === 0) {
        words[(at + PEER.sendKeypair) >> 2] = 0;
        this.#tables.countDrop(DROP.unsendable);
        return false;
      }
    }
    // Paper, 5.4.6: padded to 16 bytes, but not beyond the MTU.
    const padded = Math.max(length, Math.min((length + 15) & ~15, this.#mtu));
    const slot = this.#outgoing.slot();
    this.#aead.seal(key + KEYPAIR.sendKey, keypair, packet, length, padded, slot + SLOT.packet);
    const head = (slot + SLOT.transport) >> 2;
    words[head] = 4;
    words[head + 1] = words[(key + KEYPAIR.remoteIndex) >> 2]!;
    words[head + 2] = words[(this.#scratch + SCRATCH.low) >> 2]!;
    words[head + 3] = words[(this.#scratch + SCRATCH.high) >> 2]!;
    this.#outgoing.append(peer, at, ecn, padded + 32);
    this.#account(peer, at, padded + 32);
    return true;
  }

  #account(peer: number, at: number, length: number): void {
    const floats = this.#floats;
    const field = at >> 3;
    floats[field + (PEER.lastSentAt >> 3)] = this.#now;
    floats[this.#sentBytes + peer]! += length;
    floats[field + (PEER.receivedUnansweredSince >> 3)] = 0;
    if (floats[field + (PEER.sentUnansweredSince >> 3)] === 0) {
      floats[field + (PEER.sentUnansweredSince >> 3)] = this.#now;
    }
    markActive(this.#words, at, peer, this.#active, this.#notify);
  }

  #flush(): void {
    this.#outgoing.flush();
    this.#begin();
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

/** The peer had traffic: into the ring once, until the main thread has looked. */
export function markActive(words: Int32Array, at: number, peer: number, ring: PeerRing, notify: () => void): void {
  const index = (at + PEER.active) >> 2;
  if (words[index] !== 0 || Atomics.exchange(words, index, 1) !== 0) return;
  ring.push(peer);
  if (Atomics.exchange(words, CONTROL.activityNoticed >> 2, 1) === 0) notify();
}
