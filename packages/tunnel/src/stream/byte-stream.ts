import type { Fault } from '@zeronaut/model';

/**
 * How bytes move in the data plane: the one interface that stages, targets and the multiplexer speak. Sockets, TLS,
 * multiplexed streams and in-memory pipes implement it, so that another engine can take their place unnoticed.
 * It is no Node `Duplex`: no events, no hidden queue beyond `bufferedBytes`, no promise per chunk.
 *
 * Life: data* end? closed. After `onClosed` nothing is called any more, and `write`, `end`, `abort` do nothing.
 */
export interface ByteStream {
  /** Who is told. May be swapped at any time between callbacks; the new one gets what comes next. */
  handler: ByteStreamHandler;
  /**
   * Queues bytes. The stream owns `chunk` from here on; the caller must not change it. False: over the high-water
   * mark, wait for `onDrain` (the bytes were taken all the same). After `end` or close: ignored, returns true.
   */
  write(chunk: Buffer): boolean;
  /**
   * Like `write`, but the chunk stays the caller's, who uses its memory again after the call. Absent: the stream keeps what
   * it is given, so the caller has to copy first.
   */
  writeBorrowed?(chunk: Buffer): boolean;
  /** No more bytes from us; queued ones are still sent. The other direction stays open. */
  end(): void;
  /** Drops both directions at once. `code` is a Fault code or Reason that the other side may see (at most 64 bytes). */
  abort(code?: string): void;
  /** Stop `onData`. Chunks that are already on their way in the same turn may still come. */
  pause(): void;
  resume(): void;
  /** Coalesce writes until `uncork`; calls do not nest. */
  cork(): void;
  uncork(): void;
  /** Bytes taken by `write` and not yet handed to the kernel or the tunnel. */
  readonly bufferedBytes: number;
  readonly closed: boolean;
  /**
   * True: when `bufferedBytes` is 0 nothing refers to written chunks any more, and a writer that must not allocate may
   * use their memory again. Absent: written chunks belong to others for good.
   */
  readonly releasesWrites?: boolean;
}

export interface ByteStreamHandler {
  /** `chunk` is the receiver's; it is not reused. */
  onData(chunk: Buffer): void;
  /**
   * Instead of `onData` by streams that read into the same memory again and again: the bytes are there during the call
   * only. Absent: such streams copy.
   */
  onBorrowed?(chunk: Buffer): void;
  /** After a `write` that returned false: below the low-water mark again. */
  onDrain(): void;
  /** The other side ended its direction. */
  onEnd(): void;
  /** Exactly once, last. `fault` is null after an orderly end of both directions or our own `abort`. */
  onClosed(fault: Fault | null): void;
}

/** For streams that nobody listens to yet: bytes that arrive are a bug of the caller, who should have paused. */
export const NO_HANDLER: ByteStreamHandler = {
  onData() {},
  onDrain() {},
  onEnd() {},
  onClosed() {},
};
