import { Duplex } from 'node:stream';
import type { Fault } from '@zeronaut/model';
import type { ByteStream, ByteStreamHandler } from '@zeronaut/tunnel';

/** A byte stream as a Node stream, for `node:tls`, which can speak over nothing else. Takes the stream's handler. */
export class ByteStreamDuplex extends Duplex implements ByteStreamHandler {
  readonly #stream: ByteStream;
  #written: ((error?: Error | null) => void) | null = null;

  constructor(stream: ByteStream) {
    super({ allowHalfOpen: true });
    this.#stream = stream;
    stream.handler = this;
  }

  override _read(): void {
    this.#stream.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#stream.write(chunk)) done();
    else this.#written = done;
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#stream.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#stream.abort();
    done(error);
  }

  onData(chunk: Buffer): void {
    if (!this.push(chunk)) this.#stream.pause();
  }

  onDrain(): void {
    const done = this.#written;
    this.#written = null;
    done?.();
  }

  onEnd(): void {
    this.push(null);
  }

  onClosed(fault: Fault | null): void {
    this.destroy(fault ?? undefined);
  }
}
