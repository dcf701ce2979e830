interface Chunk {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly bytes: Buffer;
}

/**
 * The newest lines that are on disk, for a sender that keeps up: it need not read and check them again. Kept as the
 * buffers that were written, outside the heap: as ten thousand strings they cost more in garbage collection than
 * everything else that is done with an event.
 */
export class RecentChunks {
  #chunks: Chunk[] = [];
  #head = 0;
  #bytes = 0;
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

  /** Whole lines, each with its line break, whose numbers follow those before. The oldest go when there are too many. */
  push(firstSeq: number, lastSeq: number, bytes: Buffer): void {
    this.#chunks.push({ firstSeq, lastSeq, bytes });
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
      const { firstSeq, bytes } = this.#chunks[i]!;
      const lines = bytes.toString('utf8', 0, bytes.length - 1).split('\n');
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

  #dropFirst(): void {
    this.#bytes -= this.#chunks[this.#head]!.bytes.length;
    this.#chunks[this.#head] = EMPTY;
    this.#head++;
    // Moving the rest costs as much as was dropped, so that a chunk is moved at most once on average.
    if (this.#head * 2 > this.#chunks.length) {
      this.#chunks = this.#chunks.slice(this.#head);
      this.#head = 0;
    }
  }
}

const EMPTY: Chunk = { firstSeq: 0, lastSeq: 0, bytes: Buffer.alloc(0) };
