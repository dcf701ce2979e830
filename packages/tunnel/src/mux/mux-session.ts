import { Fault } from '@zeronaut/model';
import type { ByteStream, ByteStreamHandler } from '../stream/byte-stream.ts';
import { FrameWriter } from './frame-writer.ts';
import { KeepAlive, type KeepAliveHost } from './keep-alive.ts';
import { MUX_LIMITS, type MuxLimits } from './mux-limits.ts';
import { type MuxStream, SessionStream, type StreamHost } from './mux-stream.ts';
import { RateBudget } from './rate-budget.ts';
import { WindowBudget } from './window-budget.ts';
import {
  encodeCode,
  FRAME,
  FrameDecoder,
  type FrameSink,
  MAX_DATA_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_OPEN_HEADER_BYTES,
  MAX_STREAM_ID,
  parseCode,
} from './wire.ts';

/**
 * Many streams over one transport (a TLS connection between two of our programs). Opening a stream costs no round
 * trip. Every stream has its own credit, streams with data take turns frame by frame, and little is queued towards the
 * transport, so that neither a slow reader nor a bulk transfer holds up the others. What the peer sends is untrusted:
 * any breach of the protocol ends the session with `tunnel.protocol_error`; nothing in here throws at the peer's will.
 */
export interface MuxSession {
  /**
   * Opens a stream; bytes may be written at once. `header` is at most 4 KiB. It always returns a stream: if none can be
   * opened, the stream reports `onClosed` with `tunnel.closed`, `tunnel.draining`, `tunnel.stream_limit` or
   * `tunnel.exhausted`.
   */
  openStream(header: Buffer): MuxStream;
  /** False: dropped, because it is over 256 KiB, the queue of unsent messages is full or the session is closed. */
  sendMessage(payload: Buffer): boolean;
  /** Round trip in ms. Rejects with the session's fault if it closes first. */
  ping(): Promise<number>;
  /** Asks the peer to open no more streams here; those that are open go on. */
  goAway(): void;
  /**
   * Sends what is queued for the peer to know why (`code`, at most 64 characters, becomes the fault of the peer's
   * session), then closes. Streams are over at once.
   */
  close(code?: string): void;
  readonly streamCount: number;
  /** When the peer was last heard, in ms of `performance.now()`. */
  readonly lastHeardAt: number;
  readonly closed: boolean;
}

export interface MuxSessionOptions {
  readonly role: 'client' | 'server';
  /** The peer opened a stream. Set `stream.handler` before returning. */
  onStream(stream: MuxStream, header: Buffer): void;
  onMessage(payload: Buffer): void;
  /** Once, last, after every stream reported its own end. Null: we closed it. */
  onClosed(fault: Fault | null): void;
  /** The peer opens no more streams and accepts none. */
  onGoAway?(): void;
  /** Once: the first frame of the peer arrived. */
  onHeard?(): void;
  readonly limits?: Partial<MuxLimits>;
}

export function createMuxSession(transport: ByteStream, options: MuxSessionOptions): MuxSession {
  return new Session(transport, options);
}

/** Answers to the peer's frames that the transport does not take: beyond this the peer is not reading on purpose. */
const MAX_UNREAD_REPLIES_BYTES = 4 * 1024 * 1024;
/** How long a closing session may take to hand its last bytes to the transport. */
const CLOSE_TIMEOUT_MS = 2_000;

class Session implements MuxSession, StreamHost, FrameSink, ByteStreamHandler, KeepAliveHost {
  readonly windowBytes: number;
  closed = false;
  readonly #transport: ByteStream;
  readonly #options: MuxSessionOptions;
  readonly #limits: MuxLimits;
  readonly #decoder = new FrameDecoder(this);
  readonly #streams = new Map<number, SessionStream>();
  readonly #ownParity: 0 | 1;
  #nextOwnId: number;
  #lastPeerId = 0;
  #ownCount = 0;
  #heard = false;
  /** The bytes that are decoded now are the transport's, which uses their memory again. */
  #borrowed = false;
  #peerGoesAway = false;
  #goAwaySent = false;
  #received = 0;
  readonly #budget: WindowBudget;
  readonly #keepAlive: KeepAlive;
  readonly #resets: RateBudget;
  readonly #pings: RateBudget;

  readonly #writer: FrameWriter;
  #pumping = false;
  /** Streams that have something to send, each once. */
  #firstInTurn: SessionStream | null = null;
  #lastInTurn: SessionStream | null = null;
  #messages: Buffer[] = [];
  #messageBytes = 0;

  #deferred: SessionStream[] = [];
  #deferScheduled = false;
  #fault: Fault | null = null;
  #closeReported = false;
  #closeTimer: NodeJS.Timeout | undefined;

  constructor(transport: ByteStream, options: MuxSessionOptions) {
    this.#transport = transport;
    this.#options = options;
    this.#limits = { ...MUX_LIMITS, ...options.limits };
    this.windowBytes = this.#limits.windowBytes;
    this.#ownParity = options.role === 'client' ? 1 : 0;
    this.#nextOwnId = options.role === 'client' ? 1 : 2;
    this.#resets = new RateBudget(this.#limits.resetBurst, this.#limits.resetsPerSecond);
    this.#pings = new RateBudget(this.#limits.pingsPerSecond * 2, this.#limits.pingsPerSecond);
    this.#budget = new WindowBudget(this.#limits);
    this.#keepAlive = new KeepAlive(this, this.#limits);
    this.#writer = new FrameWriter(transport, () => this.#flushTurn());
    transport.handler = this;
    transport.resume();
    this.#keepAlive.start();
    if (transport.closed) this.#over(new Fault('tunnel.closed', { side: 'upstream' }));
  }

  get lastHeardAt(): number {
    return this.#keepAlive.lastHeardAt;
  }

  get streamCount(): number {
    return this.#streams.size;
  }

  // What our own side asks for.

  openStream(header: Buffer): MuxStream {
    const refusal = this.#refusal(header);
    const stream = new SessionStream(this, refusal === null ? this.#nextOwnId : 0);
    if (refusal !== null) {
      stream.close(new Fault(refusal, { side: 'upstream', retry: 'on_fresh_connection' }));
      return stream;
    }
    this.#nextOwnId += 2;
    this.#ownCount++;
    this.#streams.set(stream.id, stream);
    if (this.#writer.blocked || this.#firstInTurn !== null) {
      stream.openHeader = header;
      this.queueTurn(stream);
    } else {
      this.#writer.writeFrame(FRAME.open, stream.id, header);
    }
    return stream;
  }

  #refusal(header: Buffer): string | null {
    if (this.closed) return 'tunnel.closed';
    if (this.#peerGoesAway) return 'tunnel.draining';
    if (header.length > MAX_OPEN_HEADER_BYTES) return 'tunnel.header_too_large';
    if (this.#ownCount >= this.#limits.maxStreams) return 'tunnel.stream_limit';
    if (this.#nextOwnId <= MAX_STREAM_ID) return null;
    // Ids are never used again. Both sides learn that this session has to be replaced.
    this.goAway();
    this.#options.onGoAway?.();
    this.#peerGoesAway = true;
    return 'tunnel.exhausted';
  }

  sendMessage(payload: Buffer): boolean {
    if (this.closed || payload.length === 0 || payload.length > MAX_MESSAGE_BYTES) return false;
    if (this.#messageBytes + payload.length > this.#limits.maxMessageQueueBytes) return false;
    this.#messages.push(payload);
    this.#messageBytes += payload.length;
    this.#writer.schedule();
    return true;
  }

  ping(): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.closed) {
        reject(this.#fault ?? new Fault('tunnel.closed', { side: 'local' }));
        return;
      }
      this.#keepAlive.ping(resolve, reject);
    });
  }

  goAway(): void {
    if (this.closed || this.#goAwaySent) return;
    this.#goAwaySent = true;
    this.#writer.writeFrame(FRAME.goAway, 0, Buffer.alloc(0));
  }

  close(code = 'tunnel.closed'): void {
    if (this.closed) return;
    // Messages that were sent before must not be lost to what comes after them.
    this.#pump();
    this.#endTransport(code);
    this.#over(null);
  }

  // What streams ask for (StreamHost).

  sendNow(stream: SessionStream, chunk: Buffer): number {
    // Whoever waits goes first: no overtaking, or a busy stream would never let the others in.
    if (this.#firstInTurn !== null || stream.openHeader !== null) return 0;
    let at = 0;
    while (at < chunk.length && stream.sendCredit > 0 && !this.#writer.blocked) {
      const count = Math.min(chunk.length - at, stream.sendCredit, MAX_DATA_BYTES);
      // The odd end of a large chunk waits for its turn, where it is sent with what follows: full frames stay aligned
      // with TLS records, so that the other side need not cut them again.
      if (at > 0 && count < MAX_DATA_BYTES) break;
      this.#writer.writeData(stream.id, chunk, at, count);
      stream.sendCredit -= count;
      at += count;
    }
    return at;
  }

  get blocked(): boolean {
    return this.#writer.blocked;
  }

  sendEndNow(stream: SessionStream): boolean {
    if (this.#writer.blocked || stream.openHeader !== null) return false;
    this.#writer.writeValue(FRAME.end, stream.id, 0);
    return true;
  }

  queueTurn(stream: SessionStream): void {
    if (stream.inTurn) return;
    // Without credit it would only be looked at; WINDOW brings it back.
    if (stream.openHeader === null && stream.sendQueue !== null && stream.sendCredit === 0) return;
    stream.inTurn = true;
    if (this.#lastInTurn === null) this.#firstInTurn = stream;
    else this.#lastInTurn.nextInTurn = stream;
    this.#lastInTurn = stream;
    this.#writer.schedule();
  }

  openWindowBytes(stream: SessionStream): number {
    const { lastHeardAt, roundTripMs } = this.#keepAlive;
    return this.#budget.windowFor(stream, lastHeardAt, roundTripMs, this.#received);
  }

  sendWindow(stream: SessionStream, bytes: number): void {
    this.#writer.writeValue(FRAME.window, stream.id, bytes);
    this.#boundReplies();
  }

  sendReset(stream: SessionStream, code: string): void {
    if (this.closed) return;
    this.#writer.writeFrame(FRAME.reset, stream.id, encodeCode(code));
    this.#boundReplies();
  }

  defer(stream: SessionStream): void {
    this.#deferred.push(stream);
    this.#scheduleDeferred();
  }

  forget(stream: SessionStream): void {
    if (this.#streams.delete(stream.id) && (stream.id & 1) === this.#ownParity) this.#ownCount--;
  }

  holdReceived(bytes: number): boolean {
    this.#received += bytes;
    return this.#received <= this.#limits.maxReceivedBytes;
  }

  // What the peer sends (FrameSink).

  onDataFrame(streamId: number, chunk: Buffer): boolean {
    const stream = this.#streams.get(streamId);
    const flaw = stream === undefined ? this.#strangerFlaw(streamId) : stream.receive(chunk, this.#borrowed);
    return flaw === null ? !this.closed : this.#breach(flaw);
  }

  onFrame(type: number, streamId: number, value: number, payload: Buffer): boolean {
    if (!this.#heard) {
      this.#heard = true;
      if (type !== FRAME.goAway || value === 0) this.#options.onHeard?.();
      if (this.closed) return false;
    }
    switch (type) {
      case FRAME.open:
        return this.#onOpen(streamId, payload);
      case FRAME.ping:
        if (!this.#pings.take()) return this.#breach('too many PINGs');
        this.#writer.writeValue(FRAME.pong, 0, value);
        return this.#boundReplies();
      case FRAME.pong:
        this.#keepAlive.onPong(value);
        return true;
      case FRAME.message:
        this.#options.onMessage(payload);
        return !this.closed;
      case FRAME.goAway:
        return this.#onGoAway(payload);
    }
    const stream = this.#streams.get(streamId);
    let flaw: string | null = null;
    if (stream === undefined) flaw = this.#strangerFlaw(streamId);
    else if (type === FRAME.window) flaw = stream.receiveWindow(value);
    else if (type === FRAME.end) flaw = stream.receiveEnd();
    else flaw = this.#onReset(stream, payload);
    return flaw === null ? !this.closed : this.#breach(flaw);
  }

  #onOpen(streamId: number, header: Buffer): boolean {
    if ((streamId & 1) === this.#ownParity) return this.#breach('OPEN with an id of ours');
    if (streamId <= this.#lastPeerId) return this.#breach('OPEN with a used id');
    this.#lastPeerId = streamId;
    const stream = new SessionStream(this, streamId);
    if (this.#streams.size - this.#ownCount >= this.#limits.maxStreams) {
      if (!this.#resets.take()) return this.#breach('too many streams');
      this.#writer.writeFrame(FRAME.reset, streamId, encodeCode('tunnel.stream_limit'));
      return this.#boundReplies();
    }
    this.#streams.set(streamId, stream);
    this.#options.onStream(stream, header);
    return !this.closed;
  }

  #onReset(stream: SessionStream, payload: Buffer): string | null {
    const code = parseCode(payload);
    if (code === null) return 'bad code in RESET';
    if ((stream.id & 1) !== this.#ownParity && !this.#resets.take()) return 'too many RESETs';
    stream.close(new Fault(code === '' ? 'stream.aborted' : code, { side: 'upstream' }));
    return null;
  }

  #onGoAway(payload: Buffer): boolean {
    const code = parseCode(payload);
    if (code === null) return this.#breach('bad code in GOAWAY');
    if (code !== '') {
      this.#over(new Fault(code, { side: 'upstream', retry: 'yes' }));
      this.#transport.abort();
      return false;
    }
    if (!this.#peerGoesAway) {
      this.#peerGoesAway = true;
      this.#options.onGoAway?.();
    }
    return !this.closed;
  }

  /** A frame for a stream that is not in the table: fine if it is over here, a breach if it never was. */
  #strangerFlaw(streamId: number): string | null {
    const known = (streamId & 1) === this.#ownParity ? streamId < this.#nextOwnId : streamId <= this.#lastPeerId;
    return known ? null : 'frame for a stream that was never opened';
  }

  #breach(flaw: string): false {
    if (this.closed) return false;
    const fault = new Fault('tunnel.protocol_error', { side: 'upstream', message: `tunnel.protocol_error: ${flaw}` });
    this.#endTransport('tunnel.protocol_error');
    this.#over(fault);
    return false;
  }

  // The transport (ByteStreamHandler).

  onData(chunk: Buffer): void {
    this.#receive(chunk, false);
  }

  onBorrowed(chunk: Buffer): void {
    this.#receive(chunk, true);
  }

  #receive(chunk: Buffer, borrowed: boolean): void {
    if (this.closed) return;
    this.#keepAlive.lastHeardAt = performance.now();
    this.#borrowed = borrowed;
    const flaw = this.#decoder.decode(chunk);
    if (flaw !== null) this.#breach(flaw);
  }

  onDrain(): void {
    this.#writer.blocked = false;
    this.#pump();
    this.#writer.flush();
  }

  onEnd(): void {
    this.#transport.end();
    this.#over(new Fault('tunnel.closed', { side: 'upstream', retry: 'yes' }));
  }

  onClosed(fault: Fault | null): void {
    clearTimeout(this.#closeTimer);
    this.#over(
      new Fault(fault === null ? 'tunnel.closed' : 'tunnel.lost', { side: 'upstream', retry: 'yes', cause: fault }),
    );
  }

  // Sending.

  #flushTurn(): void {
    if (this.closed) return;
    this.#pump();
    this.#writer.flush();
  }

  /** Gives messages and then, turn by turn, streams what the transport takes. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    while (!this.#writer.blocked && !this.closed) {
      const message = this.#messages.shift();
      if (message !== undefined) {
        this.#messageBytes -= message.length;
        this.#writer.writeFrame(FRAME.message, 0, message);
        continue;
      }
      const stream = this.#firstInTurn;
      if (stream === null) break;
      this.#firstInTurn = stream.nextInTurn;
      if (this.#firstInTurn === null) this.#lastInTurn = null;
      stream.nextInTurn = null;
      stream.inTurn = false;
      if (!stream.closed) this.#sendTurn(stream);
    }
    this.#pumping = false;
  }

  /** One frame of data at most, so that every stream comes round. */
  #sendTurn(stream: SessionStream): void {
    if (stream.openHeader !== null) {
      const header = stream.openHeader;
      stream.openHeader = null;
      this.#writer.writeFrame(FRAME.open, stream.id, header);
    }
    const queue = stream.sendQueue;
    if (queue !== null && stream.sendCredit > 0) {
      const count = Math.min(queue.bytes, stream.sendCredit, MAX_DATA_BYTES);
      this.#writer.moveData(stream.id, queue, count);
      stream.sendCredit -= count;
    }
    stream.sent();
    if (stream.wantsEnd) {
      this.#writer.writeValue(FRAME.end, stream.id, 0);
      stream.endSent();
    } else if (stream.sendQueue !== null) {
      this.queueTurn(stream);
    }
  }

  /** Answers are sent even to a peer that takes nothing; not without end. */
  #boundReplies(): boolean {
    if (!this.#writer.blocked || this.#transport.bufferedBytes <= MAX_UNREAD_REPLIES_BYTES) return !this.closed;
    return this.#breach('the peer sends but does not read');
  }

  // Keep-alive (KeepAliveHost) and the end.

  sendPing(sequence: number): void {
    this.#writer.writeValue(FRAME.ping, 0, sequence);
  }

  onDead(): void {
    this.#over(new Fault('tunnel.timeout', { side: 'upstream', retry: 'yes' }));
    this.#transport.abort();
  }

  onLook(): void {
    this.#writer.release();
  }

  /** Tells the peer why and closes the transport behind it, in bounded time. */
  #endTransport(code: string): void {
    const transport = this.#transport;
    this.#writer.writeFrame(FRAME.goAway, 0, encodeCode(code));
    this.#writer.flush();
    transport.end();
    this.#closeTimer = setTimeout(() => transport.abort(), CLOSE_TIMEOUT_MS);
    this.#closeTimer.unref();
  }

  #over(fault: Fault | null): void {
    if (this.closed) return;
    this.closed = true;
    this.#fault = fault;
    this.#firstInTurn = null;
    this.#lastInTurn = null;
    this.#messages = [];
    const streamFault = fault ?? new Fault('tunnel.closed', { side: 'local' });
    for (const stream of this.#streams.values()) stream.close(streamFault);
    this.#keepAlive.stop(streamFault);
    this.#scheduleDeferred();
  }

  #scheduleDeferred(): void {
    if (this.#deferScheduled) return;
    this.#deferScheduled = true;
    process.nextTick(deliverDeferred, this);
  }

  deliverDeferred(): void {
    this.#deferScheduled = false;
    const streams = this.#deferred;
    this.#deferred = [];
    for (const stream of streams) stream.runDeferred();
    if (this.closed && !this.#closeReported) {
      this.#closeReported = true;
      this.#options.onClosed(this.#fault);
    }
  }
}

function deliverDeferred(session: Session): void {
  session.deliverDeferred();
}
