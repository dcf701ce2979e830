/**
 * Which of many slots is due next: a binary heap over slot numbers with one time each. A slot without a deadline is not in
 * it and costs nothing, so 10,000 idle peers are free.
 */
export class DeadlineHeap {
  readonly #heap: number[] = [];
  /** Position in the heap by slot; -1: not in it. */
  readonly #position: number[] = [];
  readonly #at: number[] = [];

  /** The earliest time; Infinity if there is none. */
  get next(): number {
    const slot = this.#heap[0];
    return slot === undefined ? Number.POSITIVE_INFINITY : (this.#at[slot] as number);
  }

  get size(): number {
    return this.#heap.length;
  }

  /** Infinity takes the slot out. */
  set(slot: number, at: number): void {
    while (this.#position.length <= slot) {
      this.#position.push(-1);
      this.#at.push(0);
    }
    const position = this.#position[slot] as number;
    if (at === Number.POSITIVE_INFINITY) {
      if (position !== -1) this.#remove(position);
      return;
    }
    const before = this.#at[slot] as number;
    this.#at[slot] = at;
    if (position === -1) this.#up(this.#heap.push(slot) - 1);
    else if (at < before) this.#up(position);
    else if (at > before) this.#down(position);
  }

  /** Takes out and returns a slot that is due by now; -1 if none is. */
  takeDue(now: number): number {
    const slot = this.#heap[0];
    if (slot === undefined || (this.#at[slot] as number) > now) return -1;
    this.#remove(0);
    return slot;
  }

  #remove(position: number): void {
    const slot = this.#heap[position] as number;
    const last = this.#heap.pop() as number;
    this.#position[slot] = -1;
    if (last === slot) return;
    this.#heap[position] = last;
    this.#position[last] = position;
    this.#up(position);
    this.#down(this.#position[last] as number);
  }

  #up(from: number): void {
    let position = from;
    const slot = this.#heap[position] as number;
    const at = this.#at[slot] as number;
    while (position > 0) {
      const above = (position - 1) >> 1;
      const other = this.#heap[above] as number;
      if ((this.#at[other] as number) <= at) break;
      this.#heap[position] = other;
      this.#position[other] = position;
      position = above;
    }
    this.#heap[position] = slot;
    this.#position[slot] = position;
  }

  #down(from: number): void {
    let position = from;
    const slot = this.#heap[position] as number;
    const at = this.#at[slot] as number;
    while (true) {
      let below = 2 * position + 1;
      if (below >= this.#heap.length) break;
      const right = below + 1;
      if (right < this.#heap.length && this.#atPosition(right) < this.#atPosition(below)) below = right;
      if (this.#atPosition(below) >= at) break;
      const other = this.#heap[below] as number;
      this.#heap[position] = other;
      this.#position[other] = position;
      position = below;
    }
    this.#heap[position] = slot;
    this.#position[slot] = position;
  }

  #atPosition(position: number): number {
    return this.#at[this.#heap[position] as number] as number;
  }
}
