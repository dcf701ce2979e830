import type { Fault, FaultSide } from '@zeronaut/model';
import { type ByteStream, type ByteStreamHandler, NO_HANDLER } from '../stream/byte-stream.ts';
import { countRead } from '../stream/read-garbage.ts';
import { socketFault } from '../stream/socket-stream.ts';
import {
  EAGAIN,
  EINTR,
  EPOLLERR,
  EPOLLET,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  EPOLLRDHUP,
  IPPROTO_TCP,
  type Libc,
  MSG_DONTWAIT,
  MSG_MORE,
  MSG_NOSIGNAL,
  SHUT_WR,
  SO_LINGER,
  SOL_SOCKET,
  TCP_NODELAY,
} from './libc.ts';
import type { Readiness, Watched, WatchToken } from './readiness.ts';
import { systemError } from './system-error.ts';

/**
 * One read takes so much; shared by all streams, because what was read is dealt with before the next. Four whole DATA frames of a
 * tunnel (`mux/wire.ts`): a few bytes more would have to wait there for their turn, and all that is read after them.
 */
const READ_BYTES = 4 * (16 * 1024 - 12);
const shared = Buffer.allocUnsafeSlow(READ_BYTES);
/** A handler has what is in `shared`. */
let lent = false;
/** Up to here chunks come from Node's pool. */
const POOLED_BYTES = 2 * 1024;
/** Reads of one stream in a row; then the others have their turn. */
const READS_PER_TURN = 4;
/** `write` says stop from here on; all of it must be gone before it says go on. */
const HIGH_WATER_BYTES = 64 * 1024;
/** While corked, chunks of up to so much wait here: sent at once they would cost another call, to say that no more follows. */
const GATHER_BYTES = 16 * 1024;

/** Told once per change: everything that a stream waits for. What was not read or written stays ready without being told. */
export const STREAM_EVENTS = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

const ONE = Int32Array.of(1);
/** `struct linger { on, seconds }`: close resets. */
const RESET_ON_CLOSE = Int32Array.of(1, 0);

const PAUSED = 1;
/** The kernel may have bytes, the end or an error for us. */
const READABLE = 2;
/** The end or an error is behind what can be read: a short read is not the last one. */
const HUNG_UP = 4;
const READ_ENDED = 8;
const ENDED = 16;
/** FIN was given to the kernel. */
const SHUT = 32;
const ABORTED = 64;
const CLOSED = 128;
const WRITER_WAITS = 256;
const CORKED = 512;
/** Bytes wait in the kernel for more, or to be told that there are no more. */
const HELD_BACK = 1024;
const READING = 2048;
const AGAIN = 4096;
/** The queue waits for `uncork`, not for the kernel. */
const GATHERED = 8192;

/**
 * A `ByteStream` over one connected stream socket that nobody else knows of: read and written by system calls of our own,
 * past Node's `net`. A small request costs it half. Starts paused.
 */
export class KernelStream implements ByteStream, Watched {
  handler: ByteStreamHandler = NO_HANDLER;
  /** The kernel copies what it takes. */
  readonly releasesWrites = true;
  bufferedBytes = 0;
  /** Called before `handler.onClosed`, whoever the handler is by then. */
  whenClosed: (() => void) | null = null;
  readonly #readiness: Readiness;
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #token: WatchToken;
  readonly #side: FaultSide;
  #flags = PAUSED;
  #queue: Buffer[] | null = null;
  #fault: Fault | null = null;

  /**
   * Takes over a connected descriptor that does not block, with its watch of `STREAM_EVENTS`. `told`: that watch has
   * told of something already.
   */
  constructor(readiness: Readiness, fd: number, token: WatchToken, options: { side: FaultSide; told: boolean }) {
    this.#readiness = readiness;
    this.#libc = readiness.libc;
    this.#fd = fd;
    this.#side = options.side;
    this.#token = token;
    if (options.told) this.#flags |= READABLE;
    readiness.hand(token, this);
  }

  get closed(): boolean {
    return (this.#flags & CLOSED) !== 0;
  }

  write(chunk: Buffer): boolean {
    if ((this.#flags & CORKED) !== 0 && this.#mayGather(chunk.length)) {
      this.#flags |= GATHERED;
      return this.#enqueue(chunk);
    }
    const sent = this.#sendNow(chunk);
    if (sent === chunk.length) return true;
    return this.#enqueue(sent === 0 ? chunk : chunk.subarray(sent));
  }

  writeBorrowed(chunk: Buffer): boolean {
    const sent = this.#sendNow(chunk);
    if (sent === chunk.length) return true;
    countRead(chunk.length - sent);
    return this.#enqueue(Buffer.from(chunk.subarray(sent)));
  }

  /** Below the high-water mark alone, so that nobody is told to wait for bytes that only wait for us. */
  #mayGather(bytes: number): boolean {
    if (bytes === 0 || bytes > GATHER_BYTES || this.bufferedBytes + bytes >= HIGH_WATER_BYTES) return false;
    return this.#queue === null || (this.#flags & GATHERED) !== 0;
  }

  /** Bytes that are dealt with: sent, or of no use any more. */
  #sendNow(chunk: Buffer): number {
    if ((this.#flags & GATHERED) !== 0) this.#flush();
    if ((this.#flags & (CLOSED | ENDED | ABORTED)) !== 0 || chunk.length === 0) return chunk.length;
    if (this.#queue !== null) return 0;
    const sent = this.#send(chunk, (this.#flags & CORKED) !== 0);
    return sent < 0 ? chunk.length : sent;
  }

  #enqueue(rest: Buffer): boolean {
    if (this.#queue === null) this.#queue = [rest];
    else this.#queue.push(rest);
    this.bufferedBytes += rest.length;
    if (this.bufferedBytes < HIGH_WATER_BYTES) return true;
    this.#flags |= WRITER_WAITS;
    return false;
  }

  end(): void {
    if ((this.#flags & (CLOSED | ENDED | ABORTED)) !== 0) return;
    this.#flags |= ENDED;
    this.#flags &= ~CORKED;
    if (this.#queue === null) this.#sendEnd();
    else if ((this.#flags & GATHERED) !== 0) this.#flush();
  }

  abort(_code?: string): void {
    if ((this.#flags & (CLOSED | ABORTED)) !== 0) return;
    this.#flags |= ABORTED;
    // A plain FIN would let a cut-off answer pass for a whole one. If all was sent, FIN included, there is nothing to cut.
    if ((this.#flags & SHUT) === 0) this.#libc.setsockopt(this.#fd, SOL_SOCKET, SO_LINGER, RESET_ON_CLOSE, 8);
    this.#close(null);
  }

  pause(): void {
    this.#flags |= PAUSED;
  }

  resume(): void {
    if ((this.#flags & PAUSED) === 0) return;
    this.#flags &= ~PAUSED;
    if ((this.#flags & READABLE) !== 0) this.#readLater();
  }

  cork(): void {
    if ((this.#flags & (ENDED | CLOSED | ABORTED)) === 0) this.#flags |= CORKED;
  }

  uncork(): void {
    this.#flags &= ~CORKED;
    if ((this.#flags & GATHERED) !== 0) this.#flush();
    if ((this.#flags & HELD_BACK) === 0 || (this.#flags & (CLOSED | ABORTED)) !== 0) return;
    this.#flags &= ~HELD_BACK;
    // Setting it again pushes what MSG_MORE held back (tcp(7)).
    this.#libc.setsockopt(this.#fd, IPPROTO_TCP, TCP_NODELAY, ONE, 4);
  }

  // Readiness (Watched).

  onReady(events: number): void {
    if ((this.#flags & CLOSED) !== 0) return;
    this.#flags &= ~(events === 0 ? AGAIN : 0);
    if ((events & EPOLLOUT) !== 0 && this.#queue !== null && (this.#flags & GATHERED) === 0) this.#flush();
    if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) !== 0) this.#flags |= HUNG_UP | READABLE;
    if ((events & EPOLLIN) !== 0) this.#flags |= READABLE;
    if ((this.#flags & (READABLE | PAUSED | CLOSED)) === READABLE) this.#read(READS_PER_TURN);
  }

  #read(reads: number): void {
    // A handler that resumes within its own callback comes back through `again`.
    if ((this.#flags & READING) !== 0) return;
    this.#flags |= READING;
    // What a handler writes elsewhere may fail, and the stream that it fails on reads once more, before the handler is done: those
    // bytes would be read on as if they had come from here.
    const memory = lent ? Buffer.allocUnsafeSlow(READ_BYTES) : shared;
    while ((this.#flags & (READABLE | PAUSED | CLOSED | READ_ENDED)) === READABLE) {
      if (reads-- === 0) {
        this.#readLater();
        break;
      }
      const bytes = this.#libc.recv(this.#fd, memory, READ_BYTES, MSG_DONTWAIT);
      if (bytes > 0) {
        // A stream socket that gives less than was asked for has no more (epoll(7)), unless its end follows.
        if (bytes < READ_BYTES && (this.#flags & HUNG_UP) === 0) this.#flags &= ~READABLE;
        this.#deliver(memory, bytes);
      } else if (bytes === 0) {
        this.#flags |= READ_ENDED;
        this.handler.onEnd();
        if ((this.#flags & (SHUT | CLOSED)) === SHUT) this.#close(null);
      } else {
        const errno = this.#libc.errno();
        if (errno === EINTR) continue;
        if (errno === EAGAIN) this.#flags &= ~READABLE;
        else this.#fail('read', errno);
      }
    }
    this.#flags &= ~READING;
  }

  #deliver(memory: Buffer, bytes: number): void {
    const { handler } = this;
    if (handler.onBorrowed !== undefined) {
      lent ||= memory === shared;
      try {
        handler.onBorrowed(memory.subarray(0, bytes));
      } finally {
        if (memory === shared) lent = false;
      }
      return;
    }
    const chunk = bytes <= POOLED_BYTES ? Buffer.allocUnsafe(bytes) : Buffer.allocUnsafeSlow(bytes);
    memory.copy(chunk, 0, 0, bytes);
    countRead(bytes);
    handler.onData(chunk);
  }

  #readLater(): void {
    if ((this.#flags & AGAIN) !== 0) return;
    this.#flags |= AGAIN;
    this.#readiness.again(this);
  }

  /** Bytes taken, or -1 after a failure. `more`: the kernel need not hurry, something follows. */
  #send(chunk: Buffer, more: boolean): number {
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0);
    for (;;) {
      const sent = this.#libc.send(this.#fd, chunk, chunk.length, flags);
      if (sent >= 0) {
        if (more) this.#flags |= HELD_BACK;
        else this.#flags &= ~HELD_BACK;
        return sent;
      }
      const errno = this.#libc.errno();
      if (errno === EAGAIN) return 0;
      if (errno !== EINTR) {
        this.#fail('write', errno);
        return -1;
      }
    }
  }

  #flush(): void {
    this.#flags &= ~GATHERED;
    const queue = this.#queue;
    if (queue === null) return;
    const corked = (this.#flags & CORKED) !== 0;
    let next = 0;
    while (next < queue.length) {
      const chunk = queue[next]!;
      const sent = this.#send(chunk, corked || next < queue.length - 1);
      if (sent < 0) return;
      this.bufferedBytes -= sent;
      if (sent < chunk.length) {
        queue[next] = chunk.subarray(sent);
        queue.splice(0, next);
        return;
      }
      next++;
    }
    this.#queue = null;
    if ((this.#flags & WRITER_WAITS) !== 0) {
      this.#flags &= ~WRITER_WAITS;
      if ((this.#flags & ENDED) === 0) this.handler.onDrain();
    }
    // The handler may have written more, or have ended just now.
    if ((this.#flags & (ENDED | SHUT | CLOSED)) === ENDED && this.#queue === null) this.#sendEnd();
  }

  #sendEnd(): void {
    // The other side has ended and all of ours is in the kernel: closing says FIN as well.
    if ((this.#flags & READ_ENDED) === 0) {
      this.#flags |= SHUT;
      this.#libc.shutdown(this.#fd, SHUT_WR);
    } else {
      this.#close(null);
    }
  }

  #fail(what: 'read' | 'write', errno: number): void {
    if ((this.#flags & CLOSED) !== 0) return;
    // What came before the other side gave up is still for the handler.
    if (what === 'write' && (this.#flags & (PAUSED | READING | READ_ENDED)) === 0) {
      this.#flags |= READABLE | HUNG_UP;
      this.#read(Number.POSITIVE_INFINITY);
      if ((this.#flags & CLOSED) !== 0) return;
    }
    this.#close(socketFault(systemError(what, errno, ''), this.#side));
  }

  #close(fault: Fault | null): void {
    if ((this.#flags & CLOSED) !== 0) return;
    this.#flags |= CLOSED;
    this.#flags &= ~(CORKED | GATHERED);
    this.#fault = fault;
    this.#queue = null;
    this.bufferedBytes = 0;
    this.#readiness.forget(this.#token);
    this.#libc.close(this.#fd);
    process.nextTick(reportClosed, this);
  }

  reportClosed(): void {
    const { handler } = this;
    this.handler = NO_HANDLER;
    this.whenClosed?.();
    handler.onClosed(this.#fault);
  }
}

function reportClosed(stream: KernelStream): void {
  stream.reportClosed();
}
