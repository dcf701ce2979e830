import type { AllowedIp, PeerSlot } from './data-plane.ts';

/**
 * Cryptokey routing: which peer an inner address belongs to, by longest prefix (WireGuard paper, section 2). Two
 * path-compressed binary tries, one per family, each in a single `Int32Array`: a worker thread has its own and asks it
 * once per packet, so a lookup reads bytes where they lie and makes no object.
 *
 * A network belongs to one peer at a time: giving it to another moves it, as in Linux.
 */
export class AllowedIps {
  readonly #ipv4: PrefixTrie;
  readonly #ipv6: PrefixTrie;

  /** `storage`: arrays of zeros that the tries keep to, for threads that read (`AllowedIpsReader`); else they grow. */
  constructor(storage?: AllowedIpsStorage) {
    this.#ipv4 = new PrefixTrie(1, storage?.ipv4);
    this.#ipv6 = new PrefixTrie(4, storage?.ipv6);
  }

  /** The peer that the four bytes at `offset` belong to; -1: none. */
  lookup4(bytes: Uint8Array, offset: number): PeerSlot {
    return this.#ipv4.lookup4(word(bytes, offset));
  }

  /** The peer that the sixteen bytes at `offset` belong to; -1: none. */
  lookup6(bytes: Uint8Array, offset: number): PeerSlot {
    return this.#ipv6.lookup6(
      word(bytes, offset),
      word(bytes, offset + 4),
      word(bytes, offset + 8),
      word(bytes, offset + 12),
    );
  }

  /** Gives the network to the peer. Address bits beyond `bits` do not count. Throws a RangeError if the storage is full. */
  insert(peer: PeerSlot, network: AllowedIp): void {
    this.#trie(network).insert(words(network), network.bits, peer);
  }

  /** Takes the network from the peer, if it is this peer's; says whether it was. */
  remove(peer: PeerSlot, network: AllowedIp): boolean {
    return this.#trie(network).remove(words(network), network.bits, peer);
  }

  removePeer(peer: PeerSlot): void {
    this.#ipv4.removePeer(peer);
    this.#ipv6.removePeer(peer);
  }

  /** The peer's networks, bits beyond `bits` zero: IPv4 first, each family in the order in which they came. */
  networksOf(peer: PeerSlot): AllowedIp[] {
    return [...this.#ipv4.networksOf(peer), ...this.#ipv6.networksOf(peer)];
  }

  #trie(network: AllowedIp): PrefixTrie {
    return network.address.length === 4 ? this.#ipv4 : this.#ipv6;
  }
}

/** Shared memory for the tries. A network takes at most two nodes, of `NODE_INTEGERS` each, and the root is one more. */
export interface AllowedIpsStorage {
  readonly ipv4: Int32Array;
  readonly ipv6: Int32Array;
}

/** Looks up in what another thread inserts into. Both must hold a lock: a reader may not see half of a change. */
export class AllowedIpsReader {
  readonly #storage: AllowedIpsStorage;

  constructor(storage: AllowedIpsStorage) {
    this.#storage = storage;
  }

  lookup4(bytes: Uint8Array, offset: number): PeerSlot {
    return lookup4(this.#storage.ipv4, NODE_INTEGERS.ipv4, word(bytes, offset));
  }

  lookup6(bytes: Uint8Array, offset: number): PeerSlot {
    return lookup6(
      this.#storage.ipv6,
      NODE_INTEGERS.ipv6,
      word(bytes, offset),
      word(bytes, offset + 4),
      word(bytes, offset + 8),
      word(bytes, offset + 12),
    );
  }
}

function word(bytes: Uint8Array, offset: number): number {
  return (
    ((bytes[offset] as number) << 24) |
    ((bytes[offset + 1] as number) << 16) |
    ((bytes[offset + 2] as number) << 8) |
    (bytes[offset + 3] as number)
  );
}

/** The address as 32-bit words, host bits cleared. */
function words({ address, bits }: AllowedIp): number[] {
  const result: number[] = [];
  for (let offset = 0; offset < address.length; offset += 4) {
    const kept = Math.min(32, Math.max(0, bits - offset * 8));
    result.push(kept === 0 ? 0 : word(address, offset) & (-1 << (32 - kept)));
  }
  return result;
}

// A node is `NODE + words` integers in one array; a node's name is the index of its first. 0 names no node.
const CHILD = 0; // and 1: which child, by the address bit after the node's prefix
const PARENT = 2;
const BITS = 3;
const PEER = 4; // -1: a branch that is no network
const NEXT = 5; // the networks of one peer are a doubly linked list
const PREVIOUS = 6;
const PREFIX = 7;
const NODE = 7;

export const NODE_INTEGERS = { ipv4: NODE + 1, ipv6: NODE + 4 } as const;

class PrefixTrie {
  readonly #words: number;
  readonly #size: number;
  #nodes: Int32Array;
  readonly #grows: boolean;
  /** First integer never used yet, and the head of the list of freed nodes (linked by `CHILD`). */
  #end: number;
  #free = 0;
  /** First and last network of each peer. */
  readonly #lists = new Map<PeerSlot, { first: number; last: number }>();
  /** The whole address space: always there, and the only node with 0 bits. */
  readonly #root: number;

  constructor(words: number, storage?: Int32Array) {
    this.#words = words;
    this.#size = NODE + words;
    this.#grows = storage === undefined;
    this.#nodes = storage ?? new Int32Array(this.#size * 16);
    this.#end = this.#size;
    this.#root = this.#create(new Array<number>(words).fill(0), 0);
  }

  lookup4(address: number): PeerSlot {
    return lookup4(this.#nodes, this.#root, address);
  }

  lookup6(a: number, b: number, c: number, d: number): PeerSlot {
    return lookup6(this.#nodes, this.#root, a, b, c, d);
  }

  insert(key: readonly number[], bits: number, peer: PeerSlot): void {
    let node = this.#root;
    while (this.#at(node, BITS) !== bits) {
      const side = bitAt(key, this.#at(node, BITS));
      const child = this.#at(node, CHILD + side);
      if (child === 0) {
        const leaf = this.#create(key, bits);
        this.#attach(node, side, leaf);
        node = leaf;
        break;
      }
      const common = this.#commonBits(child, key, bits);
      if (common === this.#at(child, BITS)) {
        node = child;
        continue;
      }
      const between = this.#create(key, common);
      this.#attach(node, side, between);
      this.#attach(between, this.#bitOf(child, common), child);
      node = between;
    }
    if (this.#at(node, PEER) === peer) return;
    this.#unlink(node);
    this.#link(node, peer);
  }

  remove(key: readonly number[], bits: number, peer: PeerSlot): boolean {
    let node = this.#root;
    while (node !== 0) {
      const nodeBits = this.#at(node, BITS);
      if (nodeBits > bits || this.#commonBits(node, key, bits) !== nodeBits) return false;
      if (nodeBits === bits) {
        if (this.#at(node, PEER) !== peer) return false;
        this.#unlink(node);
        this.#prune(node);
        return true;
      }
      node = this.#at(node, CHILD + bitAt(key, nodeBits));
    }
    return false;
  }

  removePeer(peer: PeerSlot): void {
    for (let list = this.#lists.get(peer); list !== undefined; list = this.#lists.get(peer)) {
      const node = list.first;
      this.#unlink(node);
      this.#prune(node);
    }
  }

  networksOf(peer: PeerSlot): AllowedIp[] {
    const networks: AllowedIp[] = [];
    for (let node = this.#lists.get(peer)?.first ?? 0; node !== 0; node = this.#at(node, NEXT)) {
      const address = new Uint8Array(this.#words * 4);
      const view = new DataView(address.buffer);
      for (let index = 0; index < this.#words; index++) view.setInt32(index * 4, this.#at(node, PREFIX + index));
      networks.push({ address, bits: this.#at(node, BITS) });
    }
    return networks;
  }

  #at(node: number, field: number): number {
    return this.#nodes[node + field] as number;
  }

  /** A node of no peer, without relatives. Its prefix is the first `bits` of the key. */
  #create(key: readonly number[], bits: number): number {
    let node = this.#free;
    if (node !== 0) {
      this.#free = this.#at(node, CHILD);
    } else {
      node = this.#end;
      if (!this.#grows && node + this.#size > this.#nodes.length) throw new RangeError('no room for another network');
      this.#end += this.#size;
      if (this.#end > this.#nodes.length) {
        const larger = new Int32Array(Math.ceil(this.#nodes.length / this.#size / 2) * this.#size * 3);
        larger.set(this.#nodes);
        this.#nodes = larger;
      }
    }
    this.#nodes.fill(0, node, node + this.#size);
    this.#nodes[node + BITS] = bits;
    this.#nodes[node + PEER] = -1;
    for (let index = 0; index < this.#words; index++) {
      const kept = Math.min(32, Math.max(0, bits - index * 32));
      this.#nodes[node + PREFIX + index] = kept === 0 ? 0 : (key[index] as number) & (-1 << (32 - kept));
    }
    return node;
  }

  #attach(parent: number, side: number, child: number): void {
    this.#nodes[parent + CHILD + side] = child;
    this.#nodes[child + PARENT] = parent;
  }

  #link(node: number, peer: PeerSlot): void {
    this.#nodes[node + PEER] = peer;
    this.#nodes[node + NEXT] = 0;
    const list = this.#lists.get(peer);
    this.#nodes[node + PREVIOUS] = list?.last ?? 0;
    if (list === undefined) {
      this.#lists.set(peer, { first: node, last: node });
    } else {
      this.#nodes[list.last + NEXT] = node;
      list.last = node;
    }
  }

  #unlink(node: number): void {
    const peer = this.#at(node, PEER);
    if (peer === -1) return;
    const list = this.#lists.get(peer) as { first: number; last: number };
    const next = this.#at(node, NEXT);
    const previous = this.#at(node, PREVIOUS);
    if (next !== 0) this.#nodes[next + PREVIOUS] = previous;
    else list.last = previous;
    if (previous !== 0) this.#nodes[previous + NEXT] = next;
    else list.first = next;
    if (list.first === 0) this.#lists.delete(peer);
    this.#nodes[node + PEER] = -1;
  }

  /** Frees a node that is no network and no fork, and its parent if that has become such a one. */
  #prune(from: number): void {
    let node = from;
    while (node !== this.#root && this.#at(node, PEER) === -1) {
      const left = this.#at(node, CHILD);
      const right = this.#at(node, CHILD + 1);
      if (left !== 0 && right !== 0) return;
      const parent = this.#at(node, PARENT);
      const side = this.#at(parent, CHILD) === node ? 0 : 1;
      const child = left !== 0 ? left : right;
      if (child !== 0) this.#attach(parent, side, child);
      else this.#nodes[parent + CHILD + side] = 0;
      this.#nodes[node + CHILD] = this.#free;
      this.#free = node;
      node = parent;
    }
  }

  /** How many leading bits the node's prefix and the key share, at most the bits of either. */
  #commonBits(node: number, key: readonly number[], bits: number): number {
    const limit = Math.min(bits, this.#at(node, BITS));
    for (let index = 0; index * 32 < limit; index++) {
      const difference = this.#at(node, PREFIX + index) ^ (key[index] as number);
      if (difference !== 0) return Math.min(limit, index * 32 + Math.clz32(difference));
    }
    return limit;
  }

  #bitOf(node: number, position: number): number {
    return (this.#at(node, PREFIX + (position >>> 5)) >>> (31 - (position & 31))) & 1;
  }
}

function lookup4(nodes: Int32Array, root: number, address: number): PeerSlot {
  let node = root;
  let found = nodes[node + PEER] as number;
  let bits = 0;
  while (true) {
    node = nodes[node + ((address >>> (31 - bits)) & 1)] as number;
    if (node === 0) return found;
    bits = nodes[node + BITS] as number;
    if (((nodes[node + PREFIX] as number) ^ address) >>> (32 - bits) !== 0) return found;
    const peer = nodes[node + PEER] as number;
    if (peer !== -1) found = peer;
    if (bits === 32) return found;
  }
}

function lookup6(nodes: Int32Array, root: number, a: number, b: number, c: number, d: number): PeerSlot {
  let node = root;
  let found = nodes[node + PEER] as number;
  let bits = 0;
  while (true) {
    const next = bits < 64 ? (bits < 32 ? a : b) : bits < 96 ? c : d;
    node = nodes[node + ((next >>> (31 - (bits & 31))) & 1)] as number;
    if (node === 0) return found;
    bits = nodes[node + BITS] as number;
    const whole = bits >>> 5;
    const rest = bits & 31;
    const prefix = node + PREFIX;
    if (whole > 0 && nodes[prefix] !== a) return found;
    if (whole > 1 && nodes[prefix + 1] !== b) return found;
    if (whole > 2 && nodes[prefix + 2] !== c) return found;
    if (whole > 3 && nodes[prefix + 3] !== d) return found;
    if (rest !== 0) {
      const part = whole < 2 ? (whole === 0 ? a : b) : whole === 2 ? c : d;
      if (((nodes[prefix + whole] as number) ^ part) >>> (32 - rest) !== 0) return found;
    }
    const peer = nodes[node + PEER] as number;
    if (peer !== -1) found = peer;
    if (bits === 128) return found;
  }
}

function bitAt(key: readonly number[], position: number): number {
  return ((key[position >>> 5] as number) >>> (31 - (position & 31))) & 1;
}
