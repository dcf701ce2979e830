import { STAGED_PACKETS_LIMIT } from '../data-plane.ts';
import { CHUNK, CHUNK_DATA, CHUNKS, CONTROL, DROP, PEER } from './layout.ts';
import { acquire, release, type Tables } from './tables.ts';

/**
 * Inner packets that wait for a session, as they were read: a queue per peer in chunks of one bounded pool. A transmitting
 * thread holds its own lock when it calls, and takes the one of the queues; the main thread holds all. A full queue drops its oldest packet, as in Linux; a full pool the new one.
 */
export class StagedPackets {
  readonly #tables: Tables;
  readonly #words: Int32Array;

  constructor(tables: Tables) {
    this.#tables = tables;
    this.#words = tables.words;
  }

  /** Copies `length` bytes (virtio-net header and packet) from `from`. False: there was no room. */
  push(peerAt: number, from: number, length: number): boolean {
    acquire(this.#words, CONTROL.stagedLock);
    try {
      return this.#push(peerAt, from, length);
    } finally {
      release(this.#words, CONTROL.stagedLock);
    }
  }

  /** Takes the oldest out, to `into`. Its length; 0: there is none. */
  shift(peerAt: number, into: number): number {
    acquire(this.#words, CONTROL.stagedLock);
    try {
      return this.#shift(peerAt, into);
    } finally {
      release(this.#words, CONTROL.stagedLock);
    }
  }

  #push(peerAt: number, from: number, length: number): boolean {
    const words = this.#words;
    const { bytes } = this.#tables;
    const size = bytes[from + 4]! | (bytes[from + 5]! << 8);
    const segments = bytes[from + 1] === 0 || size === 0 ? 1 : Math.ceil(length / size);
    if (segments > STAGED_PACKETS_LIMIT) {
      this.#tables.countDrop(DROP.unsendable, segments);
      return false;
    }
    while (words[(peerAt + PEER.stagedPackets) >> 2]! + segments > STAGED_PACKETS_LIMIT) {
      this.#tables.countDrop(DROP.unsendable, this.#dropFirst(peerAt));
    }
    let first = 0;
    let last = 0;
    for (let done = 0; done < length; done += CHUNK_DATA) {
      const chunk = this.#claim();
      if (chunk === 0) {
        if (first !== 0) this.#free(first);
        this.#tables.countDrop(DROP.unsendable, segments);
        return false;
      }
      const part = Math.min(CHUNK_DATA, length - done);
      bytes.copyWithin(this.#at(chunk) + CHUNK.data, from + done, from + done + part);
      if (last === 0) first = chunk;
      else words[(this.#at(last) + CHUNK.next) >> 2] = chunk;
      last = chunk;
    }
    const at = this.#at(first) >> 2;
    words[at + (CHUNK.nextPacket >> 2)] = 0;
    words[at + (CHUNK.length >> 2)] = length;
    words[at + (CHUNK.segments >> 2)] = segments;
    const previous = words[(peerAt + PEER.stagedLast) >> 2]!;
    if (previous === 0) words[(peerAt + PEER.stagedFirst) >> 2] = first;
    else words[(this.#at(previous) + CHUNK.nextPacket) >> 2] = first;
    words[(peerAt + PEER.stagedLast) >> 2] = first;
    words[(peerAt + PEER.stagedPackets) >> 2]! += segments;
    return true;
  }

  #shift(peerAt: number, into: number): number {
    const words = this.#words;
    const first = words[(peerAt + PEER.stagedFirst) >> 2]!;
    if (first === 0) return 0;
    const length = words[(this.#at(first) + CHUNK.length) >> 2]!;
    let chunk = first;
    for (let done = 0; done < length; done += CHUNK_DATA) {
      const data = this.#at(chunk) + CHUNK.data;
      this.#tables.bytes.copyWithin(into + done, data, data + Math.min(CHUNK_DATA, length - done));
      chunk = words[(this.#at(chunk) + CHUNK.next) >> 2]!;
    }
    this.#dropFirst(peerAt);
    return length;
  }

  dropAll(peerAt: number): void {
    while (this.#words[(peerAt + PEER.stagedFirst) >> 2] !== 0) this.#dropFirst(peerAt);
  }

  /** How many inner packets that were. */
  #dropFirst(peerAt: number): number {
    const words = this.#words;
    const first = words[(peerAt + PEER.stagedFirst) >> 2]!;
    const at = this.#at(first) >> 2;
    const next = words[at + (CHUNK.nextPacket >> 2)]!;
    const segments = words[at + (CHUNK.segments >> 2)]!;
    words[(peerAt + PEER.stagedFirst) >> 2] = next;
    if (next === 0) words[(peerAt + PEER.stagedLast) >> 2] = 0;
    words[(peerAt + PEER.stagedPackets) >> 2]! -= segments;
    this.#free(first);
    return segments;
  }

  #at(chunk: number): number {
    return this.#tables.layout.chunksAt + (chunk - 1) * CHUNK.bytes;
  }

  #claim(): number {
    const words = this.#words;
    const free = words[CONTROL.stagedFree >> 2]!;
    if (free !== 0) {
      words[CONTROL.stagedFree >> 2] = words[(this.#at(free) + CHUNK.next) >> 2]!;
      words[(this.#at(free) + CHUNK.next) >> 2] = 0;
      return free;
    }
    if (words[CONTROL.stagedEnd >> 2] === CHUNKS) return 0;
    words[CONTROL.stagedEnd >> 2]! += 1;
    const fresh = words[CONTROL.stagedEnd >> 2]!;
    words[(this.#at(fresh) + CHUNK.next) >> 2] = 0;
    return fresh;
  }

  /** The chunks of a packet, from its first. Inner packets are no keys, so what they held is left. */
  #free(first: number): void {
    const words = this.#words;
    let last = first;
    for (let next = words[(this.#at(last) + CHUNK.next) >> 2]!; next !== 0; ) {
      last = next;
      next = words[(this.#at(last) + CHUNK.next) >> 2]!;
    }
    words[(this.#at(last) + CHUNK.next) >> 2] = words[CONTROL.stagedFree >> 2]!;
    words[CONTROL.stagedFree >> 2] = first;
  }
}
