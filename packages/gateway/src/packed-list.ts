import { atOnce, type Pieces } from './turns.ts';

/**
 * A list of the snapshot that may be long, by id: the bytes of its JSON and where each element is in them, outside of the heap. An
 * element becomes an object when it is asked for first. As objects, tens of thousands of them would be copied by the collections
 * that come while a snapshot is applied, and flows wait for those.
 *
 * Its elements were checked against the schema before (`check.ts`), each whole.
 */
export class PackedList<T extends { readonly id: string }> {
  readonly size: number;
  readonly #text: Buffer;
  /** Two for each element: where its text begins, and where it ends. */
  readonly #ranges: Uint32Array;
  readonly #hashes: Uint32Array;
  /** Open addressing, at most half full: index + 1 of an element, 0 where there is none. */
  readonly #slots: Uint32Array;
  readonly #read: (json: unknown) => T;
  readonly #made = new Map<string, { readonly element: T; readonly index: number }>();

  /** Of elements that are objects already: of a file, or in tests. */
  static of<T extends { readonly id: string }>(elements: readonly T[], read: (json: unknown) => T): PackedList<T> {
    const texts = elements.map((element) => Buffer.from(JSON.stringify(element)));
    const builder = new PackedListBuilder(Buffer.concat(texts), null, read);
    let at = 0;
    for (const [index, { id }] of elements.entries()) {
      const from = at;
      at += texts[index]!.length;
      builder.add(id, from, at);
    }
    return atOnce(builder.list());
  }

  constructor(
    text: Buffer,
    { ranges, hashes, slots }: { ranges: Uint32Array; hashes: Uint32Array; slots: Uint32Array },
    read: (json: unknown) => T,
  ) {
    this.size = hashes.length;
    this.#text = text;
    this.#ranges = ranges;
    this.#hashes = hashes;
    this.#slots = slots;
    this.#read = read;
  }

  /** The same object each time. */
  get(id: string): T | undefined {
    const made = this.#made.get(id);
    if (made !== undefined) return made.element;
    for (const index of this.#withHash(hashOf(id))) {
      const element = this.at(index);
      if (element.id !== id) continue;
      this.#made.set(id, { element, index });
      return element;
    }
    return undefined;
  }

  has(id: string): boolean {
    return this.get(id) !== undefined;
  }

  /** A new object each time. */
  at(index: number): T {
    const [from, to] = this.#range(index);
    return this.#read(JSON.parse(this.#text.toString('utf8', from, to)));
  }

  /** Where `other` has the very element that is at `index` here; -1: nowhere. */
  indexIn(other: PackedList<T>, index: number): number {
    const [from, to] = this.#range(index);
    return other.indexOfText(this.#hashes[index]!, this.#text, from, to);
  }

  /** Where the element is whose id has this hash and whose text is that in `[from, to)`; -1: nowhere. */
  indexOfText(hash: number, text: Buffer, from: number, to: number): number {
    for (const index of this.#withHash(hash)) if (this.isAt(index, text, from, to)) return index;
    return -1;
  }

  isAt(index: number, text: Buffer, from: number, to: number): boolean {
    const [start, end] = this.#range(index);
    return end - start === to - from && this.#text.compare(text, from, to, start, end) === 0;
  }

  hashAt(index: number): number {
    return this.#hashes[index]!;
  }

  /** What was made of elements that did not change is what is made of them here, for whoever remembers something about it. */
  *keepMade(previous: PackedList<T>): Pieces<void> {
    for (const [id, { element, index: before }] of previous.#made) {
      // Its own text: another id may have the same hash, and be there while this one is gone.
      const index = previous.indexIn(this, before);
      if (index !== -1) this.#made.set(id, { element, index });
      yield;
    }
  }

  #range(index: number): [number, number] {
    return [this.#ranges[2 * index]!, this.#ranges[2 * index + 1]!];
  }

  *#withHash(hash: number): Generator<number, void, void> {
    const slots = this.#slots;
    for (let slot = slotOf(hash, slots); slots[slot] !== 0; slot = slotOf(slot + 1, slots)) {
      const index = slots[slot]! - 1;
      if (this.#hashes[index] === hash) yield index;
    }
  }
}

const FIRST_CAPACITY = 64;

/** Takes the elements of a list in their order, from `text`, which holds them all. */
export class PackedListBuilder<T extends { readonly id: string }> {
  readonly #text: Buffer;
  readonly #running: PackedList<T> | null;
  readonly #read: (json: unknown) => T;
  #ranges = new Uint32Array(2 * FIRST_CAPACITY);
  #hashes = new Uint32Array(FIRST_CAPACITY);
  #size = 0;
  /** Where the running list probably has the next element. */
  #expected = 0;

  /** `running`: the list of the snapshot that runs, from which elements are recognised by their text. */
  constructor(text: Buffer, running: PackedList<T> | null, read: (json: unknown) => T) {
    this.#text = text;
    this.#running = running;
    this.#read = read;
  }

  /** Adds the element in `[from, to)` if the running list has the same text next, so that it was checked when that came. */
  addRunning(from: number, to: number): boolean {
    const running = this.#running;
    const index = this.#expected;
    if (running === null || index >= running.size || !running.isAt(index, this.#text, from, to)) return false;
    this.#add(running.hashAt(index), from, to);
    this.#expected++;
    return true;
  }

  /** Adds one that was checked. */
  add(id: string, from: number, to: number): void {
    const hash = hashOf(id);
    this.#add(hash, from, to);
    const index = this.#running?.indexOfText(hash, this.#text, from, to) ?? -1;
    // Changed in its place, or at another one.
    this.#expected = index === -1 ? this.#expected + 1 : index + 1;
  }

  *list(): Pieces<PackedList<T>> {
    const [ranges, hashes] = [this.#ranges.slice(0, 2 * this.#size), this.#hashes.slice(0, this.#size)];
    const slots = new Uint32Array(2 ** Math.ceil(Math.log2(2 * this.#size + 2)));
    for (let index = 0; index < this.#size; index++) {
      let slot = slotOf(hashes[index]!, slots);
      while (slots[slot] !== 0) slot = slotOf(slot + 1, slots);
      slots[slot] = index + 1;
      if (index % 1_000 === 999) yield;
    }
    return new PackedList(this.#text, { ranges, hashes, slots }, this.#read);
  }

  #add(hash: number, from: number, to: number): void {
    if (this.#size === this.#hashes.length) {
      this.#ranges = grown(this.#ranges);
      this.#hashes = grown(this.#hashes);
    }
    this.#ranges[2 * this.#size] = from;
    this.#ranges[2 * this.#size + 1] = to;
    this.#hashes[this.#size++] = hash;
  }
}

function grown(array: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * array.length);
  larger.set(array);
  return larger;
}

/** `slots` has a power of two of them. */
function slotOf(hash: number, slots: Uint32Array): number {
  return hash & (slots.length - 1);
}

/** FNV-1a, 32 bits. Only finds candidates: whoever asks for an id compares it. */
function hashOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < id.length; at++) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
