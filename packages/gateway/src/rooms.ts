import type {
  AccessEvent,
  Explanation,
  Fault,
  OpenFromGateway,
  SnapshotResource,
  Target,
  Verdict,
} from '@zeronaut/model';
import type { ByteStream } from '@zeronaut/tunnel';
import type { Downstream, Flow, Subject } from './flow.ts';
import type { RequestHead } from './http/request-head.ts';

/**
 * The seams between rooms. Stages never import each other; `pipeline.ts` and `main.ts` hand them to one another
 * through these interfaces.
 */

/** observe: writes what happened, durably and without delaying a flow. */
export interface Observer {
  /** Called once per flow, at its end. Gateway id, epoch and seq are added here. */
  record(event: Omit<AccessEvent, 'gatewayId' | 'epoch' | 'seq'>): void;
  /** Everything that is recorded, as it happens (for agents that watch their services). */
  subscribe(listener: (event: AccessEvent) => void): () => void;
}

/** When something was asked, by both clocks (ms). */
export interface Moment {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

/** tunnels: which agents are here, and streams to them. */
export interface AgentLinks {
  /** The device has at least one live tunnel and has bound this resource or site. */
  serves(deviceId: string, resourceOrSiteId: string): boolean;
  /** At once, without a round trip; a refusal arrives later as `onClosed` with a Fault. Null: no live tunnel. */
  open(deviceId: string, request: OpenFromGateway): ByteStream | null;
}

/** targets: one connection to one target, direct or through an agent. Rejects with a Fault. */
export interface Dialer {
  dial(
    target: Target,
    context: { flow: Flow | null; resourceId: string; protocol: 'tcp' | 'udp' },
  ): Promise<ByteStream>;
  /** False while the target's agent is away. Direct targets: true. */
  reachable(target: Target, resourceId: string): boolean;
}

/** A target that a flow goes to. It counts as open there until `left` is called, once. */
export interface Choice {
  readonly target: Target;
  left(): void;
}

/** balancer: which target next. Health is its business. */
export interface Balancer {
  /** Null with a reason when nothing is available. `exclude` holds targets that this flow tried already. */
  choose(flow: Flow, exclude: ReadonlySet<string>): Choice | { target: null; verdict: Verdict };
  /** Passive health: what came of it. */
  report(target: Target, fault: Fault | null): void;
}

/** limits: what a resource takes of this gateway, by bounds of its own. `flow.resource` is set. */
export interface ResourceLimiter {
  /** One more from this source: 0, or how many ms it should wait; nothing was taken then. */
  take(flow: Flow): number;
  /** One more at the same time. False: there are enough; else `leave` is called once, when it ends. */
  enter(flow: Flow): boolean;
  leave(flow: Flow): void;
}

/** Where listeners hand their connections: the HTTP pipeline. */
export interface HttpConnections {
  /** Takes over a connection whose TLS, if any, is done. `redirectToHttps`: only send people to https. */
  serve(stream: ByteStream, downstream: Downstream, options?: { redirectToHttps?: boolean }): void;
  /** Open ones. */
  readonly connections: number;
}

/** An answer that the gateway itself gives. */
export interface LocalResponse {
  readonly status: number;
  /** Lower-case names. Content-Length is added. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer | string;
}

/** What one of the gateway's own pages found of its visitor, for the event of the request. */
export interface PageOutcome {
  readonly verdict: Verdict;
  readonly subject: Subject;
  /** What they were on their way to, where the host of the request does not say it. */
  readonly resource: SnapshotResource | null;
  readonly explanation: Explanation | null;
}

export interface PageResponse extends LocalResponse {
  /** Absent: a page for whoever asks. */
  readonly outcome?: PageOutcome;
}

/** access, for HTTP: who is it, and may they. Answers at once when no password hash must be computed. */
export interface HttpAccess {
  decide(flow: Flow, head: RequestHead): HttpDecision | Promise<HttpDecision>;
  /**
   * The gateway's own pages: everything on the portal host, and `/.zeronaut/*` elsewhere. `body` holds the whole
   * request body, at most 64 KiB (the listener answers 413 above that).
   */
  answer(flow: Flow, head: RequestHead, body: Buffer): PageResponse | Promise<PageResponse>;
}

export interface HttpDecision {
  readonly verdict: Verdict;
  readonly subject: Subject;
  /** What policies had to do with it; null: nothing. */
  readonly explanation: Explanation | null;
  /** What to answer when the verdict is not pass. */
  readonly response: LocalResponse | null;
  /** Identity headers for the service (lower case), only with pass. */
  readonly identity: readonly (readonly [string, string])[];
  /** Remove `Authorization` before forwarding: it was meant for us. */
  readonly consumeAuthorization: boolean;
}

/** access, for raw ports and forwards. */
export interface RawAccess {
  /** `flow.resource` is set. */
  decide(flow: Flow): { verdict: Verdict; subject: Subject; explanation: Explanation | null };
}
