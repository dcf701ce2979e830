import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { Fault, type FaultSide } from '@zeronaut/model';
import { type ByteStream, type ByteStreamHandler, NO_HANDLER } from './byte-stream.ts';
import type { DirectReads } from './direct-reads.ts';
import { countRead } from './read-garbage.ts';

/**
 * A `ByteStream` over one connected (or connecting) TCP, Unix or TLS socket. It takes the socket over: nobody else may
 * read, write or destroy it. Half-close is kept in both directions, Nagle's algorithm is off.
 */
export interface SocketStreamOptions {
  /**
   * `write` returns false from this many queued bytes on. Never less than the socket's own `writableHighWaterMark`
   * (64 KiB unless the socket was made with another), which is the default.
   */
  readonly highWaterBytes?: number;
  /** Bytes that were read from the socket before; they are delivered first. */
  readonly head?: Buffer;
  /** What the socket was connected with, when it was: its bytes come from there. */
  readonly reads?: DirectReads;
  /** Side of the faults that it reports. Default `upstream`. */
  readonly side?: FaultSide;
}

export function socketStream(socket: Socket, options: SocketStreamOptions = {}): ByteStream {
  return new SocketStream(socket, options);
}

const FAULT_CODES: Readonly<Record<string, string>> = {
  ECONNRESET: 'stream.reset',
  EPIPE: 'stream.reset',
  ECONNABORTED: 'stream.reset',
  ETIMEDOUT: 'stream.timeout',
  EHOSTUNREACH: 'stream.unreachable',
  ENETUNREACH: 'stream.unreachable',
  ECONNREFUSED: 'stream.refused',
};

/** The fault of a socket's `error` event: `stream.reset`, `stream.timeout`, … or `stream.failed`; the cause is kept. */
export function socketFault(error: unknown, side: FaultSide): Fault {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const message = error instanceof Error ? error.message : String(error);
  return new Fault(FAULT_CODES[code] ?? 'stream.failed', { side, message, cause: error });
}

class SocketStream implements ByteStream {
  handler: ByteStreamHandler = NO_HANDLER;
  closed = false;
  /** Node keeps chunks until the kernel has them. */
  readonly releasesWrites = true;
  readonly #socket: Socket;
  readonly #highWaterBytes: number;
  readonly #side: FaultSide;
  #blocked = false;
  #corked = false;
  #ended = false;
  #readEnded = false;
  #aborted = false;
  #fault: Fault | null = null;

  constructor(socket: Socket, options: SocketStreamOptions) {
    this.#socket = socket;
    this.#side = options.side ?? 'upstream';
    // Below the socket's own mark Node would promise no 'drain', and a writer that we told to wait would wait for ever.
    this.#highWaterBytes = Math.max(options.highWaterBytes ?? 0, socket.writableHighWaterMark);
    socket.allowHalfOpen = true;
    socket.setNoDelay(true);
    if (options.head !== undefined && options.head.length > 0) socket.unshift(options.head);
    socket.on('drain', () => this.#onDrain());
    socket.on('end', () => this.#onEnd());
    socket.on('error', (error) => {
      this.#fault ??= socketFault(error, this.#side);
    });
    socket.on('close', () => this.#onClose());
    const onData = (chunk: Buffer) => {
      countRead(chunk.length);
      if (!this.#aborted) this.handler.onData(chunk);
    };
    if (options.reads === undefined) socket.on('data', onData);
    else options.reads.deliver = onData;
    if (socket.destroyed) {
      // 'close' may have been emitted already; then nobody else would tell.
      this.#fault ??= new Fault('stream.reset', { side: this.#side, message: 'the socket was closed already' });
      process.nextTick(() => this.#onClose());
    }
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength;
  }

  write(chunk: Buffer): boolean {
    if (this.closed || this.#ended || this.#aborted || chunk.length === 0) return true;
    if (this.#socket.write(chunk) || this.#socket.writableLength < this.#highWaterBytes) return true;
    this.#blocked = true;
    return false;
  }

  end(): void {
    if (this.closed || this.#ended || this.#aborted) return;
    this.#ended = true;
    this.#corked = false;
    const socket = this.#socket;
    // The other side has ended, all of ours is in the kernel: closing says FIN as well, without a shutdown before it. (TLS
    // has a close_notify to send.)
    if (this.#readEnded && socket.writableLength === 0 && !(socket instanceof TLSSocket)) socket.destroy();
    else socket.end();
  }

  abort(_code?: string): void {
    if (this.closed || this.#aborted) return;
    this.#aborted = true;
    this.#fault = null;
    const socket = this.#socket;
    // A plain FIN would let a cut-off answer pass for a whole one. Node can reset TCP only: TLS says the same by leaving
    // out close_notify, which peers in Node cannot see.
    // While a shutdown is on its way libuv refuses to reset, and Node would then never close the handle; all was sent by then.
    const ending = this.#ended && socket.writableLength === 0;
    const canReset =
      !ending &&
      !socket.connecting &&
      !socket.destroyed &&
      socket.remoteAddress !== undefined &&
      !(socket instanceof TLSSocket);
    if (canReset) socket.resetAndDestroy();
    else socket.destroy();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  cork(): void {
    // Node's calls nest, ours do not.
    if (this.#corked || this.#ended) return;
    this.#corked = true;
    this.#socket.cork();
  }

  uncork(): void {
    if (!this.#corked) return;
    this.#corked = false;
    this.#socket.uncork();
  }

  #onDrain(): void {
    if (!this.#blocked || this.#aborted) return;
    this.#blocked = false;
    this.handler.onDrain();
  }

  #onEnd(): void {
    this.#readEnded = true;
    if (!this.#aborted) this.handler.onEnd();
  }

  #onClose(): void {
    if (this.closed) return;
    this.closed = true;
    const orderly = this.#aborted || (this.#readEnded && this.#ended);
    const fault =
      this.#fault ?? (orderly ? null : new Fault('stream.reset', { side: this.#side, message: 'closed half-way' }));
    this.handler.onClosed(fault);
  }
}
