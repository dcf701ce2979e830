/** The shared tables as every thread sees them, and what more than one thread does with them. */
import { addressOf } from '../../os/libc.ts';
import type { ContextRecord } from '../aead/evp-aead.ts';
import type { AllowedIpsStorage } from '../allowed-ips.ts';
import {
  CONTROL,
  DROP,
  KEYPAIR,
  type Layout,
  NOTICE,
  NOTICES,
  NOTICES_RESERVED,
  PEER,
  THREAD,
  type ThreadLayout,
} from './layout.ts';
import { instantiatePacketCode, type PacketCode, type PacketMemory } from './packet-code.ts';

export class Tables {
  readonly layout: Layout;
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  readonly floats: Float64Array;
  /** Where the memory lies in this process. */
  readonly base: number;
  readonly code: PacketCode;
  readonly tries: AllowedIpsStorage;
  readonly #index: Int32Array;
  readonly #drops: number;

  /** `threadAt`: the words of the thread that this is for; default: the main thread's. */
  constructor(memory: PacketMemory, layout: Layout, threadAt = layout.mainThreadAt) {
    const { buffer } = memory;
    this.layout = layout;
    this.bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer);
    this.floats = new Float64Array(buffer);
    this.base = addressOf(buffer);
    this.code = instantiatePacketCode(memory);
    this.code.locate(BigInt(this.base));
    this.tries = {
      ipv4: new Int32Array(buffer, layout.trie4At, layout.trieIntegers4),
      ipv6: new Int32Array(buffer, layout.trie6At, layout.trieIntegers6),
    };
    this.#index = new Int32Array(buffer, layout.indexAt, layout.indexSize);
    this.#drops = (threadAt + THREAD.drops) >> 3;
  }

  peerAt(peer: number): number {
    return this.layout.peerAt + peer * PEER.bytes;
  }

  keypairAt(keypair: number): number {
    return this.layout.keypairAt + keypair * KEYPAIR.bytes;
  }

  /** The keypair with this local index (32 bits, sign does not matter); -1: none. */
  findKeypair(localIndex: number): number {
    const index = this.#index;
    const mask = index.length - 1;
    const wanted = localIndex | 0;
    for (let at = spread(wanted) & mask; ; at = (at + 1) & mask) {
      const keypair = index[at]! - 1;
      if (keypair === -1) return -1;
      if (this.words[(this.keypairAt(keypair) + KEYPAIR.localIndex) >> 2] === wanted) return keypair;
    }
  }

  indexKeypair(keypair: number): void {
    const index = this.#index;
    const mask = index.length - 1;
    let at = spread(this.words[(this.keypairAt(keypair) + KEYPAIR.localIndex) >> 2]!) & mask;
    while (index[at] !== 0) at = (at + 1) & mask;
    index[at] = keypair + 1;
  }

  /** Knuth 6.4, algorithm R: later entries of the same cluster move up, so that no tombstones are needed. */
  unindexKeypair(keypair: number): void {
    const index = this.#index;
    const mask = index.length - 1;
    const home = (entry: number) => spread(this.words[(this.keypairAt(entry - 1) + KEYPAIR.localIndex) >> 2]!) & mask;
    let hole = home(keypair + 1);
    while (index[hole] !== keypair + 1) hole = (hole + 1) & mask;
    for (let at = (hole + 1) & mask; index[at] !== 0; at = (at + 1) & mask) {
      if (((at - home(index[at]!)) & mask) >= ((at - hole) & mask)) {
        index[hole] = index[at]!;
        hole = at;
      }
    }
    index[hole] = 0;
  }

  countDrop(reason: (typeof DROP)[keyof typeof DROP], count = 1): void {
    this.floats[this.#drops + reason]! += count;
  }

  /** What all threads dropped, by reason. */
  drops(): Record<keyof typeof DROP, number> {
    const threads = [this.layout.mainThreadAt, ...threadsOf(this.layout).map(({ at }) => at)];
    const total = (reason: number) =>
      threads.reduce((sum, at) => sum + this.floats[((at + THREAD.drops) >> 3) + reason]!, 0);
    return Object.fromEntries(Object.entries(DROP).map(([name, reason]) => [name, total(reason)])) as never;
  }
}

/** The packet threads, the receiving ones first: the order in which locks are taken. */
export function threadsOf({ lanes }: Layout): ThreadLayout[] {
  return [...lanes.map(({ receive }) => receive), ...lanes.map(({ transmit }) => transmit)];
}

/** Where the EVP context of a thread is noted. */
export function contextRecord({ words, floats }: Tables, threadAt: number): ContextRecord {
  return { words, floats, keyed: (threadAt + THREAD.keyed) >> 2, context: (threadAt + THREAD.context) >> 3 };
}

/** Local indices are random, but nothing here relies on it. */
function spread(index: number): number {
  return Math.imul(index ^ (index >>> 16), 0x9e3779b1) >>> 0;
}

/** A mutex in a word of the shared memory (Drepper, "Futexes are tricky", mutex 2). */
export function acquire(words: Int32Array, lock: number): void {
  const index = lock >> 2;
  if (Atomics.compareExchange(words, index, 0, 1) === 0) return;
  while (Atomics.exchange(words, index, 2) !== 0) Atomics.wait(words, index, 2);
}

export function release(words: Int32Array, lock: number): void {
  const index = lock >> 2;
  if (Atomics.exchange(words, index, 0) === 2) Atomics.notify(words, index, 1);
}

/** As a worker takes its own lock: the main thread goes first, or it would starve beside a busy worker. */
export function acquireInTurn(words: Int32Array, lock: number): void {
  const index = CONTROL.wanted >> 2;
  for (let wanted = Atomics.load(words, index); wanted !== 0; wanted = Atomics.load(words, index)) {
    Atomics.wait(words, index, wanted, 5);
  }
  acquire(words, lock);
}

/** One ring of notices from a worker to the main thread; one writer, one reader. */
export class NoticeRing {
  readonly #tables: Tables;
  readonly #at: number;
  readonly #head: number;
  readonly #tail: number;

  constructor(tables: Tables, thread: ThreadLayout) {
    this.#tables = tables;
    this.#at = thread.noticesAt;
    this.#head = (thread.at + THREAD.noticeHead) >> 2;
    this.#tail = (thread.at + THREAD.noticeTail) >> 2;
  }

  /** Offset of a free entry, 0 if there is none. `dispensable` ones leave room for the others. */
  claim(dispensable: boolean): number {
    const { words } = this.#tables;
    const used = (words[this.#head]! - Atomics.load(words, this.#tail)) | 0;
    if (used >= (dispensable ? NOTICES - NOTICES_RESERVED : NOTICES)) return 0;
    return this.#at + (words[this.#head]! & (NOTICES - 1)) * NOTICE.bytes;
  }

  /** How many entries there are. */
  get waiting(): number {
    const { words } = this.#tables;
    return (Atomics.load(words, this.#head) - Atomics.load(words, this.#tail)) | 0;
  }

  publish(): void {
    Atomics.add(this.#tables.words, this.#head, 1);
  }

  /** Offset of the oldest entry, 0 if there is none; `consume` ends its use. */
  peek(): number {
    const { words } = this.#tables;
    if (Atomics.load(words, this.#head) === words[this.#tail]) return 0;
    return this.#at + (words[this.#tail]! & (NOTICES - 1)) * NOTICE.bytes;
  }

  consume(): void {
    Atomics.add(this.#tables.words, this.#tail, 1);
  }
}

/** A ring of peer slots in which each stands once at most, so it cannot overflow; one writer, one reader. */
export class PeerRing {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #size: number;
  readonly #head: number;
  readonly #tail: number;

  private constructor(tables: Tables, at: number, head: number, tail: number) {
    this.#words = tables.words;
    this.#at = at >> 2;
    this.#size = tables.layout.peers + 1;
    this.#head = head >> 2;
    this.#tail = tail >> 2;
  }

  /** Peers with traffic, from a packet thread to the main thread. */
  static active(tables: Tables, { activeAt, at }: ThreadLayout): PeerRing {
    return new PeerRing(tables, activeAt, at + THREAD.activeHead, at + THREAD.activeTail);
  }

  /** Peers whose staged packets may go, from the main thread to the transmitting thread of the first lane. */
  static resume(tables: Tables): PeerRing {
    return new PeerRing(tables, tables.layout.resumeAt, CONTROL.resumeHead, CONTROL.resumeTail);
  }

  push(peer: number): void {
    const head = this.#words[this.#head]!;
    this.#words[this.#at + head] = peer;
    Atomics.store(this.#words, this.#head, head + 1 === this.#size ? 0 : head + 1);
  }

  isEmpty(): boolean {
    return Atomics.load(this.#words, this.#head) === this.#words[this.#tail];
  }

  /** -1: empty. */
  shift(): number {
    const tail = this.#words[this.#tail]!;
    if (Atomics.load(this.#words, this.#head) === tail) return -1;
    const peer = this.#words[this.#at + tail]!;
    Atomics.store(this.#words, this.#tail, tail + 1 === this.#size ? 0 : tail + 1);
    return peer;
  }
}
