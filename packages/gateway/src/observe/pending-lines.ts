const FIRST_BYTES = 64 * 1024;
/** What ordinary turns have come to need stays; what had to wait for a full disk is given back. */
const KEPT_BYTES = 1024 * 1024;
const LINE_BREAK = 0x0a;

/**
 * Lines that are to be written together, as bytes from the start: a text of all of them, turned into bytes at the end, took
 * twice as long and was most of what an event cost.
 */
export class PendingLines {
  count = 0;
  #buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #end = 0;

  get sizeBytes(): number {
    return this.#end;
  }

  append(line: string): void {
    // In UTF-8 a character of a string takes three bytes at most.
    this.#makeRoom(line.length * 3 + 1);
    this.#end += this.#buffer.write(line, this.#end);
    this.#buffer[this.#end++] = LINE_BREAK;
    this.count++;
  }

  /** All of them, each with its line break. The memory is used again: good until the next change. */
  peek(): Buffer {
    return this.#buffer.subarray(0, this.#end);
  }

  clear(): void {
    this.count = 0;
    this.#end = 0;
    if (this.#buffer.length > KEPT_BYTES) this.#buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  }

  #makeRoom(bytes: number): void {
    const needed = this.#end + bytes;
    if (needed <= this.#buffer.length) return;
    const bigger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(bigger, 0, 0, this.#end);
    this.#buffer = bigger;
  }
}
