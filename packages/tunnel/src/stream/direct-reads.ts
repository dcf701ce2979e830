import assert from 'node:assert/strict';
import type { OnReadOpts } from 'node:net';

/** Everything that a socket hands us in one read; shared by all sockets, because each read is copied before the next. */
const shared = Buffer.allocUnsafeSlow(64 * 1024);
/** Up to here chunks come from Node's pool. */
const POOLED_BYTES = 2 * 1024;

/**
 * Reads of a socket that we dial ourselves, past Node's `Readable`: `connect({ …, onread: reads.onread })`, then
 * `socketStream(socket, { reads })`. Node allocates 64 KiB for each read otherwise, however small, and each goes through
 * a queue and an event.
 */
export class DirectReads {
  readonly onread: OnReadOpts;
  deliver: ((chunk: Buffer) => void) | null = null;

  constructor() {
    this.onread = {
      buffer: shared,
      callback: (bytes: number) => {
        assert(this.deliver !== null, 'a socket with direct reads was resumed before it had a stream');
        const chunk = bytes <= POOLED_BYTES ? Buffer.allocUnsafe(bytes) : Buffer.allocUnsafeSlow(bytes);
        shared.copy(chunk, 0, 0, bytes);
        this.deliver(chunk);
        return true;
      },
    };
  }
}
