import { strict as assert } from 'node:assert';
import { performance } from 'node:perf_hooks';
import {
  DENY_BY_DEFAULT,
  deny,
  type Explanation,
  type Fault,
  isReason,
  type Reason,
  type SnapshotResource,
  type Target,
  type Verdict,
} from '@zeronaut/model';
import { splice } from '@zeronaut/tunnel';
import { ANONYMOUS, type Downstream, type Flow, type Subject } from '../flow.ts';
import type { Choice, LocalResponse } from '../rooms.ts';
import type { Tables } from '../tables.ts';
import { httpDate } from '../wall-clock.ts';
import type { HttpConnection } from './connection.ts';
import type { Deadlines } from './deadlines.ts';
import { type CompiledHeaderRules, headerRulesOf } from './header-rules.ts';
import { MAX_LOCAL_BODY_BYTES } from './limits.ts';
import { writeChunk, writeWithHead } from './message-writer.ts';
import { isFieldValue } from './octets.ts';
import {
  interimHeadText,
  type ResponseFraming,
  requestHeadText,
  responseHeadText,
  switchingHeadText,
} from './outgoing-head.ts';
import type { ParsedRequest } from './parsed-request.ts';
import { refusal } from './refusal.ts';
import { createRequestId } from './request-id.ts';
import type { ParsedResponse } from './response-parser.ts';
import { STATUS_TEXT } from './status-text.ts';
import type { UpstreamConnection, UpstreamUser } from './upstream-connection.ts';

/** The pipeline, as an exchange sees it. */
export interface ExchangeOwner {
  readonly deadlines: Deadlines;
  readonly limits: HttpLimits;
  tables(): Tables;
  /** A request head is here. */
  begin(exchange: Exchange): void;
  /** The body that `collect` asked for. */
  collected(exchange: Exchange, body: Buffer): void;
  /** The target answers. */
  answered(exchange: Exchange): void;
  /** It failed before the first byte of a final answer. */
  upstreamFailed(exchange: Exchange, fault: Fault): void;
  /** Exactly once per exchange. */
  ended(exchange: Exchange): void;
  /** Exactly once per connection. */
  connectionClosed(connection: HttpConnection): void;
}

export interface HttpLimits {
  readonly headerTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly upstreamResponseTimeoutMs: number;
}

/** What 499 has come to mean: the caller left before there was an answer. */
const STATUS_CALLER_LEFT = 499;
const NO_IDENTITY: readonly (readonly [string, string])[] = Object.freeze([]);

/**
 * One request and its answer. It is the `Flow` that stages read, and it joins the two connections: request body up,
 * answer down, each at the pace of the slower side.
 */
export class Exchange implements Flow, UpstreamUser {
  readonly protocol = 'http';
  readonly requestId: string;
  readonly tables: Tables;
  readonly startedAt: number;
  readonly startedMonotonic: number;
  readonly downstream: Downstream;
  readonly head: ParsedRequest;
  readonly connection: HttpConnection;
  resource: SnapshotResource | null = null;
  subject: Subject = ANONYMOUS;
  verdict: Verdict = DENY_BY_DEFAULT;
  explanation: Explanation | null = null;
  targetId = '';
  bytesIn = 0;
  bytesOut = 0;
  /** Of the final answer; 0 until there is one. */
  status = 0;
  ended = false;

  /** Written by the pipeline. */
  admitted = false;
  identity: readonly (readonly [string, string])[] = NO_IDENTITY;
  consumeAuthorization = false;
  target: Target | null = null;
  choice: Choice | null = null;
  /** It has its place among those that its resource serves at the same time. */
  entered = false;
  /** More of a body than this is cut. */
  bodyBytes = Number.POSITIVE_INFINITY;
  tried: Set<string> | null = null;
  retried = false;

  readonly #owner: ExchangeOwner;
  #upstream: UpstreamConnection | null = null;
  #requestHead = '';
  #responseHead = '';
  #framing: ResponseFraming = 'as_is';
  #keepAlive = false;
  #bodySent = false;
  #collected: Buffer[] | null = null;
  #rules: CompiledHeaderRules | null = null;

  constructor(connection: HttpConnection, head: ParsedRequest, owner: ExchangeOwner) {
    this.startedAt = Date.now();
    this.startedMonotonic = performance.now();
    this.requestId = createRequestId(this.startedAt);
    this.tables = owner.tables();
    this.connection = connection;
    this.downstream = connection.forwarded.caller(head);
    this.head = head;
    this.#owner = owner;
  }

  /** Nothing of the body has gone upstream, so that another connection can still carry the whole request. */
  get repeatable(): boolean {
    return !this.#bodySent;
  }

  /** Answers a "no" and ends. `retryAfterMs`: when trying again may help. */
  reject(verdict: Verdict, retryAfterMs = 0): void {
    this.verdict = verdict;
    this.respond(refusal(verdict.reason, this.requestId, this.head, retryAfterMs));
  }

  /** Answers by ourselves and ends. The verdict has been set. */
  respond(response: LocalResponse): void {
    if (this.ended) return;
    this.#dropUpstream();
    const { head, connection } = this;
    const body = typeof response.body === 'string' ? Buffer.from(response.body) : response.body;
    this.#keepAlive = head.keepAlive && !connection.draining && connection.bodySkippable;
    this.status = response.status;
    let text = `HTTP/1.1 ${response.status} ${STATUS_TEXT[response.status] ?? ''}\r\nDate: ${httpDate(this.startedAt)}\r\n`;
    for (const [name, value] of response.headers) {
      assert(isFieldValue(name) && isFieldValue(value), `our own header ${name} is not valid`);
      text += `${name}: ${value}\r\n`;
    }
    if (response.status !== 204 && response.status !== 304) text += `Content-Length: ${body.length}\r\n`;
    if (!this.#keepAlive) text += 'Connection: close\r\n';
    else if (head.versionMinor === 0) text += 'Connection: keep-alive\r\n';
    text += `X-Request-Id: ${this.requestId}\r\n\r\n`;
    const silent = head.method === 'HEAD' || response.status === 204 || response.status === 304;
    if (!silent) this.bytesOut = body.length;
    writeWithHead(connection.stream, text, silent ? null : body);
    this.#finish();
  }

  /** Reads the whole body (at most 64 KiB) and gives it to `owner.collected`. */
  collect(): void {
    if (!this.connection.bodyPending) {
      this.#owner.collected(this, Buffer.alloc(0));
      return;
    }
    this.#collected = [];
    this.connection.takeBody();
  }

  /** Sends the request on this connection; everything else follows from its callbacks. */
  attach(upstream: UpstreamConnection): void {
    const { head, connection } = this;
    this.#upstream = upstream;
    upstream.begin(this, head.method === 'HEAD', head.upgrade, this.resource!.limits?.responseTimeoutMs ?? null);
    this.#rules = headerRulesOf(this.resource!);
    this.#requestHead = requestHeadText(head, {
      requestId: this.requestId,
      forwardedLines: connection.forwarded.lines(head),
      identity: this.identity,
      consumeAuthorization: this.consumeAuthorization,
      rules: this.#rules,
    });
    if (!connection.bodyPending) {
      this.#flushRequestHead();
      upstream.requestComplete();
      return;
    }
    connection.takeBody();
    this.#flushRequestHead();
  }

  #flushRequestHead(): void {
    if (this.#requestHead === '' || this.#upstream === null) return;
    const text = this.#requestHead;
    this.#requestHead = '';
    writeWithHead(this.#upstream.stream, text, null);
  }

  onRequestBody(part: Buffer | null, done: boolean, trailers: string): void {
    if (part !== null) this.bytesIn += part.length;
    if (this.#collected !== null) {
      this.#collect(this.#collected, part, done);
      return;
    }
    const upstream = this.#upstream;
    // The target has failed or answered for good meanwhile; the rest is read over.
    if (upstream === null) return;
    if (this.bytesIn > this.bodyBytes) {
      this.#bodyTooLarge();
      return;
    }
    this.#bodySent = true;
    const headText = this.#requestHead;
    this.#requestHead = '';
    const more =
      this.head.body.kind === 'chunked'
        ? writeChunk(upstream.stream, headText, part, done, this.#rules?.request.without(trailers) ?? trailers)
        : writeWithHead(upstream.stream, headText, part);
    if (done) upstream.requestComplete();
    else if (!more) this.connection.pauseBody();
  }

  /** What went upstream must not look whole, and nobody reads the rest. */
  #bodyTooLarge(): void {
    this.head.keepAlive = false;
    if (this.status === 0) this.reject(deny('limit.body_too_large'));
    else this.connection.abort();
  }

  #collect(parts: Buffer[], part: Buffer | null, done: boolean): void {
    if (this.bytesIn > MAX_LOCAL_BODY_BYTES) {
      this.#collected = null;
      this.reject(deny('http.body_too_large'));
      return;
    }
    if (part !== null) parts.push(part);
    if (!done) return;
    this.#collected = null;
    this.#owner.collected(this, parts.length === 1 ? parts[0]! : Buffer.concat(parts));
  }

  /** The chunked request body is broken: whatever was sent upstream must not look whole. */
  onRequestMalformed(): void {
    this.head.keepAlive = false;
    if (this.status === 0) this.reject(deny('http.malformed'));
    else this.connection.abort();
  }

  onInterim(response: ParsedResponse): void {
    // HTTP/1.0 knows no interim answers.
    if (this.head.versionMinor === 1)
      writeWithHead(this.connection.stream, interimHeadText(response, this.#rules), null);
  }

  onResponse(response: ParsedResponse): void {
    const { head, connection } = this;
    this.status = response.status;
    this.#owner.answered(this);
    const bodiless = head.method === 'HEAD' || response.status === 204 || response.status === 304;
    const framed = bodiless || response.contentLength !== -1;
    this.#framing = framed ? 'as_is' : head.versionMinor === 1 ? 'chunked' : 'close';
    this.#keepAlive = head.keepAlive && !connection.draining && this.#framing !== 'close';
    this.#responseHead = responseHeadText(
      response,
      this.requestId,
      this.#framing,
      this.#keepAlive ? (head.versionMinor === 0 ? 'keep-alive' : '') : 'close',
      this.startedAt,
      this.#rules,
    );
  }

  onResponseBody(part: Buffer | null, done: boolean, trailers: string, lent: boolean): void {
    const { stream } = this.connection;
    if (part !== null) this.bytesOut += part.length;
    const headText = this.#responseHead;
    this.#responseHead = '';
    const more =
      this.#framing === 'chunked'
        ? writeChunk(stream, headText, part, done, this.#rules?.response.without(trailers) ?? trailers, lent)
        : writeWithHead(stream, headText, part, lent);
    if (done) {
      this.#upstream = null;
      this.#finish();
    } else if (!more) {
      this.#upstream!.stream.pause();
      this.connection.writeStalled();
    }
  }

  onSwitched(response: ParsedResponse, rest: Buffer | null): void {
    const upstream = this.#upstream!;
    const { connection } = this;
    this.status = 101;
    this.#owner.answered(this);
    this.#upstream = null;
    writeWithHead(connection.stream, switchingHeadText(response, this.requestId, this.#rules), rest);
    if (rest !== null) this.bytesOut += rest.length;
    const early = connection.leaveToSplice();
    if (early !== null) {
      this.bytesIn += early.length;
      upstream.stream.write(early);
    }
    const idleTimeoutMs = this.resource!.limits?.idleTimeoutMs ?? null;
    splice(connection.stream, upstream.stream, {
      ...(idleTimeoutMs !== null && { idleTimeoutMs }),
      onBytes: (direction, bytes) => {
        if (direction === 'a_to_b') this.bytesIn += bytes;
        else this.bytesOut += bytes;
      },
      onDone: () => {
        this.#end();
        connection.spliceDone();
      },
    });
  }

  onUpstreamDrain(): void {
    this.connection.resumeBody();
  }

  onDownstreamDrain(): void {
    this.#upstream?.stream.resume();
  }

  onUpstreamFailed(fault: Fault): void {
    this.#upstream = null;
    if (this.ended) return;
    if (this.status === 0) {
      // Another connection may be looked for, and has to carry the body as a whole.
      if (this.repeatable) this.connection.holdBody();
      this.#owner.upstreamFailed(this, fault);
    }
    // Part of the answer is out already: only a broken connection tells the caller that the rest is missing.
    else this.connection.abort();
  }

  onDownstreamClosed(): void {
    if (this.ended) return;
    this.#dropUpstream();
    if (this.status === 0) this.status = STATUS_CALLER_LEFT;
    this.#end();
  }

  #dropUpstream(): void {
    const upstream = this.#upstream;
    this.#upstream = null;
    upstream?.abandon();
  }

  #finish(): void {
    this.#end();
    this.connection.exchangeDone(this.#keepAlive);
  }

  #end(): void {
    if (this.ended) return;
    this.ended = true;
    this.#owner.ended(this);
  }
}

/** The reason under which a fault of the upstream side is told. */
export function faultReason(fault: Fault): Reason {
  return isReason(fault.code) ? fault.code : 'target.reset';
}
