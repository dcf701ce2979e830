import { createHash } from 'node:crypto';

/**
 * The Merkle tree of RFC 9162, section 2.1, over the entries of one log. Hashes are 32 bytes. A leaf's data are the 32 bytes
 * of the entry's chain hash, so that who holds an entry can compute its leaf, and the tree can be built without the bodies.
 */

export const HASH_BYTES = 32;
/** No log is larger: indices are doubles here, and proofs stay below 48 hashes. */
export const MAX_TREE_SIZE = 2 ** 48;

const EMPTY_ROOT = createHash('sha256').digest();

export function leafHash(data: Uint8Array): Buffer {
  return createHash('sha256').update(Uint8Array.of(0)).update(data).digest();
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return createHash('sha256').update(Uint8Array.of(1)).update(left).update(right).digest();
}

/** Hash of the complete subtree of `2 ** level` leaves that begins at leaf `index * 2 ** level`. */
export type ReadNode = (level: number, index: number) => Promise<Uint8Array>;

/** Root over the leaves `from` (inclusive) to `to` (exclusive), `from` a multiple of what the tree above makes it. */
async function rangeHash(read: ReadNode, from: number, to: number): Promise<Uint8Array> {
  const count = to - from;
  const level = Math.log2(count);
  if (Number.isInteger(level) && from % count === 0) return read(level, from / count);
  const split = splitOf(count);
  return nodeHash(await rangeHash(read, from, from + split), await rangeHash(read, from + split, to));
}

/** The largest power of two below `count`, which is at least 2. */
function splitOf(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

export async function treeRoot(read: ReadNode, size: number): Promise<Uint8Array> {
  return size === 0 ? EMPTY_ROOT : rangeHash(read, 0, size);
}

/** That leaf `index` is in the tree of `size` leaves (RFC 9162, 2.1.3.1). */
export async function inclusionProof(read: ReadNode, index: number, size: number): Promise<Uint8Array[]> {
  const path: Uint8Array[] = [];
  let [from, to] = [0, size];
  while (to - from > 1) {
    const middle = from + splitOf(to - from);
    if (index < middle) {
      path.push(await rangeHash(read, middle, to));
      to = middle;
    } else {
      path.push(await rangeHash(read, from, middle));
      from = middle;
    }
  }
  return path.reverse();
}

/** RFC 9162, 2.1.3.2. */
export function verifyInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!isSize(size) || !Number.isInteger(index) || index < 0 || index >= size) return false;
  let [at, last] = [index, size - 1];
  let hash: Uint8Array = leaf;
  for (const other of proof) {
    if (last === 0 || other.length !== HASH_BYTES) return false;
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(other, hash);
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else {
      hash = nodeHash(hash, other);
    }
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 && equal(hash, root);
}

/** That the tree of `from` leaves is how the tree of `to` leaves begins (RFC 9162, 2.1.4.1). `0 < from <= to`. */
export async function consistencyProof(read: ReadNode, from: number, to: number): Promise<Uint8Array[]> {
  const path: Uint8Array[] = [];
  let [begin, end] = [0, to];
  // Whether the old tree is a whole subtree here: then the verifier knows its hash.
  let isWhole = true;
  let old = from;
  while (old !== end - begin) {
    const split = splitOf(end - begin);
    if (old <= split) {
      path.push(await rangeHash(read, begin + split, end));
      end = begin + split;
    } else {
      path.push(await rangeHash(read, begin, begin + split));
      begin += split;
      old -= split;
      isWhole = false;
    }
  }
  if (!isWhole) path.push(await rangeHash(read, begin, end));
  return path.reverse();
}

/** RFC 9162, 2.1.4.2. Every tree follows on the empty one. */
export function verifyConsistency(
  from: { readonly size: number; readonly root: Uint8Array },
  to: { readonly size: number; readonly root: Uint8Array },
  proof: readonly Uint8Array[],
): boolean {
  if (!isSize(from.size) || !isSize(to.size) || from.size > to.size) return false;
  if (proof.some((hash) => hash.length !== HASH_BYTES)) return false;
  if (from.size === 0) return proof.length === 0 && equal(from.root, EMPTY_ROOT);
  if (from.size === to.size) return proof.length === 0 && equal(from.root, to.root);
  const path = Number.isInteger(Math.log2(from.size)) ? [from.root, ...proof] : [...proof];
  const first = path.shift();
  if (first === undefined) return false;
  let [at, last] = [from.size - 1, to.size - 1];
  while (at % 2 === 1) [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  let [oldHash, newHash] = [first, first];
  for (const other of path) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      oldHash = nodeHash(other, oldHash);
      newHash = nodeHash(other, newHash);
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else {
      newHash = nodeHash(newHash, other);
    }
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 && equal(oldHash, from.root) && equal(newHash, to.root);
}

/** A tree that leaves are added to one after another and whose root is wanted now and then. Keeps a hash per set bit of its size. */
export class GrowingTree {
  size = 0;
  readonly #peaks: { readonly level: number; readonly hash: Uint8Array }[] = [];

  clone(): GrowingTree {
    const copy = new GrowingTree();
    copy.size = this.size;
    copy.#peaks.push(...this.#peaks);
    return copy;
  }

  add(leaf: Uint8Array): void {
    let [level, hash] = [0, leaf];
    for (let peak = this.#peaks.at(-1); peak?.level === level; peak = this.#peaks.at(-1)) {
      this.#peaks.pop();
      hash = nodeHash(peak.hash, hash);
      level++;
    }
    this.#peaks.push({ level, hash });
    this.size++;
  }

  root(): Uint8Array {
    const [last, ...others] = this.#peaks.toReversed();
    if (last === undefined) return EMPTY_ROOT;
    return others.reduce((hash, peak) => nodeHash(peak.hash, hash), last.hash);
  }
}

const isSize = (size: number) => Number.isInteger(size) && size >= 0 && size <= MAX_TREE_SIZE;

const equal = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
