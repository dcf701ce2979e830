import { deny, type Fault, type Reason } from '@zeronaut/model';
import { type ByteStream, type ByteStreamHandler, ownCopy } from '@zeronaut/tunnel';
import type { Downstream } from '../flow.ts';
import { BodyReader } from './body-reader.ts';
import type { Deadlined } from './deadlines.ts';
import { Exchange, type ExchangeOwner } from './exchange.ts';
import type { ForwardedFields } from './forwarded.ts';
import { LINGER_BYTES, LINGER_MS, MAX_HEAD_BYTES, MAX_LOCAL_BODY_BYTES, MAX_REQUEST_LINE_BYTES } from './limits.ts';
import { LF } from './octets.ts';
import { ParsedRequest } from './parsed-request.ts';
import { parseRequestHead } from './request-parser.ts';

/** Between requests, or in the middle of a head. */
const HEAD = 0;
/** A request is being served; what the caller sends meanwhile waits. */
const HOLD = 1;
/** The body goes to the exchange. */
const BODY = 2;
/** The answer is out; the rest of a small body is read over so that the connection can go on. */
const SKIP = 3;
/** We are done with this caller and only wait for him to notice. */
const LINGER = 4;
/** Spliced, or gone. */
const LEFT = 5;

const CONTINUE = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n', 'latin1');

/**
 * One downstream connection: cuts the bytes into requests, one exchange at a time and in order, and keeps every wait
 * bounded. Before it stands a listener, behind it the pipeline.
 */
export class HttpConnection implements ByteStreamHandler, Deadlined {
  readonly stream: ByteStream;
  readonly downstream: Downstream;
  readonly forwarded: ForwardedFields;
  /** The listener only sends people to https. */
  readonly redirectToHttps: boolean;
  deadline: number;
  readonly #owner: ExchangeOwner;
  readonly #body = new BodyReader();
  #state = HEAD;
  #exchange: Exchange | null = null;
  #request: ParsedRequest | null = null;
  #consuming = false;
  /** What came while earlier bytes were still being consumed: a stream whose write fails hands over what it has left within that write. */
  #late: Buffer | null = null;
  #paused = false;
  #draining = false;
  #peerEnded = false;
  #headStarted = false;
  /** The caller was told to send the body. */
  #continued = false;
  #bodyPaused = false;
  #lingerBytes = 0;
  /** What waits, in a buffer that grows by doubling so that many small reads cost no more than few big ones. */
  #held: Buffer | null = null;
  #heldBytes = 0;

  constructor(
    stream: ByteStream,
    downstream: Downstream,
    forwarded: ForwardedFields,
    redirectToHttps: boolean,
    owner: ExchangeOwner,
  ) {
    this.stream = stream;
    this.downstream = downstream;
    this.forwarded = forwarded;
    this.redirectToHttps = redirectToHttps;
    this.#owner = owner;
    this.deadline = owner.deadlines.now + owner.limits.idleTimeoutMs;
    stream.handler = this;
    owner.deadlines.add(this);
  }

  /** No further request after the one that is being served; at once when there is none. */
  drain(): void {
    this.#draining = true;
    if (this.#state === HEAD && this.#heldBytes === 0) this.#linger();
  }

  /**
   * No further request after the next one, or after the one that is being served. Its answer says so, so that no caller sends
   * another one into a closed connection; one that stays silent goes at the idle timeout.
   */
  closeAfterAnswer(): void {
    this.#draining = true;
  }

  /** The request that is being served, or whose upgraded connection lasts. */
  get exchange(): Exchange | null {
    return this.#exchange;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** Drops the connection; the exchange ends with it. */
  abort(): void {
    this.stream.abort();
    this.#leave();
  }

  onData(chunk: Buffer): void {
    if (this.#state === LINGER) {
      this.#lingerBytes += chunk.length;
      if (this.#lingerBytes > LINGER_BYTES) this.abort();
      return;
    }
    if (this.#consuming) {
      this.#late = this.#late === null ? chunk : Buffer.concat([this.#late, chunk]);
      return;
    }
    if (this.#heldBytes === 0) {
      this.#consume(chunk, false);
      return;
    }
    const waitsForHead = this.#state === HEAD;
    const before = this.#heldBytes;
    this.#hold(chunk, 0);
    // A head is looked at again only when a line of it has become complete, or when it or its first line has become too
    // long: else every byte that trickles in would cost a look at all of them.
    if (!waitsForHead || chunk.includes(LF) || crosses(before, this.#heldBytes)) this.#consumeHeld();
  }

  onBorrowed(chunk: Buffer): void {
    // Most requests are a head that comes in one piece: nothing of it has to be kept.
    if (this.#state === HEAD && this.#heldBytes === 0 && !this.#consuming) this.#consume(chunk, true);
    else this.onData(ownCopy(chunk));
  }

  onDrain(): void {
    if (this.#exchange !== null) {
      this.deadline = Number.POSITIVE_INFINITY;
      this.#exchange.onDownstreamDrain();
    }
  }

  onEnd(): void {
    this.#peerEnded = true;
    switch (this.#state) {
      case HEAD:
        if (this.#heldBytes > 0) this.#refuse('http.malformed');
        else this.#linger();
        break;
      case BODY:
        // The body was cut off: nobody must take what came of it for the whole.
        this.abort();
        break;
      case SKIP:
        this.#linger();
        break;
      default:
        // In HOLD a caller may have closed his direction and still wait for the answer, but nobody does so over TLS: he is
        // gone, and a quiet upstream (server-sent events) must not be kept for him until it next says something.
        if (this.#state === HOLD && (this.downstream.tls || !this.#body.done)) this.abort();
        break;
    }
  }

  onClosed(_fault: Fault | null): void {
    this.#leave();
  }

  onDeadline(): void {
    if (this.#state === HEAD && this.#heldBytes > 0) this.#refuse('http.timeout');
    else if (this.#state === HEAD) this.#linger();
    else if (this.#state === BODY && this.#exchange !== null && this.#exchange.status === 0) {
      this.#exchange.reject(deny(this.#bodyPaused ? 'target.response_timeout' : 'http.timeout'));
    } else this.abort();
  }

  /** The request has a body of which not everything has come yet. */
  get bodyPending(): boolean {
    return !this.#body.done;
  }

  /** An answer that is given now may leave the connection open: nothing, or little, of the body is still to come. */
  get bodySkippable(): boolean {
    const request = this.#request!;
    if (this.#body.done) return true;
    return request.body.kind === 'length' && request.body.length <= MAX_LOCAL_BODY_BYTES && !request.expectContinue;
  }

  /** The exchange takes the body now: what has come already at once, the rest as it comes. */
  takeBody(): void {
    const request = this.#request!;
    if (request.expectContinue && this.#heldBytes === 0 && !this.#continued) this.stream.write(CONTINUE);
    this.#continued = true;
    this.#state = BODY;
    this.deadline = this.#owner.deadlines.now + this.#owner.limits.idleTimeoutMs;
    if (!this.#consuming) this.#consumeHeld();
    this.#resume();
  }

  /** Nobody takes the body until the next `takeBody`: what comes meanwhile is kept for it. */
  holdBody(): void {
    if (this.#state !== BODY) return;
    this.#state = HOLD;
    this.#bodyPaused = false;
    this.deadline = Number.POSITIVE_INFINITY;
  }

  /** Stops reading until `resumeBody`: upstream is slower than the caller. */
  pauseBody(): void {
    this.#bodyPaused = true;
    this.#pause();
    this.deadline = this.#owner.deadlines.now + this.#owner.limits.idleTimeoutMs;
  }

  resumeBody(): void {
    this.#bodyPaused = false;
    if (this.#state !== BODY && this.#state !== HOLD) return;
    if (this.#state === BODY) this.deadline = this.#owner.deadlines.now + this.#owner.limits.idleTimeoutMs;
    this.#resume();
  }

  /** The caller reads slower than upstream sends; he has the idle timeout to take some of it. */
  writeStalled(): void {
    this.deadline = this.#owner.deadlines.now + this.#owner.limits.idleTimeoutMs;
  }

  /** The answer has been written. */
  exchangeDone(keepAlive: boolean): void {
    this.#exchange = null;
    if (this.#state === LEFT) return;
    if (!keepAlive || this.#draining || (this.#peerEnded && this.#heldBytes === 0) || !this.bodySkippable) {
      this.#linger();
      return;
    }
    this.#state = this.#body.done ? HEAD : SKIP;
    this.deadline = this.#owner.deadlines.now + this.#owner.limits.idleTimeoutMs;
    if (this.#consuming) return;
    if (this.#heldBytes > 0) this.#consumeHeld();
    this.#resume();
  }

  /** Hands the stream over to whoever splices it, with the bytes that came early. */
  leaveToSplice(): Buffer | null {
    this.#state = LEFT;
    this.deadline = Number.POSITIVE_INFINITY;
    this.#paused = false;
    return this.#takeHeld();
  }

  /** The spliced stream is closed. */
  spliceDone(): void {
    this.#exchange = null;
    this.#owner.connectionClosed(this);
  }

  #consumeHeld(): void {
    const bytes = this.#takeHeld();
    if (bytes !== null) this.#consume(bytes, false);
  }

  /** `borrowed`: the memory is used again by others, at the latest after this call; only while a head is awaited. */
  #consume(chunk: Buffer, borrowed: boolean): void {
    this.#consuming = true;
    let bytes = chunk;
    let lent = borrowed;
    let at = 0;
    while (at < bytes.length) {
      if (this.#state === HEAD) {
        const request = parseRequestHead(bytes, at, bytes.length);
        if (request === null) {
          this.#holdHead(lent ? ownCopy(bytes) : bytes, at);
          break;
        }
        if (typeof request === 'string') {
          this.#refuse(request);
          break;
        }
        at = request.end;
        if (lent && at < bytes.length) {
          // Before anybody is called: whose writes fail may read into the same memory.
          bytes = ownCopy(bytes.subarray(at));
          at = 0;
          lent = false;
        }
        this.#begin(request);
      } else if (this.#state === BODY || this.#state === SKIP) {
        at = this.#readBody(bytes, at);
      } else {
        if (this.#state === HOLD) {
          this.#hold(bytes, at);
          this.#pause();
        }
        break;
      }
    }
    this.#consuming = false;
    const late = this.#late;
    if (late === null) return;
    this.#late = null;
    if (this.#state !== LEFT) this.onData(late);
  }

  #begin(request: ParsedRequest): void {
    const body = request.body;
    if (body.kind === 'chunked') this.#body.startChunked();
    else this.#body.startLength(body.kind === 'length' ? body.length : 0);
    this.#request = request;
    this.#state = HOLD;
    this.#headStarted = false;
    this.#continued = false;
    this.deadline = Number.POSITIVE_INFINITY;
    const exchange = new Exchange(this, request, this.#owner);
    this.#exchange = exchange;
    this.#owner.begin(exchange);
  }

  #readBody(bytes: Buffer, start: number): number {
    const body = this.#body;
    const at = body.read(bytes, start);
    if (this.#state === SKIP) {
      if (body.done) this.#state = HEAD;
      return at;
    }
    if (body.malformed) {
      this.#exchange!.onRequestMalformed();
      return bytes.length;
    }
    this.deadline = this.#owner.deadlines.now + this.#owner.limits.idleTimeoutMs;
    if (body.done) {
      this.#state = HOLD;
      this.deadline = Number.POSITIVE_INFINITY;
    }
    const part = body.to > body.from ? bytes.subarray(body.from, body.to) : null;
    if (part !== null || body.done) this.#exchange!.onRequestBody(part, body.done, body.trailers);
    return at;
  }

  #refuse(reason: Reason): void {
    const request = new ParsedRequest('', 0);
    request.keepAlive = false;
    this.#takeHeld();
    this.#body.startLength(0);
    this.#request = request;
    this.#state = HOLD;
    const exchange = new Exchange(this, request, this.#owner);
    this.#exchange = exchange;
    exchange.reject(deny(reason));
  }

  #holdHead(bytes: Buffer, at: number): void {
    // From the first byte of a head to its end, however slowly the rest trickles in.
    if (!this.#headStarted) {
      this.#headStarted = true;
      this.deadline = this.#owner.deadlines.now + this.#owner.limits.headerTimeoutMs;
    }
    this.#hold(bytes, at);
  }

  #hold(bytes: Buffer, at: number): void {
    const more = bytes.length - at;
    if (more === 0) return;
    const needed = this.#heldBytes + more;
    if (this.#held === null) this.#held = bytes.subarray(at);
    else {
      if (this.#held.length < needed) {
        const bigger = Buffer.allocUnsafe(Math.max(needed, this.#heldBytes * 2));
        bigger.set(this.#held.subarray(0, this.#heldBytes));
        this.#held = bigger;
      }
      this.#held.set(at === 0 ? bytes : bytes.subarray(at), this.#heldBytes);
    }
    this.#heldBytes = needed;
  }

  #takeHeld(): Buffer | null {
    const held = this.#held;
    if (held === null) return null;
    const bytes = held.subarray(0, this.#heldBytes);
    this.#held = null;
    this.#heldBytes = 0;
    return bytes;
  }

  #linger(): void {
    if (this.#state === LEFT) return;
    this.#state = LINGER;
    this.#takeHeld();
    this.deadline = this.#owner.deadlines.now + LINGER_MS;
    this.stream.end();
    this.#resume();
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.stream.pause();
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.stream.resume();
  }

  #leave(): void {
    if (this.#state === LEFT && this.#exchange === null) return;
    this.#state = LEFT;
    this.#takeHeld();
    const exchange = this.#exchange;
    this.#exchange = null;
    exchange?.onDownstreamClosed();
    this.#owner.connectionClosed(this);
  }
}

/** With the empty line that may stand before it. */
const LONGEST_LINE = MAX_REQUEST_LINE_BYTES + 2;

function crosses(before: number, now: number): boolean {
  return (before < LONGEST_LINE && now >= LONGEST_LINE) || now >= MAX_HEAD_BYTES;
}
