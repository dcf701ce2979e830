import type { AccessEvent } from '@zeronaut/model';

/**
 * Access events on their way to one watching agent: gathered for a moment, bounded, and what does not fit is counted
 * instead of queued. A service under load must not turn its watcher into a second load.
 */
export interface AccessFeed {
  push(event: AccessEvent): void;
  stop(): void;
}

export interface AccessFeedOptions {
  readonly batchMs: number;
  readonly maxEvents: number;
  /** False: the tunnel's queue is full; the batch counts as dropped. */
  send(message: Buffer): boolean;
}

/** One message fits a frame slab of the tunnel with room to spare, so a batch never holds up streams for long. */
const MAX_MESSAGE_BYTES = 48 * 1024;

export function createAccessFeed(options: AccessFeedOptions): AccessFeed {
  let waiting: AccessEvent[] = [];
  let dropped = 0;
  let timer: NodeJS.Timeout | null = null;

  const sendBatch = (rows: string[]) => {
    const message = `{"type":"access","events":[${rows.join(',')}],"dropped":${dropped}}`;
    if (options.send(Buffer.from(message))) dropped = 0;
    else dropped += rows.length;
  };
  const flush = () => {
    timer = null;
    let rows: string[] = [];
    let bytes = 0;
    for (const { epoch: _epoch, seq: _seq, ...event } of waiting) {
      const row = JSON.stringify(event);
      const size = Buffer.byteLength(row) + 1;
      if (rows.length > 0 && bytes + size > MAX_MESSAGE_BYTES) {
        sendBatch(rows);
        rows = [];
        bytes = 0;
      }
      rows.push(row);
      bytes += size;
    }
    waiting = [];
    sendBatch(rows);
  };

  return {
    push(event) {
      if (waiting.length >= options.maxEvents) {
        dropped++;
        return;
      }
      waiting.push(event);
      if (timer === null) {
        timer = setTimeout(flush, options.batchMs);
        timer.unref();
      }
    },
    stop() {
      if (timer !== null) clearTimeout(timer);
      timer = null;
      waiting = [];
    },
  };
}
