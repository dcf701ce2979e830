/** Lines in order of their sequence number, without holes; a queue with an index, so that the sender can look inside. */
export class RecentLines {
  #lines: string[] = [];
  #head = 0;
  /** Number of the first line. */
  #first: number;
  #bytes = 0;

  constructor(first: number) {
    this.#first = first;
  }

  get first(): number {
    return this.#first;
  }
  /** Number of the next line to come. */
  get next(): number {
    return this.#first + this.length;
  }
  get length(): number {
    return this.#lines.length - this.#head;
  }
  /** In characters, which is what they cost in memory. */
  get bytes(): number {
    return this.#bytes;
  }

  push(line: string): void {
    this.#lines.push(line);
    this.#bytes += line.length;
  }

  /** Lines `from` (inclusive) to `to` (exclusive); both lie inside. */
  slice(from: number, to: number): string[] {
    return this.#lines.slice(this.#head + from - this.#first, this.#head + to - this.#first);
  }

  at(seq: number): string {
    return this.#lines[this.#head + seq - this.#first]!;
  }

  /** Forgets lines below `seq`. */
  dropBelow(seq: number): void {
    const count = Math.min(this.length, seq - this.#first);
    if (count <= 0) return;
    for (let i = 0; i < count; i++) {
      this.#bytes -= this.#lines[this.#head + i]!.length;
      this.#lines[this.#head + i] = '';
    }
    this.#head += count;
    this.#first += count;
    // Moving the rest costs as much as was dropped, so that a line is moved at most once on average.
    if (this.#head * 2 > this.#lines.length) {
      this.#lines = this.#lines.slice(this.#head);
      this.#head = 0;
    }
  }
}
