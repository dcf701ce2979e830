import { Fault } from '@zeronaut/model';
import type { ByteStream, ByteStreamHandler } from '../stream/byte-stream.ts';

/** A UDP flow over a stream: each datagram is a 16-bit big-endian length and that many bytes. Order is kept; what does not fit is dropped. */
export interface DatagramStream {
  /** False: dropped, because it is too large, the stream is over or more than 1 MiB waits. The stream owns `datagram`. */
  send(datagram: Buffer): boolean;
  /** No more datagrams from us. */
  end(): void;
  abort(code?: string): void;
  /** Datagrams that `send` dropped. */
  readonly dropped: number;
  readonly closed: boolean;
}

export interface DatagramHandler {
  /** `datagram` is the receiver's; it is not reused. */
  onDatagram(datagram: Buffer): void;
  /** Once, last. `tunnel.datagram_invalid`: the peer sent something else than datagrams. */
  onClosed(fault: Fault | null): void;
}

/** The largest UDP payload over IPv4. */
export const MAX_DATAGRAM_BYTES = 65_507;
const LENGTH_BYTES = 2;
const MAX_WAITING_BYTES = 1024 * 1024;

/** Takes the stream's handler over. */
export function createDatagramStream(stream: ByteStream, handler: DatagramHandler): DatagramStream {
  return new Datagrams(stream, handler);
}

class Datagrams implements DatagramStream, ByteStreamHandler {
  dropped = 0;
  readonly #stream: ByteStream;
  readonly #handler: DatagramHandler;
  #fault: Fault | null = null;
  /** First byte of a length whose second has not come yet; -1: none. */
  #lengthByte = -1;
  /** A datagram that has come in part. */
  #partial: Buffer | null = null;
  #partialBytes = 0;

  constructor(stream: ByteStream, handler: DatagramHandler) {
    this.#stream = stream;
    this.#handler = handler;
    stream.handler = this;
    stream.resume();
  }

  get closed(): boolean {
    return this.#stream.closed;
  }

  send(datagram: Buffer): boolean {
    const stream = this.#stream;
    if (datagram.length > MAX_DATAGRAM_BYTES || stream.closed || stream.bufferedBytes > MAX_WAITING_BYTES) {
      this.dropped++;
      return false;
    }
    const framed = Buffer.allocUnsafe(LENGTH_BYTES + datagram.length);
    framed.writeUInt16BE(datagram.length, 0);
    datagram.copy(framed, LENGTH_BYTES);
    stream.write(framed);
    return true;
  }

  end(): void {
    this.#stream.end();
  }

  abort(code?: string): void {
    this.#stream.abort(code);
  }

  onData(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && !this.#stream.closed) {
      if (this.#partial !== null) {
        at += this.#fill(this.#partial, chunk, at);
        continue;
      }
      let length: number;
      if (this.#lengthByte >= 0) {
        length = this.#lengthByte * 256 + chunk[at]!;
        this.#lengthByte = -1;
        at += 1;
      } else if (at + 1 === chunk.length) {
        this.#lengthByte = chunk[at]!;
        return;
      } else {
        length = chunk.readUInt16BE(at);
        at += LENGTH_BYTES;
      }
      if (length > MAX_DATAGRAM_BYTES) {
        this.#invalid('a datagram is too long');
        return;
      }
      if (at + length <= chunk.length) {
        this.#handler.onDatagram(chunk.subarray(at, at + length));
        at += length;
      } else {
        this.#partial = Buffer.allocUnsafe(length);
        this.#partialBytes = 0;
      }
    }
  }

  onDrain(): void {
    // Datagrams do not wait: what does not fit was dropped.
  }

  onEnd(): void {
    if (this.#partial !== null || this.#lengthByte >= 0) this.#invalid('ends within a datagram');
    else this.#stream.end();
  }

  onClosed(fault: Fault | null): void {
    this.#handler.onClosed(this.#fault ?? fault);
  }

  #fill(partial: Buffer, chunk: Buffer, at: number): number {
    const taken = chunk.copy(partial, this.#partialBytes, at);
    this.#partialBytes += taken;
    if (this.#partialBytes === partial.length) {
      this.#partial = null;
      this.#handler.onDatagram(partial);
    }
    return taken;
  }

  #invalid(message: string): void {
    this.#fault = new Fault('tunnel.datagram_invalid', { side: 'upstream', message });
    this.#stream.abort('tunnel.datagram_invalid');
  }
}
