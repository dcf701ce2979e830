import { Fault } from '@zeronaut/model';
import { type ByteStream, type ByteStreamHandler, NO_HANDLER } from '../stream/byte-stream.ts';
import { ownCopy } from '../stream/read-garbage.ts';
import { ChunkQueue } from './chunk-queue.ts';

/** One stream of a session. `abort(code)` reaches the other end as a fault with that code. */
export interface MuxStream extends ByteStream {
  /** Odd: opened by the client. Never used again in the same session. */
  readonly id: number;
}

/** What a stream needs of its session. */
export interface StreamHost {
  /** Credit that every stream starts with. */
  readonly windowBytes: number;
  /** When the session last heard its peer: a clock that costs nothing to read. */
  readonly lastHeardAt: number;
  /** Credit for a stream whose reader keeps up; counts it among the busy ones. */
  openWindowBytes(stream: SessionStream): number;
  /** Puts as much of `chunk` on the wire as credit and transport take at once. Bytes taken. */
  sendNow(stream: SessionStream, chunk: Buffer): number;
  /** The transport takes nothing at the moment. */
  readonly blocked: boolean;
  /** END, if nothing stands in its way. */
  sendEndNow(stream: SessionStream): boolean;
  /** The stream has bytes or END to send and waits for its turn. */
  queueTurn(stream: SessionStream): void;
  sendWindow(stream: SessionStream, bytes: number): void;
  sendReset(stream: SessionStream, code: string): void;
  /** Calls `runDeferred` once this turn's callback is over. */
  defer(stream: SessionStream): void;
  /** The stream is over. */
  forget(stream: SessionStream): void;
  /** Received bytes that wait in paused streams changed by this much. False: over the session's bound. */
  holdReceived(bytes: number): boolean;
}

/** While the transport takes nothing, `write` of so much says stop: what is read meanwhile would only be copied and wait. */
const BULK_BYTES = 8 * 1024;
/** `write` says stop from here on whatever the transport does … */
const HIGH_WATER_BYTES = 128 * 1024;
/** … and go on from here on. */
const LOW_WATER_BYTES = 64 * 1024;

/** WINDOW is sent for every such share of the window: often enough that the sender need not stop, and no more. */
const GRANT_SHARE = 3;
/** A reader that stops for longer is slow: it gets no more than the initial window, because what waits is our memory. */
const SLOW_PAUSE_MS = 50;

const PAUSED = 1;
/** We shall send no more data … */
const ENDING = 2;
/** … and END is on the wire. */
const END_SENT = 4;
const END_RECEIVED = 8;
const END_DELIVERED = 16;
const WRITER_WAITS = 32;
const CLOSED = 64;
const CLOSE_REPORTED = 128;
const DEFERRED = 256;
const SLOW_READER = 512;

/**
 * The session's side of a stream. Flat and lean on purpose: ten thousand of them idle on one tunnel, so queues exist
 * only while something waits, and flags share one number.
 */
export class SessionStream implements MuxStream {
  handler: ByteStreamHandler = NO_HANDLER;
  readonly id: number;
  readonly #host: StreamHost;
  /** Until OPEN is on the wire: its payload. */
  openHeader: Buffer | null = null;
  /** Waiting in the session's round-robin, and behind whom. */
  inTurn = false;
  nextInTurn: SessionStream | null = null;
  /** Bytes that the peer lets us send. */
  sendCredit: number;
  sendQueue: ChunkQueue | null = null;
  /** Bytes that the peer may still send. */
  #receiveCredit: number;
  #pausedAt = 0;
  /** When it was last counted among the busy streams; the session's business. */
  busyEpoch = 0;
  #receiveQueue: ChunkQueue | null = null;
  #flags = 0;
  #fault: Fault | null = null;

  constructor(host: StreamHost, id: number) {
    this.#host = host;
    this.id = id;
    this.sendCredit = host.windowBytes;
    this.#receiveCredit = host.windowBytes;
  }

  get bufferedBytes(): number {
    return this.sendQueue === null ? 0 : this.sendQueue.bytes;
  }

  get closed(): boolean {
    return (this.#flags & CLOSED) !== 0;
  }

  write(chunk: Buffer): boolean {
    const taken = this.#sendNow(chunk);
    if (taken === chunk.length) return this.#mayGoOn(chunk.length);
    return this.#enqueue(taken === 0 ? chunk : chunk.subarray(taken), false);
  }

  writeBorrowed(chunk: Buffer): boolean {
    const taken = this.#sendNow(chunk);
    return taken === chunk.length ? this.#mayGoOn(chunk.length) : this.#enqueue(chunk.subarray(taken), true);
  }

  /** Bytes that are dealt with: on the wire, or of no use any more. */
  #sendNow(chunk: Buffer): number {
    if ((this.#flags & (CLOSED | ENDING)) !== 0 || chunk.length === 0) return chunk.length;
    return this.sendQueue === null ? this.#host.sendNow(this, chunk) : 0;
  }

  #enqueue(rest: Buffer, borrowed: boolean): boolean {
    this.sendQueue ??= new ChunkQueue();
    if (borrowed) this.sendQueue.pushBorrowed(rest);
    else this.sendQueue.push(rest);
    this.#host.queueTurn(this);
    const { bytes } = this.sendQueue;
    if (bytes < HIGH_WATER_BYTES && (bytes < BULK_BYTES || !this.#host.blocked)) return true;
    this.#flags |= WRITER_WAITS;
    return false;
  }

  /** After bytes that went at once: whether more would. Who must not go on is told in his turn. */
  #mayGoOn(bytes: number): boolean {
    if (bytes < BULK_BYTES || !this.#host.blocked || (this.#flags & (CLOSED | ENDING)) !== 0) return true;
    this.#flags |= WRITER_WAITS;
    this.#host.queueTurn(this);
    return false;
  }

  end(): void {
    if ((this.#flags & (CLOSED | ENDING)) !== 0) return;
    this.#flags |= ENDING;
    if (this.sendQueue === null && this.#host.sendEndNow(this)) this.endSent();
    else this.#host.queueTurn(this);
  }

  abort(code = 'stream.aborted'): void {
    if ((this.#flags & CLOSED) !== 0) return;
    // A stream whose OPEN was never sent does not exist for the peer.
    if (this.openHeader === null) this.#host.sendReset(this, code);
    this.close(null);
  }

  pause(): void {
    if ((this.#flags & PAUSED) !== 0) return;
    this.#flags |= PAUSED;
    this.#pausedAt = this.#host.lastHeardAt;
  }

  resume(): void {
    if ((this.#flags & PAUSED) === 0) return;
    this.#flags &= ~(PAUSED | SLOW_READER);
    if (this.#host.lastHeardAt - this.#pausedAt > SLOW_PAUSE_MS) this.#flags |= SLOW_READER;
    this.#replenish();
    if (this.#receiveQueue !== null || (this.#flags & (END_RECEIVED | END_DELIVERED)) === END_RECEIVED) this.#defer();
  }

  cork(): void {
    // Nothing to gain: the session gathers the frames of one turn already.
  }

  uncork(): void {
    // See cork.
  }

  /** Whether END is what it has to send next. */
  get wantsEnd(): boolean {
    return (this.#flags & (ENDING | END_SENT)) === ENDING && this.sendQueue === null;
  }

  /** Its turn: the session took what it could from the queue. */
  sent(): void {
    const left = this.bufferedBytes;
    if (left === 0) this.sendQueue = null;
    if ((this.#flags & WRITER_WAITS) === 0 || left > LOW_WATER_BYTES) return;
    this.#flags &= ~WRITER_WAITS;
    if ((this.#flags & ENDING) === 0) this.handler.onDrain();
  }

  endSent(): void {
    this.#flags |= END_SENT;
    if ((this.#flags & END_DELIVERED) !== 0) this.close(null);
  }

  /** DATA from the peer; `borrowed`: its memory is not ours. What is wrong with it, or null. */
  receive(chunk: Buffer, borrowed: boolean): string | null {
    if ((this.#flags & END_RECEIVED) !== 0) return 'DATA after END';
    if (chunk.length > this.#receiveCredit) return 'DATA beyond the window';
    this.#receiveCredit -= chunk.length;
    if ((this.#flags & PAUSED) === 0 && this.#receiveQueue === null) {
      if (!borrowed) this.handler.onData(chunk);
      else if (this.handler.onBorrowed !== undefined) this.handler.onBorrowed(chunk);
      else this.handler.onData(ownCopy(chunk));
      this.#replenish();
      return null;
    }
    this.#receiveQueue ??= new ChunkQueue();
    if (borrowed) this.#receiveQueue.pushBorrowed(chunk);
    else this.#receiveQueue.pushCopying(chunk);
    if (!this.#host.holdReceived(chunk.length)) {
      this.#host.sendReset(this, 'tunnel.receive_limit');
      this.close(new Fault('tunnel.receive_limit', { side: 'local' }));
    }
    return null;
  }

  /** END from the peer. What is wrong with it, or null. */
  receiveEnd(): string | null {
    if ((this.#flags & END_RECEIVED) !== 0) return 'END after END';
    this.#flags |= END_RECEIVED;
    if ((this.#flags & PAUSED) === 0 && this.#receiveQueue === null) this.#deliverEnd();
    return null;
  }

  /** WINDOW from the peer. What is wrong with it, or null. */
  receiveWindow(bytes: number): string | null {
    this.sendCredit += bytes;
    if (this.sendCredit > 0x7fff_ffff) return 'WINDOW overflows';
    if (this.sendQueue !== null) this.#host.queueTurn(this);
    return null;
  }

  /** The stream is over; `handler.onClosed` follows after the current callback. */
  close(fault: Fault | null): void {
    if ((this.#flags & CLOSED) !== 0) return;
    this.#flags |= CLOSED;
    this.#fault = fault;
    this.sendQueue = null;
    this.openHeader = null;
    if (this.#receiveQueue !== null) {
      this.#host.holdReceived(-this.#receiveQueue.bytes);
      this.#receiveQueue = null;
    }
    this.#host.forget(this);
    this.#defer();
  }

  runDeferred(): void {
    this.#flags &= ~DEFERRED;
    while (this.#receiveQueue !== null && (this.#flags & PAUSED) === 0) {
      const chunk = this.#receiveQueue.shift();
      if (this.#receiveQueue.bytes === 0) this.#receiveQueue = null;
      this.#host.holdReceived(-chunk.length);
      this.handler.onData(chunk);
      this.#replenish();
    }
    if ((this.#flags & (PAUSED | CLOSED | END_RECEIVED | END_DELIVERED)) === END_RECEIVED) this.#deliverEnd();
    if ((this.#flags & (CLOSED | CLOSE_REPORTED)) === CLOSED) {
      this.#flags |= CLOSE_REPORTED;
      const { handler } = this;
      // The stream may be kept by its user; what it was wired to need not be.
      this.handler = NO_HANDLER;
      handler.onClosed(this.#fault);
    }
  }

  #deliverEnd(): void {
    this.#flags |= END_DELIVERED;
    this.handler.onEnd();
    if ((this.#flags & END_SENT) !== 0) this.close(null);
  }

  /** Gives credit back when a good part of the window is free. */
  #replenish(): void {
    if ((this.#flags & (END_RECEIVED | CLOSED)) !== 0) return;
    const slow = (this.#flags & SLOW_READER) !== 0;
    const windowBytes = slow ? this.#host.windowBytes : this.#host.openWindowBytes(this);
    const grant = windowBytes - this.#receiveCredit - (this.#receiveQueue?.bytes ?? 0);
    if (grant * GRANT_SHARE < windowBytes) return;
    this.#receiveCredit += grant;
    this.#host.sendWindow(this, grant);
  }

  #defer(): void {
    if ((this.#flags & DEFERRED) !== 0) return;
    this.#flags |= DEFERRED;
    this.#host.defer(this);
  }
}
