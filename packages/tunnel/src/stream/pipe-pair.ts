import { Fault } from '@zeronaut/model';
import { type ByteStream, type ByteStreamHandler, NO_HANDLER } from './byte-stream.ts';

const HIGH_WATER_BYTES = 64 * 1024;

/** Two connected in-memory streams. Delivery is asynchronous (one microtask), as on a real connection. */
export function pipePair(): [ByteStream, ByteStream] {
  const a = new PipeEnd();
  const b = new PipeEnd();
  a.peer = b;
  b.peer = a;
  return [a, b];
}

class PipeEnd implements ByteStream {
  handler: ByteStreamHandler = NO_HANDLER;
  peer!: PipeEnd;
  closed = false;
  #inbox: Buffer[] = [];
  #inboxBytes = 0;
  #paused = false;
  #scheduled = false;
  /** A `write` of ours returned false, so `onDrain` is owed. */
  #writerWaits = false;
  #endedByUs = false;
  #endedByPeer = false;
  #endDelivered = false;
  #fault: Fault | null | undefined;

  get bufferedBytes(): number {
    return this.peer.#inboxBytes;
  }

  write(chunk: Buffer): boolean {
    if (this.closed || this.#endedByUs || chunk.length === 0) return true;
    this.peer.#inbox.push(chunk);
    this.peer.#inboxBytes += chunk.length;
    this.peer.#schedule();
    if (this.peer.#inboxBytes < HIGH_WATER_BYTES) return true;
    this.#writerWaits = true;
    return false;
  }

  end(): void {
    if (this.closed || this.#endedByUs) return;
    this.#endedByUs = true;
    this.peer.#endedByPeer = true;
    this.peer.#schedule();
    this.#schedule();
  }

  abort(code = 'stream.aborted'): void {
    if (this.closed) return;
    this.#fault = null;
    this.peer.#inbox = [];
    this.peer.#inboxBytes = 0;
    this.peer.#fault ??= new Fault(code, { side: 'upstream' });
    this.peer.#schedule();
    this.#schedule();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#schedule();
  }

  cork(): void {
    // Nothing to gain: delivery is batched per microtask already.
  }
  uncork(): void {
    // See cork.
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    if (this.closed) return;
    if (this.#fault !== undefined) {
      this.closed = true;
      this.handler.onClosed(this.#fault);
      return;
    }
    while (!this.#paused && this.#inbox.length > 0 && !this.closed && this.#fault === undefined) {
      const chunk = this.#inbox.shift()!;
      this.#inboxBytes -= chunk.length;
      this.handler.onData(chunk);
    }
    if (this.peer.#writerWaits && this.#inboxBytes < HIGH_WATER_BYTES && !this.peer.closed) {
      this.peer.#writerWaits = false;
      this.peer.handler.onDrain();
    }
    if (this.#endedByPeer && !this.#endDelivered && this.#inbox.length === 0 && !this.#paused) {
      this.#endDelivered = true;
      this.handler.onEnd();
      this.peer.#schedule();
    }
    if (this.#endDelivered && this.#endedByUs && this.peer.#endDelivered && !this.closed) {
      this.closed = true;
      this.handler.onClosed(null);
    }
  }
}
