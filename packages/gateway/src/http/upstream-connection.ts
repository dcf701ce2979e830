import { Fault } from '@zeronaut/model';
import { type ByteStream, type ByteStreamHandler, ownCopy } from '@zeronaut/tunnel';
import { BodyReader } from './body-reader.ts';
import type { Deadlined, Deadlines } from './deadlines.ts';
import { MAX_HEAD_BYTES, MAX_INTERIM_RESPONSES } from './limits.ts';
import { LF } from './octets.ts';
import { type ParsedResponse, parseResponseHead } from './response-parser.ts';

/** Who sent the request and gets the answer. After `done` or `onUpstreamFailed` nothing is called any more. */
export interface UpstreamUser {
  /** 102, 103 and the like; never 100 or 101. */
  onInterim(response: ParsedResponse): void;
  /** 101: the stream is the user's now, `rest` came behind the head. */
  onSwitched(response: ParsedResponse, rest: Buffer | null): void;
  onResponse(response: ParsedResponse): void;
  /** Follows `onResponse` in the same turn at least once. `done`: this connection has been given back already. */
  /** `lent`: the memory of `part` is used again after the call. */
  onResponseBody(part: Buffer | null, done: boolean, trailers: string, lent: boolean): void;
  onUpstreamDrain(): void;
  onUpstreamFailed(fault: Fault): void;
}

/** Where connections go after use (the pool). */
export interface UpstreamHome {
  release(connection: UpstreamConnection): void;
  forget(connection: UpstreamConnection): void;
}

const IDLE = 0;
const HEAD = 1;
const BODY = 2;
const GONE = 3;

/**
 * One HTTP/1.1 connection to a target, direct or through a tunnel: reads answers, one after the other, and decides
 * whether the connection may be used again. Requests are written to `stream` by the user.
 */
export class UpstreamConnection implements ByteStreamHandler, Deadlined {
  readonly stream: ByteStream;
  deadline: number = Number.POSITIVE_INFINITY;
  /** It has carried an answer before: a failure before the first byte may be the server's idle timeout. */
  reused = false;
  readonly #home: UpstreamHome;
  readonly #deadlines: Deadlines;
  readonly #responseTimeoutMs: number;
  /** Of the answer that is awaited. */
  #patienceMs = 0;
  readonly #body = new BodyReader();
  #state = IDLE;
  #user: UpstreamUser | null = null;
  #forHead = false;
  #upgrade: string | null = null;
  #requestDone = false;
  #keepAlive = false;
  #untilClose = false;
  #answered = false;
  #interims = 0;
  /** The head so far, in a buffer that grows by doubling. */
  #held: Buffer | null = null;
  #heldBytes = 0;

  constructor(stream: ByteStream, home: UpstreamHome, deadlines: Deadlines, responseTimeoutMs: number) {
    this.stream = stream;
    this.#home = home;
    this.#deadlines = deadlines;
    this.#responseTimeoutMs = responseTimeoutMs;
    stream.handler = this;
    deadlines.add(this);
    // The dialer paused it so that nothing came before somebody listened.
    stream.resume();
  }

  get idle(): boolean {
    return this.#state === IDLE;
  }

  /**
   * The next answer is for `user`. `upgrade` is the lower-case protocol that the request asks for; `responseTimeoutMs`: null as always.
   */
  begin(user: UpstreamUser, forHead: boolean, upgrade: string | null, responseTimeoutMs: number | null = null): void {
    this.#patienceMs = responseTimeoutMs ?? this.#responseTimeoutMs;
    this.#user = user;
    this.#forHead = forHead;
    this.#upgrade = upgrade;
    this.#state = HEAD;
    this.#requestDone = this.#answered = this.#untilClose = false;
    this.#interims = 0;
    this.deadline = Number.POSITIVE_INFINITY;
  }

  /** The whole request has been written. */
  requestComplete(): void {
    this.#requestDone = true;
    if (this.#state === HEAD) this.deadline = this.#deadlines.now + this.#patienceMs;
  }

  /** Nobody wants the rest of the answer, or the connection is of no use. */
  abandon(code?: string): void {
    if (this.#state === GONE) return;
    this.#leave();
    this.stream.abort(code);
  }

  onData(chunk: Buffer): void {
    this.#receive(chunk, false);
  }

  onBorrowed(chunk: Buffer): void {
    this.#receive(chunk, true);
  }

  #receive(chunk: Buffer, borrowed: boolean): void {
    const user = this.#user;
    if (user === null) {
      // Bytes that nobody asked for would be taken as the next visitor's answer.
      this.abandon();
      return;
    }
    let bytes = chunk;
    let lent = borrowed;
    let at = 0;
    while (this.#state === HEAD) {
      if (this.#held !== null) {
        this.#append(this.#held, chunk);
        // Only the end of a line can complete a head, and looking at all of it for each byte would be dear.
        if (!chunk.includes(LF) && this.#heldBytes < MAX_HEAD_BYTES) return;
        bytes = this.#held.subarray(0, this.#heldBytes);
        lent = false;
        this.#held = null;
      }
      this.#answered = true;
      const response = parseResponseHead(bytes, at, bytes.length);
      if (response === null) {
        this.#held = kept(bytes, at, lent);
        this.#heldBytes = bytes.length - at;
        return;
      }
      if (response === 'malformed') {
        this.#fail('target.malformed_response', 'the answer is not valid HTTP/1.1');
        return;
      }
      at = response.end;
      if (response.status >= 200) {
        this.#startBody(response);
        user.onResponse(response);
      } else if (response.status === 101) {
        this.#switch(user, response, at < bytes.length ? kept(bytes, at, lent) : null);
        return;
      } else {
        if (++this.#interims > MAX_INTERIM_RESPONSES) {
          this.#fail('target.malformed_response', 'too many 1xx');
          return;
        }
        // What the user does about it may have lent memory used again.
        if (lent) {
          bytes = kept(bytes, at, true);
          lent = false;
          at = 0;
        }
        if (response.status !== 100) user.onInterim(response);
        // Nobody is served by a state that was left meanwhile.
        if (this.#user !== user || at === bytes.length) return;
      }
    }
    if (this.#state === BODY && this.#user === user) this.#readBody(user, bytes, at, lent);
  }

  onDrain(): void {
    this.#user?.onUpstreamDrain();
  }

  onEnd(): void {
    if (this.#state === BODY && this.#untilClose) {
      const user = this.#user!;
      this.#leave();
      if (this.#requestDone) this.stream.end();
      else this.stream.abort();
      user.onResponseBody(null, true, '', false);
    } else if (this.#state === IDLE) {
      this.#leave();
      this.stream.end();
    } else if (this.#state !== GONE) {
      this.#fail('target.reset', 'closed before the answer was complete');
    }
  }

  onClosed(fault: Fault | null): void {
    if (this.#state === GONE) return;
    const user = this.#user;
    const answered = this.#answered;
    this.#leave();
    user?.onUpstreamFailed(closedFault(fault, answered, this.reused));
  }

  onDeadline(): void {
    if (this.#state === IDLE) this.abandon();
    else this.#fail('target.response_timeout', 'no answer in time');
  }

  #append(held: Buffer, chunk: Buffer): void {
    const needed = this.#heldBytes + chunk.length;
    if (held.length < needed) {
      const bigger = Buffer.allocUnsafe(Math.max(needed, this.#heldBytes * 2));
      bigger.set(held.subarray(0, this.#heldBytes));
      this.#held = bigger;
    }
    this.#held!.set(chunk, this.#heldBytes);
    this.#heldBytes = needed;
  }

  #startBody(response: ParsedResponse): void {
    this.#state = BODY;
    this.#keepAlive = response.keepAlive;
    this.deadline = Number.POSITIVE_INFINITY;
    if (this.#forHead || response.status === 204 || response.status === 304) this.#body.startLength(0);
    else if (response.chunked) this.#body.startChunked();
    else if (response.contentLength !== -1) this.#body.startLength(response.contentLength);
    else {
      this.#untilClose = true;
      this.#body.startUntilClose();
    }
  }

  #readBody(user: UpstreamUser, bytes: Buffer, start: number, lent: boolean): void {
    const body = this.#body;
    let at = start;
    let part: Buffer | null = null;
    if (!body.done && at < bytes.length) {
      at = body.read(bytes, at);
      if (body.malformed) {
        this.#fail('target.malformed_response', 'the chunked body is not valid');
        return;
      }
      if (body.to > body.from) {
        part = body.from === 0 && body.to === bytes.length ? bytes : bytes.subarray(body.from, body.to);
      }
    }
    if (!body.done) {
      user.onResponseBody(part, false, '', lent);
      return;
    }
    // More bytes than the answer has: whatever they are, they must not meet the next request.
    const reusable = this.#keepAlive && this.#requestDone && at === bytes.length;
    const trailers = body.trailers;
    if (reusable) {
      this.#user = null;
      this.#state = IDLE;
      this.reused = true;
      this.#home.release(this);
    } else this.abandon();
    user.onResponseBody(part, true, trailers, lent);
  }

  #switch(user: UpstreamUser, response: ParsedResponse, rest: Buffer | null): void {
    const upgrade = response.upgrade;
    if (this.#upgrade === null || upgrade === null || upgrade.toLowerCase() !== this.#upgrade || !this.#requestDone) {
      this.#fail('target.malformed_response', 'a 101 that nobody asked for');
      return;
    }
    this.#leave();
    user.onSwitched(response, rest);
  }

  #fail(code: string, message: string): void {
    const user = this.#user;
    const answered = this.#answered;
    const reused = this.reused;
    this.abandon(code);
    user?.onUpstreamFailed(
      new Fault(code, { side: 'upstream', message, retry: !answered && reused ? 'on_fresh_connection' : 'never' }),
    );
  }

  #leave(): void {
    this.#state = GONE;
    this.#user = null;
    this.#held = null;
    this.#deadlines.remove(this);
    this.#home.forget(this);
  }
}

/** What of `bytes` is still needed after this call. */
function kept(bytes: Buffer, from: number, lent: boolean): Buffer {
  const rest = bytes.subarray(from);
  return lent ? ownCopy(rest) : rest;
}

/** An agent refuses with codes that are reasons already; a broken connection becomes `target.reset`. */
function closedFault(fault: Fault | null, answered: boolean, reused: boolean): Fault {
  const code = fault?.code.startsWith('target.') ? fault.code : 'target.reset';
  return new Fault(code, {
    side: 'upstream',
    retry: answered ? 'never' : reused ? 'on_fresh_connection' : 'never',
    message: fault?.message ?? 'closed before the answer was complete',
    cause: fault ?? undefined,
  });
}
