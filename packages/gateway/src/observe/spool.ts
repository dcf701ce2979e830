import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import type { Pieces } from '../turns.ts';
import { encodeEventLine, linePrefix, parseEventLine, type UnnumberedEvent } from './event-line.ts';
import type { Log } from './log.ts';
import { PendingLines } from './pending-lines.ts';
import { RecentChunks } from './recent-chunks.ts';
import { findSegments, lastSeqOf, type Segment, segmentPath } from './spool-segments.ts';
import { currentBootId, loadSpoolState, saveSpoolState } from './spool-state.ts';

/**
 * Access events between the moment they happen and the moment the console has stored them: on disk, in order, each
 * under a number that is never used twice. One write per turn of the event loop, so that `kill -9` costs at most that
 * turn. Before it: `observer.ts`; after it: `event-sender.ts`. A full disk never stops a flow: events wait in memory,
 * and what does not fit there is counted as dropped before it gets a number, so that numbers have no holes.
 */
export interface SpoolOptions {
  readonly directory: string;
  readonly gatewayId: string;
  readonly log: Log;
  /** Default 8 MiB. */
  readonly segmentBytes?: number;
  /** Default 1 GiB. Above it the oldest segment goes. */
  readonly maxBytes?: number;
  /** Default 10,000. What is kept for the sender, and what may wait for a disk that is full. */
  readonly memoryEvents?: number;
  /** Pause after a write that failed. Default 1,000. */
  readonly retryWriteMs?: number;
}

export interface EventBatch {
  readonly epoch: string;
  /** Of the first line. Beyond what was asked for: events before it are lost. */
  readonly firstSeq: number;
  /** Of the last line. Without lines: everything up to here is lost. */
  readonly lastSeq: number;
  /** JSON texts whose numbers have no hole. Empty: only damaged lines were found. */
  readonly lines: readonly string[];
}

const SEGMENT_BYTES = 8 * 1024 * 1024;
const MAX_BYTES = 1024 * 1024 * 1024;
const MEMORY_EVENTS = 10_000;
const MEMORY_BYTES = 16 * 1024 * 1024;
const READ_BYTES = 1024 * 1024;
/** A wholly stored active segment is replaced by an empty one when it is this large, or after this much quiet. */
const RENEW_BYTES = 1024 * 1024;
const RENEW_AFTER_MS = 1_000;
const LINE_BREAK = 0x0a;

export class Spool {
  readonly epoch: string;
  readonly #options: Required<SpoolOptions>;
  readonly #prefix: string;
  /** Oldest first; the last one is written to. */
  readonly #segments: Segment[];
  /** Lines that are not on disk yet; their numbers follow `#written`. */
  readonly #pending = new PendingLines();
  readonly #recent: RecentChunks;
  #descriptor = -1;
  #written: number;
  #acknowledged = 0;
  #flushScheduled = false;
  #retry: NodeJS.Timeout | null = null;
  #renew: NodeJS.Timeout | null = null;
  #cursor = { firstSeq: 0, offset: 0, after: 0 };
  #dropped = 0;
  #damaged = 0;
  #closed = false;
  /** Called after lines have reached the disk. */
  onWritten: () => void = () => undefined;

  /** Opens the directory (made if missing). Throws when it cannot be made or read; a full disk does not count. */
  constructor(options: SpoolOptions) {
    this.#options = {
      segmentBytes: SEGMENT_BYTES,
      maxBytes: MAX_BYTES,
      memoryEvents: MEMORY_EVENTS,
      retryWriteMs: 1_000,
      ...options,
    };
    const { directory, gatewayId, log } = this.#options;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#segments = findSegments(directory);
    const state = loadSpoolState(directory);
    const bootId = currentBootId();
    // After a power cut, lines that the console has stored may be missing here. Going on with their numbers would make
    // it take new events for old ones, so a fresh epoch begins. A killed process loses nothing that it wrote.
    const intact = state !== null && (state.clean || state.bootId === bootId);
    this.epoch = intact ? state.epoch : randomBytes(12).toString('base64url');
    try {
      saveSpoolState(directory, { format: 1, epoch: this.epoch, bootId, clean: false });
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      log.error({ err: error }, 'the disk under the event spool is full');
    }
    this.#prefix = linePrefix(gatewayId, this.epoch);
    this.#written = lastSeqOf(this.#segments);
    this.#acknowledged = (this.#segments[0]?.firstSeq ?? 1) - 1;
    this.#recent = new RecentChunks(this.#options.memoryEvents, MEMORY_BYTES);
    this.#openSegment();
    this.#enforceCap();
  }

  /** Number of the newest event, on disk or not. */
  get lastSeq(): number {
    return this.#written + this.#pending.count;
  }
  get acknowledged(): number {
    return this.#acknowledged;
  }
  /** Events that are lost since start: no room in memory while the disk was full, or the oldest ones above the cap. */
  get dropped(): number {
    return this.#dropped;
  }
  /** Lines that were read back and are no events. */
  get damaged(): number {
    return this.#damaged;
  }
  /** More than half of what it may hold is taken. */
  get fillsUp(): boolean {
    return this.sizeBytes > this.#options.maxBytes / 2;
  }

  get sizeBytes(): number {
    let sum = 0;
    for (const segment of this.#segments) sum += segment.sizeBytes;
    return sum;
  }
  /** True while the disk does not take what we write. */
  get failing(): boolean {
    return this.#retry !== null;
  }

  /** The event's number; 0 when it had to be dropped. */
  append(event: UnnumberedEvent, country: string | null = null): number {
    if (this.#full()) {
      if (this.#retry === null) this.#flush();
      if (this.#full()) {
        this.#dropped++;
        return 0;
      }
    }
    const seq = this.lastSeq + 1;
    this.#pending.append(encodeEventLine(this.#prefix, seq, event, country));
    if (!this.#flushScheduled && this.#retry === null) {
      this.#flushScheduled = true;
      setImmediate(this.#flushTurn);
    }
    return seq;
  }

  /**
   * What follows `after`, at most `maxEvents`, all of one epoch; null when there is nothing. Comes from memory where
   * it can. What comes from disk, and everything below `validateBelow`, is checked line by line: a damaged line must
   * not make the console close the link for ever. What a console missed in an hour is much: flows have their turns meanwhile.
   */
  *readAfter(
    after: number,
    maxEvents: number,
    maxCharacters: number,
    validateBelow: number,
  ): Pieces<EventBatch | null> {
    if (after >= this.#written) return null;
    const first = this.#recent.first;
    if (first !== null && after + 1 >= first) return this.#readMemory(after, maxEvents, maxCharacters, validateBelow);
    return yield* this.#readDisk(after, maxEvents, maxCharacters);
  }

  /** The console has stored everything up to `seq`. */
  acknowledge(seq: number): void {
    const upTo = Math.min(seq, this.#written);
    if (upTo <= this.#acknowledged) return;
    this.#acknowledged = upTo;
    this.#recent.dropBelow(upTo + 1);
    while (this.#segments.length > 1 && this.#segments[1]!.firstSeq - 1 <= upTo) this.#removeOldest();
    const active = this.#segments.at(-1);
    if (active === undefined || active.sizeBytes === 0 || upTo < this.#written) return;
    if (active.sizeBytes >= RENEW_BYTES) {
      this.#renewActive();
    } else if (this.#renew === null) {
      this.#renew = setTimeout(() => this.#renewActive(), RENEW_AFTER_MS);
      this.#renew.unref();
    }
  }

  /** Writes what waits. Safe to call from an exit handler. */
  flush(): void {
    if (!this.#closed) this.#flush();
  }

  /** Flushes, syncs and marks the spool as complete. */
  close(): void {
    if (this.#closed) return;
    this.#flush();
    this.#closed = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    if (this.#renew !== null) clearTimeout(this.#renew);
    const complete = this.#written === this.lastSeq;
    try {
      if (this.#descriptor !== -1) {
        fsyncSync(this.#descriptor);
        closeSync(this.#descriptor);
      }
      if (complete) {
        const state = { format: 1, epoch: this.epoch, bootId: currentBootId(), clean: true } as const;
        saveSpoolState(this.#options.directory, state);
      }
    } catch (error) {
      this.#options.log.error({ err: error }, 'the event spool could not be closed in order');
    }
    this.#descriptor = -1;
  }

  #full(): boolean {
    return this.#pending.count >= this.#options.memoryEvents || this.#pending.sizeBytes >= MEMORY_BYTES;
  }

  readonly #flushTurn = (): void => {
    this.#flushScheduled = false;
    if (!this.#closed && this.#retry === null) this.#flush();
  };

  #flush(): void {
    if (this.#pending.count === 0) return;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    try {
      if (this.#descriptor === -1) this.#openSegment();
      if (this.#descriptor === -1) throw new Error('no segment could be opened');
      const active = this.#segments.at(-1)!;
      const lines = this.#pending.peek();
      let done = 0;
      // At a position of ours: what a failed write left behind is overwritten by the same lines in the next attempt.
      while (done < lines.length) {
        done += writeSync(this.#descriptor, lines, done, lines.length - done, active.sizeBytes + done);
      }
      active.sizeBytes += lines.length;
      const { lastSeq } = this;
      this.#recent.push(this.#written + 1, lastSeq, lines);
      this.#written = lastSeq;
      this.#pending.clear();
      if (active.sizeBytes >= this.#options.segmentBytes) this.#rotate();
      this.onWritten();
    } catch (error) {
      this.#options.log.error({ err: error, waiting: this.#pending.count }, 'access events cannot be written to disk');
      if (!isDiskFull(error) && this.#descriptor !== -1) this.#abandonSegment();
      this.#retry = setTimeout(() => {
        this.#retry = null;
        this.#flush();
      }, this.#options.retryWriteMs);
      this.#retry.unref();
    }
  }

  /** An empty segment is the high-water mark: its name says which number comes next. */
  #openSegment(): void {
    const firstSeq = this.#written + 1;
    const path = segmentPath(this.#options.directory, firstSeq);
    try {
      this.#descriptor = openSync(path, 'w', 0o600);
    } catch (error) {
      this.#options.log.error({ err: error }, 'no new segment of the event spool can be opened');
      return;
    }
    // Two processes never share a spool, so a segment of this name is an empty one of an earlier start.
    if (this.#segments.at(-1)?.firstSeq === firstSeq) this.#segments.pop();
    this.#segments.push({ firstSeq, path, sizeBytes: 0 });
  }

  #abandonSegment(): void {
    try {
      closeSync(this.#descriptor);
    } catch (error) {
      this.#options.log.debug({ err: error }, 'closing a segment that failed');
    }
    this.#descriptor = -1;
  }

  #rotate(): boolean {
    const previous = this.#descriptor;
    this.#openSegment();
    if (this.#descriptor === previous) return false;
    closeSync(previous);
    this.#enforceCap();
    return true;
  }

  #renewActive(): void {
    if (this.#renew !== null) clearTimeout(this.#renew);
    this.#renew = null;
    const active = this.#segments.at(-1);
    if (this.#closed || active === undefined || active.sizeBytes === 0 || this.#acknowledged < this.#written) return;
    if (this.#descriptor !== -1 && this.#rotate()) {
      while (this.#segments.length > 1) this.#removeOldest();
    }
  }

  #enforceCap(): void {
    while (this.#segments.length > 1 && this.sizeBytes > this.#options.maxBytes) {
      const lost = this.#segments[1]!.firstSeq - Math.max(this.#segments[0]!.firstSeq, this.#acknowledged + 1);
      this.#dropped += Math.max(0, lost);
      this.#options.log.error({ lost }, 'the event spool is full, its oldest events are dropped');
      this.#removeOldest();
    }
  }

  #removeOldest(): void {
    const segment = this.#segments.shift()!;
    try {
      unlinkSync(segment.path);
    } catch (error) {
      // Left behind, it is sent again after the next start, and the console knows those numbers.
      this.#options.log.warn({ err: error }, 'a stored segment of the event spool could not be removed');
    }
  }

  #readMemory(after: number, maxEvents: number, maxCharacters: number, validateBelow: number): EventBatch {
    const lines: string[] = [];
    let lastSeq = after;
    let firstSeq = 0;
    let characters = 0;
    this.#recent.read(after + 1, (line, seq) => {
      if (seq < validateBelow && parseEventLine(line) === null) {
        if (lines.length > 0) return false;
        this.#damaged++;
        lastSeq = seq;
        return true;
      }
      if (lines.length === 0) firstSeq = seq;
      lastSeq = seq;
      lines.push(line);
      characters += line.length;
      return lines.length < maxEvents && characters < maxCharacters;
    });
    return { epoch: this.epoch, firstSeq, lastSeq, lines };
  }

  *#readDisk(after: number, maxEvents: number, maxCharacters: number): Pieces<EventBatch | null> {
    // As they are now: while one is read, others are begun and removed.
    const segments = [...this.#segments];
    const written = this.#written;
    let index = segments.findLastIndex((segment) => segment.firstSeq <= after + 1);
    if (index === -1) index = 0;
    for (; index < segments.length; index++) {
      const batch = yield* this.#readSegment(segments[index]!, after, maxEvents, maxCharacters);
      if (batch !== null) return batch;
      const end = (segments[index + 1]?.firstSeq ?? written + 1) - 1;
      if (end > after) return { epoch: this.epoch, firstSeq: 0, lastSeq: end, lines: [] };
    }
    return null;
  }

  *#readSegment(segment: Segment, after: number, maxEvents: number, maxCharacters: number): Pieces<EventBatch | null> {
    const { sizeBytes } = segment;
    const resume = this.#cursor.firstSeq === segment.firstSeq && this.#cursor.after === after;
    let offset = resume ? this.#cursor.offset : 0;
    let epoch: string | null = null;
    let firstSeq = 0;
    let lastSeq = after;
    let characters = 0;
    const lines: string[] = [];
    const descriptor = this.#openForReading(segment);
    if (descriptor === -1) return null;
    try {
      const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, sizeBytes));
      reading: while (offset < sizeBytes) {
        const wanted = Math.min(buffer.length, sizeBytes - offset);
        const size = readSync(descriptor, buffer, 0, wanted, offset);
        if (size === 0) break;
        let start = 0;
        for (;;) {
          const end = buffer.subarray(0, size).indexOf(LINE_BREAK, start);
          if (end === -1) break;
          const line = buffer.toString('utf8', start, end);
          const event = parseEventLine(line);
          if (event === null || event.gatewayId !== this.#options.gatewayId) {
            this.#damaged++;
          } else if (event.seq > lastSeq) {
            if (epoch !== null && (event.epoch !== epoch || event.seq !== lastSeq + 1)) {
              offset += start;
              break reading;
            }
            if (epoch === null) firstSeq = event.seq;
            epoch = event.epoch;
            lastSeq = event.seq;
            lines.push(line);
            characters += line.length;
          }
          start = end + 1;
          if (lines.length >= maxEvents || characters >= maxCharacters) {
            offset += start;
            break reading;
          }
          yield;
        }
        // No line break in a whole buffer: no line of ours is that long. A torn last line ends the segment.
        offset += start === 0 ? size : start;
      }
    } catch (error) {
      // A disk that fails costs events, not the flows of this gateway.
      this.#options.log.error({ err: error, file: segment.path }, 'a segment of the event spool cannot be read');
      return null;
    } finally {
      closeSync(descriptor);
    }
    if (epoch === null) return null;
    this.#cursor = { firstSeq: segment.firstSeq, offset, after: lastSeq };
    return { epoch, firstSeq, lastSeq, lines };
  }

  #openForReading(segment: Segment): number {
    try {
      return openSync(segment.path, 'r');
    } catch (error) {
      this.#options.log.error({ err: error, file: segment.path }, 'a segment of the event spool cannot be read');
      return -1;
    }
  }
}

function isDiskFull(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG';
}
