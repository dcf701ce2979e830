import { Fault } from '@zeronaut/model';
import type { ByteStream, ByteStreamHandler } from './byte-stream.ts';
import { corkTurn } from './cork-turn.ts';

export interface SpliceOptions {
  /** Payload bytes as they pass. */
  onBytes?(direction: 'a_to_b' | 'b_to_a', bytes: number): void;
  /** Both are aborted with `stream.idle_timeout` after this long without a byte in either direction. Default: never. */
  readonly idleTimeoutMs?: number;
  /** Once, when both streams are closed. The first fault of either, or null. */
  onDone(fault: Fault | null): void;
}

/**
 * Joins two streams: what one gives the other gets, with backpressure and half-close, until both are closed. Takes over
 * both handlers, and resumes both. A side that fails takes the other one with it under the same code.
 */
export function splice(a: ByteStream, b: ByteStream, options: SpliceOptions): void {
  const joint = new Joint(a, b, options);
  joint.start();
}

/** The idle clock looks this often in one timeout, so that no chunk has to touch a timer. */
const IDLE_LOOKS = 4;

/** Chunks of at least this size are part of a transfer: more of them arrive in the same turn. */
const CORK_FROM_BYTES = 4 * 1024;

class Joint {
  readonly options: SpliceOptions;
  readonly #a: Half;
  readonly #b: Half;
  active = true;
  #quietLooks = 0;
  #timer: NodeJS.Timeout | undefined;
  #fault: Fault | null = null;

  constructor(a: ByteStream, b: ByteStream, options: SpliceOptions) {
    this.options = options;
    this.#a = new Half(this, a, b, 'a_to_b');
    this.#b = new Half(this, b, a, 'b_to_a');
  }

  start(): void {
    const { idleTimeoutMs } = this.options;
    if (idleTimeoutMs !== undefined) {
      this.#timer = setInterval(() => this.#look(), idleTimeoutMs / IDLE_LOOKS);
      this.#timer.unref();
    }
    for (const half of [this.#a, this.#b]) half.source.handler = half;
    for (const half of [this.#a, this.#b]) {
      if (half.source.closed) half.onClosed(null);
      else half.source.resume();
    }
  }

  #look(): void {
    this.#quietLooks = this.active ? 0 : this.#quietLooks + 1;
    this.active = false;
    if (this.#quietLooks < IDLE_LOOKS) return;
    clearInterval(this.#timer);
    this.#fault ??= new Fault('stream.idle_timeout', { side: 'local' });
    this.#a.source.abort('stream.idle_timeout');
    this.#b.source.abort('stream.idle_timeout');
  }

  closed(half: Half, fault: Fault | null): void {
    this.#fault ??= fault;
    const other = half === this.#a ? this.#b : this.#a;
    if (other.done) {
      clearInterval(this.#timer);
      this.options.onDone(this.#fault);
    } else if (fault !== null || !half.ended || !other.ended) {
      // Orderly only when both directions have ended; then the other side may still be sending its queue.
      other.source.abort(fault?.code);
    }
  }
}

class Half implements ByteStreamHandler {
  /** Only where the sink can do it: bytes then go from the read of one socket to the write of the other in the same memory. */
  readonly onBorrowed?: (chunk: Buffer) => void;
  readonly source: ByteStream;
  readonly #joint: Joint;
  readonly #sink: ByteStream;
  readonly #direction: 'a_to_b' | 'b_to_a';
  ended = false;
  done = false;

  constructor(joint: Joint, source: ByteStream, sink: ByteStream, direction: 'a_to_b' | 'b_to_a') {
    this.#joint = joint;
    this.source = source;
    this.#sink = sink;
    this.#direction = direction;
    if (sink.writeBorrowed !== undefined) {
      this.onBorrowed = (chunk) => {
        this.#pass(chunk);
        if (!sink.writeBorrowed!(chunk)) source.pause();
      };
    }
  }

  onData(chunk: Buffer): void {
    this.#pass(chunk);
    if (!this.#sink.write(chunk)) this.source.pause();
  }

  #pass(chunk: Buffer): void {
    const joint = this.#joint;
    joint.active = true;
    joint.options.onBytes?.(this.#direction, chunk.length);
    // Small chunks are requests and answers: one each, and gathering would cost more than it saves.
    if (chunk.length >= CORK_FROM_BYTES) corkTurn(this.#sink);
  }

  onDrain(): void {
    this.#sink.resume();
  }

  onEnd(): void {
    this.ended = true;
    this.#sink.end();
  }

  onClosed(fault: Fault | null): void {
    if (this.done) return;
    this.done = true;
    this.#joint.closed(this, fault);
  }
}
