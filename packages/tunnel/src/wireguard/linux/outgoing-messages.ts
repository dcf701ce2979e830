import { EINTR, EIO, errno, sendmmsg } from '../../os/libc.ts';
import {
  ADDRESS_BYTES,
  CONTROL_BYTES,
  DROP,
  MAX_MESSAGE,
  MAX_SEGMENTS,
  MESSAGE,
  PEER,
  SLOT,
  SLOTS,
  THREAD,
  type ThreadLayout,
  TRANSMIT,
} from './layout.ts';
import type { PacketCode } from './packet-code.ts';
import type { Tables } from './tables.ts';

const AF_INET = 2;
const SOL_IP = 0;
const IP_TOS = 1;
const SOL_UDP = 17;
const UDP_SEGMENT = 103;
const SOL_IPV6 = 41;
const IPV6_TCLASS = 67;

/**
 * Sealed packets on their way to the socket: slots that fill up, joined into messages of equal segments to one peer, which
 * the kernel (or the network card) cuts (`UDP_SEGMENT`). All leave with one call.
 */
export class OutgoingMessages {
  readonly #tables: Tables;
  readonly #code: PacketCode;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #base: number;
  readonly #messages: number;
  readonly #slots: number;
  readonly #vectors: number;
  readonly #names: number;
  readonly #controls: number;
  /** Words of the thread: its socket, and whether the kernel cuts. */
  readonly #socket: number;
  readonly #segments: number;
  /** The first slot of each message. */
  readonly #firstSlots = new Int32Array(SLOTS);

  #usedSlots = 0;
  #usedMessages = 0;
  /** The message that is being filled: whose it is, how large its segments are, and how full it is. */
  #openPeer = -1;
  #openEcn = 0;
  #segmentBytes = 0;
  #segmentCount = 0;
  #messageBytes = 0;

  constructor(tables: Tables, thread: ThreadLayout) {
    this.#tables = tables;
    this.#code = tables.code;
    this.#bytes = tables.bytes;
    this.#words = tables.words;
    this.#base = tables.base;
    const own = thread.bufferAt;
    this.#names = own + TRANSMIT.names;
    this.#controls = own + TRANSMIT.controls;
    this.#socket = (thread.at + THREAD.socket) >> 2;
    this.#segments = (thread.at + THREAD.segments) >> 2;
    this.#messages = own + TRANSMIT.messages;
    this.#slots = own + TRANSMIT.slots;
    this.#vectors = own + TRANSMIT.vectors;
    for (let index = 0; index < SLOTS; index++) {
      const message = this.#messages + index * MESSAGE.bytes;
      tables.code.writePointer(message + MESSAGE.name, this.#names + index * ADDRESS_BYTES);
      tables.code.writePointer(message + MESSAGE.control, this.#controls + index * CONTROL_BYTES);
      tables.code.writePointer(this.#vectors + index * 16, this.#slots + index * SLOT.bytes + SLOT.transport);
    }
  }

  get waiting(): number {
    return this.#usedSlots;
  }

  /** The slot that the next packet is to be sealed into; sends all when there is none. */
  slot(): number {
    if (this.#usedSlots === SLOTS) this.flush();
    return this.#slots + this.#usedSlots * SLOT.bytes;
  }

  /** The sealed packet of `length` bytes in the next slot joins the open message, or begins one. */
  append(peer: number, at: number, ecn: number, length: number): void {
    const words = this.#words;
    const slot = this.#usedSlots++;
    words[(this.#vectors + slot * 16 + 8) >> 2] = length;
    if (
      peer === this.#openPeer &&
      ecn === this.#openEcn &&
      length <= this.#segmentBytes &&
      this.#segmentCount < MAX_SEGMENTS &&
      this.#messageBytes + length <= MAX_MESSAGE
    ) {
      this.#segmentCount++;
      this.#messageBytes += length;
      // Only the last segment of a message may be shorter.
      if (length < this.#segmentBytes) this.#closeMessage();
      return;
    }
    this.#closeMessage();
    const message = this.#messages + this.#usedMessages * MESSAGE.bytes;
    const name = this.#names + this.#usedMessages * ADDRESS_BYTES;
    this.#bytes.copyWithin(name, at + PEER.address, at + PEER.address + 28);
    words[(message + MESSAGE.nameLength) >> 2] = words[(at + PEER.addressLength) >> 2]!;
    this.#code.writePointer(message + MESSAGE.vectors, this.#vectors + slot * 16);
    this.#firstSlots[this.#usedMessages] = slot;
    this.#openPeer = peer;
    this.#openEcn = ecn;
    this.#segmentBytes = length;
    this.#segmentCount = 1;
    this.#messageBytes = length;
    if (words[this.#segments] === 0) this.#closeMessage();
  }

  #closeMessage(): void {
    if (this.#openPeer === -1) return;
    const words = this.#words;
    const message = (this.#messages + this.#usedMessages * MESSAGE.bytes) >> 2;
    const control = this.#controls + this.#usedMessages * CONTROL_BYTES;
    words[message + (MESSAGE.vectorCount >> 2)] = this.#segmentCount;
    let length = 0;
    if (this.#openEcn !== 0) {
      // An IPv4 address in an IPv6 socket (::ffff:0:0/96) leaves as IPv4.
      const name = this.#names + this.#usedMessages * ADDRESS_BYTES;
      const ipv4 =
        this.#bytes[name] === AF_INET || (words[(name + 16) >> 2] === -65_536 && words[(name + 8) >> 2] === 0);
      this.#control(control, ipv4 ? SOL_IP : SOL_IPV6, ipv4 ? IP_TOS : IPV6_TCLASS, 20, this.#openEcn);
      length = 24;
    }
    if (this.#segmentCount > 1) {
      this.#control(control + length, SOL_UDP, UDP_SEGMENT, 18, this.#segmentBytes);
      length += 24;
    }
    words[message + (MESSAGE.controlLength >> 2)] = length;
    this.#usedMessages++;
    this.#openPeer = -1;
  }

  #control(at: number, level: number, type: number, length: number, value: number): void {
    const words = this.#words;
    words[at >> 2] = length;
    words[(at + 4) >> 2] = 0;
    words[(at + 8) >> 2] = level;
    words[(at + 12) >> 2] = type;
    words[(at + 16) >> 2] = value;
  }

  flush(): void {
    this.#closeMessage();
    const count = this.#usedMessages;
    let sent = 0;
    while (sent < count) {
      const done = sendmmsg(
        this.#words[this.#socket]!,
        this.#base + this.#messages + sent * MESSAGE.bytes,
        count - sent,
        0,
      );
      if (done > 0) {
        sent += done;
        continue;
      }
      const error = errno();
      if (error === EINTR) continue;
      const message = (this.#messages + sent * MESSAGE.bytes) >> 2;
      const segments = this.#words[message + (MESSAGE.vectorCount >> 2)]!;
      // The network card cannot cut what the kernel would have it cut: never again, and this one by one.
      if (error === EIO && segments > 1) {
        this.#words[this.#segments] = 0;
        this.#sendOneByOne(sent, segments);
      } else {
        this.#tables.countDrop(DROP.unsendable, segments);
      }
      sent++;
    }
    this.#usedMessages = 0;
    this.#usedSlots = 0;
  }

  #sendOneByOne(index: number, segments: number): void {
    const words = this.#words;
    const at = this.#messages + index * MESSAGE.bytes;
    const first = this.#firstSlots[index]!;
    words[(at + MESSAGE.vectorCount) >> 2] = 1;
    // The control message about segments is the last; what is before it (ECN) stays.
    words[(at + MESSAGE.controlLength) >> 2]! -= 24;
    for (let slot = first; slot < first + segments; slot++) {
      this.#code.writePointer(at + MESSAGE.vectors, this.#vectors + slot * 16);
      if (sendmmsg(words[this.#socket]!, this.#base + at, 1, 0) < 1) this.#tables.countDrop(DROP.unsendable);
    }
  }
}
