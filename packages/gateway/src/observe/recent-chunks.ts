/** Lines that were written together: `[start, end)` of a block. */
interface Chunk {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly block: Block;
  readonly start: number;
  readonly end: number;
}

interface Block {
  readonly bytes: Buffer;
  end: number;
  /** Those that are still listed. */
  chunks: number;
}

const BLOCK_BYTES = 256 * 1024;
const MAX_FREE_BLOCKS = 2;

/**
 * The newest lines that are on disk, for a sender that keeps up: it need not read and check them again. Kept as bytes
 * outside the heap: as ten thousand strings they cost more in garbage collection than everything else that is done with
 * an event. And in blocks that are used again: lines live long enough to be collected with the whole heap alone, and memory
 * of their own for those of each turn made V8 do so without end, which took a fifth of a busy gateway's CPU.
 */
export class RecentChunks {
  #chunks: Chunk[] = [];
  #head = 0;
  #bytes = 0;
  #block: Block | null = null;
  readonly #freeBlocks: Block[] = [];
  readonly #maxEvents: number;
  readonly #maxBytes: number;

  constructor(maxEvents: number, maxBytes: number) {
    this.#maxEvents = maxEvents;
    this.#maxBytes = maxBytes;
  }

  /** Number of the first line, or null when there is none. */
  get first(): number | null {
    return this.#chunks[this.#head]?.firstSeq ?? null;
  }

  /** Copies whole lines, each with its line break, whose numbers follow those before. The oldest go when there are too many. */
  push(firstSeq: number, lastSeq: number, bytes: Buffer): void {
    const block = this.#blockFor(bytes.length);
    const start = block.end;
    bytes.copy(block.bytes, start);
    block.end += bytes.length;
    block.chunks++;
    this.#chunks.push({ firstSeq, lastSeq, block, start, end: block.end });
    this.#bytes += bytes.length;
    while (this.#bytes > this.#maxBytes || lastSeq - this.first! >= this.#maxEvents) {
      this.#dropFirst();
      if (this.#head === this.#chunks.length) break;
    }
  }

  /** Forgets chunks whose lines are all below `seq`. */
  dropBelow(seq: number): void {
    while (this.#head < this.#chunks.length && this.#chunks[this.#head]!.lastSeq < seq) this.#dropFirst();
  }

  /** Calls back with each line from `seq` (which is here) on, until false comes back. */
  read(seq: number, onLine: (line: string, seq: number) => boolean): void {
    let next = seq;
    for (let i = this.#find(seq); i < this.#chunks.length; i++) {
      const { firstSeq, block, start, end } = this.#chunks[i]!;
      const lines = block.bytes.toString('utf8', start, end - 1).split('\n');
      for (let j = next - firstSeq; j < lines.length; j++) {
        if (!onLine(lines[j]!, next)) return;
        next++;
      }
    }
  }

  /** Index of the chunk that holds `seq`: numbers only grow, so halve the way. */
  #find(seq: number): number {
    let low = this.#head;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#chunks[middle]!.lastSeq < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #blockFor(bytes: number): Block {
    let block = this.#block;
    if (block !== null && block.end + bytes <= block.bytes.length) return block;
    block = bytes <= BLOCK_BYTES ? (this.#freeBlocks.pop() ?? null) : null;
    block ??= { bytes: Buffer.allocUnsafeSlow(Math.max(bytes, BLOCK_BYTES)), end: 0, chunks: 0 };
    this.#block = block;
    return block;
  }

  #release(block: Block): void {
    block.end = 0;
    if (block === this.#block || block.bytes.length > BLOCK_BYTES) return;
    if (this.#freeBlocks.length < MAX_FREE_BLOCKS) this.#freeBlocks.push(block);
  }

  #dropFirst(): void {
    const { block, start, end } = this.#chunks[this.#head]!;
    this.#bytes -= end - start;
    if (--block.chunks === 0) this.#release(block);
    this.#chunks[this.#head] = NO_LINES;
    this.#head++;
    // Moving the rest costs as much as was dropped, so that a chunk is moved at most once on average.
    if (this.#head * 2 > this.#chunks.length) {
      this.#chunks = this.#chunks.slice(this.#head);
      this.#head = 0;
    }
  }
}

const NO_LINES: Chunk = {
  ...{ firstSeq: 0, lastSeq: 0, start: 0, end: 0 },
  block: { bytes: Buffer.alloc(0), end: 0, chunks: 0 },
};
