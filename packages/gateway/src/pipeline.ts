import { performance } from 'node:perf_hooks';
import {
  deny,
  type Explanation,
  type Fault,
  type Network,
  pass,
  RESERVED_PREFIX,
  type Reason,
  type ResourceLimits,
  type Verdict,
} from '@zeronaut/model';
import type { ByteStream } from '@zeronaut/tunnel';
import { credentialId, type Downstream, type Flow, subjectName } from './flow.ts';
import { flowEvent } from './flow-event.ts';
import { HttpConnection } from './http/connection.ts';
import { Deadlines } from './http/deadlines.ts';
import { type Exchange, type ExchangeOwner, faultReason, type HttpLimits } from './http/exchange.ts';
import { ForwardedFields } from './http/forwarded.ts';
import { recordedPath } from './http/recorded-path.ts';
import type {
  Balancer,
  Choice,
  Dialer,
  HttpAccess,
  HttpConnections,
  HttpDecision,
  Observer,
  PageResponse,
  ResourceLimiter,
} from './rooms.ts';
import { routeHost } from './router/router.ts';
import type { CurrentTables, Tables } from './tables.ts';
import { UpstreamPool } from './targets/upstream-pool.ts';

/**
 * The life of a request, in order: listener → codec → **router → access → limits → balancer → targets** → upstream, and back. This
 * file alone names the stages; docs/life-of-a-request.md has the same shape. Everything starts at deny, each stage may
 * end the flow with a reason, and every flow ends in exactly one record. A request to a public resource over a kept
 * connection passes without a single promise.
 */
export interface HttpPipelineOptions {
  readonly tables: CurrentTables;
  readonly access: HttpAccess;
  readonly limiter: ResourceLimiter;
  readonly balancer: Balancer;
  readonly dialer: Dialer;
  readonly observer: Observer;
  readonly limits: HttpLimits;
  /** Proxies in front of us whose `X-Forwarded-*` are believed. Default: none. */
  readonly trustedProxies?: readonly Network[];
  /**
   * Would this running flow still be let in under these newer tables? Asked of every open request and upgraded connection
   * after each swap and by `reevaluate`; anything but pass cuts it. Default: flows run on as they began.
   */
  review?(flow: Flow, tables: Tables): { readonly verdict: Verdict; readonly explanation: Explanation | null };
  /** When what let an admitted request in ends by itself, ms; `Infinity`: never. Default: never. */
  endOf?(flow: Flow, tables: Tables): number;
  /** Told of bugs: an access stage that throws, for example. The request ends with 500 in any case. */
  onBug(error: unknown): void;
}

export interface HttpPipeline extends HttpConnections {
  /** Connections that became something else (WebSocket); they are among `connections`. */
  readonly upgraded: number;
  /** On: each connection, and each that comes, is closed after its next answer. Off: new ones are kept again. */
  closeAfterAnswers(on: boolean): void;
  /** Cuts everything that is open. */
  cut(reason: Reason): void;
  /** Asks `review` of everything that is open, now: something was revoked beside the tables. */
  reevaluate(): void;
  /** The same, if what let something in has ended by `nowMs`. */
  reevaluateEnded(nowMs: number): void;
  /** No new requests; resolves when the last connection is gone, at the latest after `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

export function createHttpPipeline(options: HttpPipelineOptions): HttpPipeline {
  return new Pipeline(options);
}

/** How many targets one request tries before it gives up. */
const MAX_TRIES = 3;
/** What whoever comes to a full resource is told to wait: something ends soon, and nobody knows when. */
const BUSY_WAIT_MS = 1_000;
const NOTHING_TRIED: ReadonlySet<string> = new Set();
/** Methods that may be sent twice (RFC 9110, 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'PUT',
  'DELETE',
  'PROPFIND',
  'REPORT',
  'SEARCH',
]);

class Pipeline implements HttpPipeline, ExchangeOwner {
  readonly deadlines = new Deadlines();
  readonly limits: HttpLimits;
  readonly #options: HttpPipelineOptions;
  readonly #pool: UpstreamPool;
  readonly #connections = new Set<HttpConnection>();
  /** No admitted request ends by itself before, ms. */
  #nextEndMs = Number.POSITIVE_INFINITY;
  readonly #unsubscribe: () => void;
  #onEmpty: (() => void) | null = null;
  #draining = false;
  #lastAnswers = false;

  constructor(options: HttpPipelineOptions) {
    this.#options = options;
    this.limits = options.limits;
    this.#pool = new UpstreamPool({
      dialer: options.dialer,
      deadlines: this.deadlines,
      responseTimeoutMs: options.limits.upstreamResponseTimeoutMs,
    });
    this.#unsubscribe = options.tables.subscribe(() => this.reevaluate());
  }

  get connections(): number {
    return this.#connections.size;
  }

  get upgraded(): number {
    let count = 0;
    for (const { exchange } of this.#connections) if (exchange?.status === 101) count++;
    return count;
  }

  serve(stream: ByteStream, downstream: Downstream, options?: { redirectToHttps?: boolean }): void {
    const forwarded = new ForwardedFields(downstream, this.#options.trustedProxies ?? []);
    const connection = new HttpConnection(stream, downstream, forwarded, options?.redirectToHttps ?? false, this);
    this.#connections.add(connection);
    if (this.#draining) connection.drain();
    else if (this.#lastAnswers) connection.closeAfterAnswer();
  }

  closeAfterAnswers(on: boolean): void {
    this.#lastAnswers = on;
    if (!on) return;
    for (const connection of this.#connections) connection.closeAfterAnswer();
  }

  cut(reason: Reason): void {
    for (const connection of [...this.#connections]) {
      const { exchange } = connection;
      if (exchange !== null && !exchange.ended) exchange.verdict = deny(reason);
      connection.abort();
    }
  }

  reevaluate(): void {
    const { review, tables } = this.#options;
    if (review === undefined) return;
    const current = tables.get();
    this.#nextEndMs = Number.POSITIVE_INFINITY;
    for (const connection of [...this.#connections]) {
      const exchange = connection.exchange;
      if (exchange === null || exchange.ended || exchange.resource === null || !exchange.admitted) continue;
      const { verdict, explanation } = review(exchange, current);
      if (verdict.effect === 'pass') {
        this.#noteEnd(exchange, current);
        continue;
      }
      exchange.verdict = verdict;
      exchange.explanation = explanation;
      connection.abort();
    }
  }

  reevaluateEnded(nowMs: number): void {
    if (nowMs >= this.#nextEndMs) this.reevaluate();
  }

  /** Most requests are over long before; one look at all that is open finds those that are not. */
  #noteEnd(exchange: Exchange, tables: Tables): void {
    const endMs = this.#options.endOf?.(exchange, tables) ?? Number.POSITIVE_INFINITY;
    if (endMs < this.#nextEndMs) this.#nextEndMs = endMs;
  }

  async stop(graceMs: number): Promise<void> {
    this.#draining = true;
    this.#unsubscribe();
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    for (const connection of [...this.#connections]) connection.drain();
    if (this.#connections.size > 0) {
      const timer = setTimeout(() => {
        for (const connection of [...this.#connections]) connection.abort();
      }, graceMs);
      await empty;
      clearTimeout(timer);
    }
    this.#pool.stop();
  }

  tables(): Tables {
    return this.#options.tables.get();
  }

  /** Stage 1, router: which resource is meant. */
  begin(exchange: Exchange): void {
    const { head, connection, tables } = exchange;
    const { serverName } = connection.downstream;
    if (serverName !== null && serverName !== head.host) {
      exchange.reject(deny('http.misdirected'));
      return;
    }
    const found = routeHost(tables, head.host);
    if (found === null) {
      exchange.reject(deny('router.no_resource'));
      return;
    }
    if (connection.redirectToHttps && !exchange.downstream.tls) {
      this.#redirect(exchange);
      return;
    }
    if (found !== 'portal') exchange.resource = found;
    if (found === 'portal' || head.path.startsWith(RESERVED_PREFIX)) {
      exchange.collect();
      return;
    }
    // Before access, which may cost a password hash.
    const waitMs = found.limits === undefined ? 0 : this.#options.limiter.take(exchange);
    if (waitMs > 0) exchange.reject(deny('limit.rate'), waitMs);
    else this.#access(exchange);
  }

  /** Stage 2, access: who is it, and may they. */
  #access(exchange: Exchange): void {
    let decision: HttpDecision | Promise<HttpDecision>;
    try {
      decision = this.#options.access.decide(exchange, exchange.head);
    } catch (error) {
      this.#bug(exchange, error);
      return;
    }
    if (decision instanceof Promise) {
      decision.then(
        (decided) => this.#decided(exchange, decided),
        (error: unknown) => this.#bug(exchange, error),
      );
      return;
    }
    this.#decided(exchange, decision);
  }

  #decided(exchange: Exchange, decision: HttpDecision): void {
    if (exchange.ended) return;
    exchange.subject = decision.subject;
    exchange.verdict = decision.verdict;
    exchange.explanation = decision.explanation;
    if (decision.verdict.effect !== 'pass') {
      if (decision.response === null) exchange.reject(decision.verdict);
      else exchange.respond(decision.response);
      return;
    }
    if (exchange.resource!.limits !== undefined && !this.#limit(exchange, exchange.resource!.limits)) return;
    exchange.admitted = true;
    this.#noteEnd(exchange, exchange.tables);
    exchange.identity = decision.identity;
    exchange.consumeAuthorization = decision.consumeAuthorization;
    this.#balance(exchange);
  }

  /** Stage 3, limits: is there room for it. False: it was refused. */
  #limit(exchange: Exchange, { bodyBytes }: ResourceLimits): boolean {
    const { body } = exchange.head;
    if (bodyBytes !== null) {
      if (body.kind === 'length' && body.length > bodyBytes) {
        exchange.reject(deny('limit.body_too_large'));
        return false;
      }
      exchange.bodyBytes = bodyBytes;
    }
    exchange.entered = this.#options.limiter.enter(exchange);
    if (!exchange.entered) exchange.reject(deny('limit.concurrent'), BUSY_WAIT_MS);
    return exchange.entered;
  }

  /** Stage 4, balancer: which target. Comes back here when one cannot be reached. */
  #balance(exchange: Exchange): void {
    const choice = this.#options.balancer.choose(exchange, exchange.tried ?? NOTHING_TRIED);
    if (choice.target === null) {
      exchange.reject(choice.verdict);
      return;
    }
    this.#aim(exchange, choice);
    this.#forward(exchange, false);
  }

  #aim(exchange: Exchange, choice: Choice): void {
    exchange.choice?.left();
    exchange.choice = choice;
    exchange.target = choice.target;
    exchange.targetId = choice.target.id;
  }

  /** Stage 5, targets: a kept connection or a new one; from here on the exchange carries the bytes. */
  #forward(exchange: Exchange, fresh: boolean): void {
    const target = exchange.target!;
    const resourceId = exchange.resource!.id;
    const kept = fresh ? null : this.#pool.take(target, resourceId);
    if (kept !== null) {
      exchange.attach(kept);
      return;
    }
    this.#pool.dial(target, resourceId, exchange).then(
      (connection) => {
        // The caller left while we dialled.
        if (exchange.ended) connection.abandon();
        else exchange.attach(connection);
      },
      (fault: Fault) => this.#unreachable(exchange, fault),
    );
  }

  #unreachable(exchange: Exchange, fault: Fault): void {
    if (exchange.ended) return;
    const target = exchange.target!;
    this.#options.balancer.report(target, fault);
    exchange.tried ??= new Set();
    exchange.tried.add(target.id);
    const others = exchange.resource!.targets.length > exchange.tried.size;
    if (others && exchange.tried.size < MAX_TRIES && exchange.repeatable) {
      const next = this.#options.balancer.choose(exchange, exchange.tried);
      if (next.target !== null) {
        this.#aim(exchange, next);
        this.#forward(exchange, false);
        return;
      }
    }
    exchange.reject(deny(faultReason(fault)));
  }

  upstreamFailed(exchange: Exchange, fault: Fault): void {
    // The server closed a kept connection just as we used it. Nothing is wrong with it: once more, on a fresh one.
    const stale = fault.retry === 'on_fresh_connection' && IDEMPOTENT.has(exchange.head.method);
    if (stale && exchange.repeatable && !exchange.retried) {
      exchange.retried = true;
      this.#forward(exchange, true);
      return;
    }
    // An agent says late, on the stream, that it could not dial.
    const neverReached = fault.code.startsWith('target.dial_') || fault.code === 'target.not_exposed';
    if (neverReached && exchange.repeatable) this.#unreachable(exchange, fault);
    else exchange.reject(deny(faultReason(fault)));
  }

  answered(exchange: Exchange): void {
    this.#options.balancer.report(exchange.target!, null);
  }

  /** Our own pages, with their whole body. */
  collected(exchange: Exchange, body: Buffer): void {
    exchange.verdict = pass('access.portal');
    let response: PageResponse | Promise<PageResponse>;
    try {
      response = this.#options.access.answer(exchange, exchange.head, body);
    } catch (error) {
      this.#bug(exchange, error);
      return;
    }
    if (response instanceof Promise) {
      response.then(
        (made) => this.#show(exchange, made),
        (error: unknown) => this.#bug(exchange, error),
      );
      return;
    }
    this.#show(exchange, response);
  }

  #show(exchange: Exchange, response: PageResponse): void {
    if (exchange.ended) return;
    const { outcome } = response;
    if (outcome !== undefined) {
      exchange.verdict = outcome.verdict;
      exchange.subject = outcome.subject;
      exchange.explanation = outcome.explanation;
      exchange.resource ??= outcome.resource;
    }
    exchange.respond(response);
  }

  ended(exchange: Exchange): void {
    const { head, subject } = exchange;
    exchange.choice?.left();
    if (exchange.entered) this.#options.limiter.leave(exchange);
    this.#options.observer.record(
      flowEvent(exchange, {
        subject: subjectName(subject),
        credentialId: credentialId(subject),
        method: head.method,
        host: head.host,
        path: recordedPath(head.path),
        status: exchange.status,
        durationMs: performance.now() - exchange.startedMonotonic,
      }),
    );
  }

  connectionClosed(connection: HttpConnection): void {
    this.deadlines.remove(connection);
    if (!this.#connections.delete(connection)) return;
    if (this.#connections.size === 0) this.#onEmpty?.();
  }

  #redirect(exchange: Exchange): void {
    const { head, tables } = exchange;
    const { httpsPort } = tables.snapshot;
    exchange.verdict = deny('http.https_required');
    const host = head.host.includes(':') ? `[${head.host}]` : head.host;
    const port = httpsPort === 443 ? '' : `:${httpsPort}`;
    exchange.respond({ status: 308, headers: [['location', `https://${host}${port}${head.target}`]], body: '' });
  }

  /** Closed on error: a stage that fails lets nobody through. */
  #bug(exchange: Exchange, error: unknown): void {
    this.#options.onBug(error);
    exchange.reject(deny('gateway.internal'));
  }
}
