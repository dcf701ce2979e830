import { deny, type Fault, type Reason, type Target } from '@zeronaut/model';
import { type ByteStream, type ConnectionEnds, listenSocket, type SocketListener, splice } from '@zeronaut/tunnel';
import type { DenialLog } from './denial-log.ts';
import { encodeProxyHeader } from './proxy-protocol.ts';
import type { RawContext } from './raw-context.ts';
import {
  connectTarget,
  createRawFlow,
  decideRawFlow,
  endRawFlow,
  limitRawFlow,
  type RawFlow,
  reportLateFault,
  stillAllowed,
} from './raw-flow.ts';

/**
 * One raw TCP port: accept, decide, dial, join. Not a byte goes to a target before access said pass; a refused caller
 * is reset at once. After it: the target, or the agent behind a tunnel.
 */
export class TcpProxy {
  readonly #context: RawContext;
  readonly #port: number;
  readonly #connections: ConnectionCount;
  readonly #denials: DenialLog;
  readonly #flows = new Set<TcpFlow>();
  #listener: SocketListener | null = null;

  constructor(context: RawContext, port: number, connections: ConnectionCount, denials: DenialLog) {
    this.#context = context;
    this.#port = port;
    this.#connections = connections;
    this.#denials = denials;
  }

  get openFlows(): number {
    return this.#flows.size;
  }

  /** Rejects with the error of the system when the port cannot be had. */
  async listen(host: string): Promise<void> {
    const { log } = this.#context;
    const port = this.#port;
    this.#listener = await listenSocket({
      ...{ host, port, backlog: 1024 },
      onConnection: (stream, ends) => this.#accept(stream, ends),
      // Out of descriptors, mostly: callers wait, the port is not lost.
      onError: (error) => log.warn({ port, err: error }, 'raw tcp accept failed'),
    });
  }

  /** Takes no new connections. Open ones go on until `reevaluate` or `cut` ends them. */
  close(_reason: Reason): void {
    void this.#listener?.close();
    this.#listener = null;
  }

  /** Cuts every flow that would not be let in now. */
  reevaluate(): void {
    for (const flow of this.#flows) {
      const verdict = stillAllowed(this.#context, flow.flow);
      if (verdict.effect !== 'pass') flow.cut(verdict.reason);
    }
  }

  cut(reason: Reason): void {
    for (const flow of this.#flows) flow.cut(reason);
  }

  #accept(stream: ByteStream, { remote, local }: ConnectionEnds): void {
    const flow = createRawFlow(this.#context, 'tcp', {
      address: remote.address,
      port: remote.port,
      // A system call that only the PROXY header needs.
      get localAddress() {
        return local()?.address ?? '0.0.0.0';
      },
      localPort: this.#port,
      tls: false,
      serverName: null,
    });
    if (this.#connections.open >= this.#context.limits.maxConnections) {
      stream.abort();
      flow.verdict = deny('limit.connections');
      if (this.#denials.isDue(flow.downstream.address, flow.startedAt)) endRawFlow(this.#context, flow);
      return;
    }
    if (decideRawFlow(this.#context, flow).effect !== 'pass') {
      stream.abort();
      endRawFlow(this.#context, flow);
      return;
    }
    if (limitRawFlow(this.#context, flow).effect !== 'pass') {
      stream.abort();
      if (this.#denials.isDue(flow.downstream.address, flow.startedAt)) endRawFlow(this.#context, flow);
      return;
    }
    this.#connections.open++;
    const open = new TcpFlow(this.#context, flow, stream, () => {
      this.#connections.open--;
      this.#flows.delete(open);
    });
    this.#flows.add(open);
    open.start();
  }
}

/** Shared by all ports: what is limited is the process. */
export interface ConnectionCount {
  open: number;
}

class TcpFlow {
  readonly flow: RawFlow;
  readonly #context: RawContext;
  readonly #downstream: ByteStream;
  readonly #onEnd: () => void;
  #upstream: ByteStream | null = null;
  #target: Target | null = null;
  #finished = false;

  constructor(context: RawContext, flow: RawFlow, downstream: ByteStream, onEnd: () => void) {
    this.#context = context;
    this.flow = flow;
    this.#downstream = downstream;
    this.#onEnd = onEnd;
  }

  start(): void {
    this.#connect().catch((error: unknown) => {
      this.#context.log.error({ err: error, requestId: this.flow.requestId }, 'raw tcp flow failed by a bug');
      this.cut('target.dial_refused');
    });
  }

  cut(reason: Reason): void {
    if (this.#finished) return;
    this.flow.verdict = deny(reason);
    this.#upstream?.abort(reason);
    this.#downstream.abort(reason);
    // Joined streams report their end themselves.
    if (this.#upstream === null) this.#finish(null);
  }

  async #connect(): Promise<void> {
    const { flow } = this;
    const found = await connectTarget(
      this.#context,
      flow,
      (target) => this.#context.dialer.dial(target, { flow, resourceId: flow.resource!.id, protocol: 'tcp' }),
      () => this.#finished,
    );
    const { connection: upstream } = found;
    if (this.#finished) {
      upstream?.abort('stream.aborted');
      return;
    }
    if (upstream === null) {
      this.cut(found.verdict.reason);
      return;
    }
    this.#upstream = upstream;
    this.#target = found.target;
    const version = flow.resource!.proxyProtocol;
    if (version !== 'none') {
      const { address, port, localAddress, localPort } = flow.downstream;
      upstream.write(encodeProxyHeader(version, { address, port }, { address: localAddress, port: localPort }));
    }
    splice(this.#downstream, upstream, {
      idleTimeoutMs: flow.resource!.limits?.idleTimeoutMs ?? this.#context.limits.tcpIdleTimeoutMs,
      onBytes: (direction, bytes) => {
        if (direction === 'a_to_b') flow.bytesIn += bytes;
        else flow.bytesOut += bytes;
      },
      onDone: (fault) => this.#finish(fault),
    });
  }

  #finish(fault: Fault | null): void {
    if (this.#finished) return;
    this.#finished = true;
    if (fault !== null && this.#target !== null) reportLateFault(this.#context, this.flow, this.#target, fault);
    endRawFlow(this.#context, this.flow);
    this.#onEnd();
  }
}
