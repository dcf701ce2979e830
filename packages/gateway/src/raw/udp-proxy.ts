import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { deny, type Fault, parseAddress, type Reason, type Target } from '@zeronaut/model';
import { type DatagramHandler, MAX_DATAGRAM_BYTES } from '@zeronaut/tunnel';
import type { DenialLog } from './denial-log.ts';
import { encodeProxyDatagramHeader } from './proxy-protocol.ts';
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
import { connectUdp, type UdpUpstream, udpOverStream } from './udp-upstream.ts';

/**
 * One raw UDP port. A session is one source address and port; it has one upstream and ends after a silence. A source
 * that may not come in gets nothing back, not even an error: an answer to a forged source would make us a reflector.
 */
const KERNEL_BUFFER_BYTES = 4 * 1024 * 1024;
/** Replies that the kernel does not take yet. Above it replies are dropped, as a full network would do. */
const MAX_SEND_QUEUE_BYTES = 4 * 1024 * 1024;
/** A session whose target failed stays this long and swallows what comes, so that not every datagram dials again. */
const FAILED_REST_MS = 1_000;
export class UdpProxy {
  readonly #context: RawContext;
  readonly #port: number;
  readonly #denials: DenialLog;
  /** By source address, then by source port: no string is built per datagram, and one source can be counted. */
  readonly #sources = new Map<string, Map<number, UdpSession>>();
  #sessions = 0;
  #socket: Socket | null = null;
  #address = '0.0.0.0';
  #sweep: NodeJS.Timeout | null = null;

  constructor(context: RawContext, port: number, denials: DenialLog) {
    this.#context = context;
    this.#port = port;
    this.#denials = denials;
  }

  get openFlows(): number {
    return this.#sessions;
  }

  /** Rejects with the error of the system when the port cannot be had. */
  listen(address: string): Promise<void> {
    const socket = createSocket({
      type: address.includes(':') ? 'udp6' : 'udp4',
      recvBufferSize: KERNEL_BUFFER_BYTES,
      sendBufferSize: KERNEL_BUFFER_BYTES,
      // Sources are addresses already. Node's own look-up would cost a tick and a closure per datagram.
      lookup: (host, _options, done) => done(null, host, address.includes(':') ? 6 : 4),
    });
    return new Promise((resolve, reject) => {
      socket.once('error', (error) => {
        socket.close();
        reject(error);
      });
      socket.bind({ port: this.#port, address, exclusive: true }, () => {
        socket.removeAllListeners('error');
        socket.on('error', (error) =>
          this.#context.log.warn({ port: this.#port, err: error }, 'raw udp socket failed'),
        );
        socket.on('message', (datagram, source) => this.#receive(datagram, source));
        this.#socket = socket;
        this.#address = parseAddress(address) ?? address;
        const { udpIdleTimeoutMs } = this.#context.limits;
        const everyMs = Math.max(10, Math.min(1_000, udpIdleTimeoutMs / 4));
        this.#sweep = setInterval(() => this.#expire(), everyMs);
        this.#sweep.unref();
        resolve();
      });
    });
  }

  /** Without the port a session cannot go on, so all of them end. */
  close(reason: Reason): void {
    this.cut(reason);
    if (this.#sweep !== null) clearInterval(this.#sweep);
    this.#sweep = null;
    this.#socket?.close();
    this.#socket = null;
  }

  reevaluate(): void {
    for (const session of this.#all()) {
      const verdict = stillAllowed(this.#context, session.flow);
      if (verdict.effect !== 'pass') session.cut(verdict.reason);
    }
  }

  cut(reason: Reason): void {
    for (const session of this.#all()) session.cut(reason);
  }

  #all(): UdpSession[] {
    return [...this.#sources.values()].flatMap((ports) => [...ports.values()]);
  }

  #receive(datagram: Buffer, source: RemoteInfo): void {
    const session = this.#sources.get(source.address)?.get(source.port) ?? this.#open(source);
    session?.send(datagram);
  }

  #open(source: RemoteInfo): UdpSession | null {
    const { limits } = this.#context;
    const flow = createRawFlow(this.#context, 'udp', {
      address: parseAddress(source.address) ?? source.address,
      port: source.port,
      localAddress: this.#address,
      localPort: this.#port,
      tls: false,
      serverName: null,
    });
    let verdict = decideRawFlow(this.#context, flow);
    const ports = this.#sources.get(source.address);
    if (verdict.effect === 'pass' && this.#context.tables.get().snapshot.draining !== undefined) {
      verdict = deny('limit.draining');
      flow.verdict = verdict;
    }
    if (
      verdict.effect === 'pass' &&
      (this.#sessions >= limits.udpSessionsPerPort || (ports?.size ?? 0) >= limits.udpSessionsPerSource)
    ) {
      verdict = deny('limit.connections');
      flow.verdict = verdict;
    }
    verdict = limitRawFlow(this.#context, flow);
    if (verdict.effect !== 'pass') {
      if (this.#denials.isDue(flow.downstream.address, flow.startedAt)) endRawFlow(this.#context, flow);
      return null;
    }
    const session = new UdpSession(this.#context, flow, {
      reply: (datagram) => this.#reply(datagram, source.port, source.address),
      onEnd: () => this.#remove(source),
    });
    if (ports === undefined) this.#sources.set(source.address, new Map([[source.port, session]]));
    else ports.set(source.port, session);
    this.#sessions++;
    session.start();
    return session;
  }

  #remove(source: RemoteInfo): void {
    const ports = this.#sources.get(source.address);
    if (!ports?.delete(source.port)) return;
    this.#sessions--;
    if (ports.size === 0) this.#sources.delete(source.address);
  }

  #reply(datagram: Buffer, port: number, address: string): boolean {
    if (this.#socket === null || this.#socket.getSendQueueSize() > MAX_SEND_QUEUE_BYTES) return false;
    this.#socket.send(datagram, port, address, ignoreSendResult);
    return true;
  }

  #expire(): void {
    const now = performance.now();
    for (const ports of this.#sources.values()) for (const session of ports.values()) session.expire(now);
  }
}

/** UDP promises nothing: a reply that the system refuses is a lost datagram. Without a callback it would be an 'error'. */
function ignoreSendResult(): void {
  // See above.
}

/** For an upstream that came too late. */
const NOBODY: DatagramHandler = { onDatagram() {}, onClosed() {} };

interface SessionSide {
  /** False: dropped. */
  reply(datagram: Buffer): boolean;
  /** Once: forget the session. */
  onEnd(): void;
}

class UdpSession {
  readonly flow: RawFlow;
  readonly #context: RawContext;
  readonly #side: SessionSide;
  readonly #header: Buffer | null;
  #state: 'connecting' | 'open' | 'failed' | 'ended' = 'connecting';
  #upstream: UdpUpstream | null = null;
  #queue: Buffer[] = [];
  #lastActiveMs = performance.now();
  #target: Target | null = null;

  constructor(context: RawContext, flow: RawFlow, side: SessionSide) {
    this.#context = context;
    this.flow = flow;
    this.#side = side;
    const { address, port, localAddress, localPort } = flow.downstream;
    this.#header =
      flow.resource!.proxyProtocol === 'none'
        ? null
        : encodeProxyDatagramHeader({ address, port }, { address: localAddress, port: localPort });
  }

  start(): void {
    this.#connect().catch((error: unknown) => {
      this.#context.log.error({ err: error, requestId: this.flow.requestId }, 'raw udp session failed by a bug');
      this.cut('target.dial_refused');
    });
  }

  /** The session owns `datagram` from here on. */
  send(datagram: Buffer): void {
    const payload = this.#header === null ? datagram : Buffer.concat([this.#header, datagram]);
    if (this.#state === 'failed' || payload.length > MAX_DATAGRAM_BYTES) return;
    this.#lastActiveMs = performance.now();
    this.flow.bytesIn += datagram.length;
    // What a slow upstream does not take is dropped by the stream, as a full network would do.
    if (this.#upstream !== null) this.#upstream.send(payload);
    else if (this.#queue.length < this.#context.limits.udpQueueDatagrams) this.#queue.push(payload);
  }

  expire(nowMs: number): void {
    const restMs = this.#state === 'failed' ? FAILED_REST_MS : Number.POSITIVE_INFINITY;
    const allowedMs = Math.min(
      restMs,
      this.flow.resource!.limits?.idleTimeoutMs ?? this.#context.limits.udpIdleTimeoutMs,
    );
    if (nowMs - this.#lastActiveMs < allowedMs) return;
    if (this.#state === 'failed') this.#forget();
    else this.#end(null);
  }

  cut(reason: Reason): void {
    if (this.#state === 'failed') this.#forget();
    if (this.#state === 'ended') return;
    this.flow.verdict = deny(reason);
    this.#end(reason);
  }

  async #connect(): Promise<void> {
    const found = await connectTarget(
      this.#context,
      this.flow,
      (target) => this.#dial(target),
      () => this.#state !== 'connecting',
    );
    const { connection: begin } = found;
    if (this.#state !== 'connecting') {
      begin?.(NOBODY).abort('stream.aborted');
      return;
    }
    if (begin === null) {
      this.#fail(found.verdict.reason);
      return;
    }
    this.#target = found.target;
    this.#state = 'open';
    this.#upstream = begin({
      onDatagram: (datagram) => {
        this.#lastActiveMs = performance.now();
        if (this.#side.reply(datagram)) this.flow.bytesOut += datagram.length;
      },
      onClosed: (fault) => this.#onUpstreamClosed(fault),
    });
    for (const payload of this.#queue.splice(0)) this.#upstream.send(payload);
  }

  async #dial(target: Target): Promise<(handler: DatagramHandler) => UdpUpstream> {
    if (target.deviceId === null) return connectUdp(target.address);
    const { flow } = this;
    const context = { flow, resourceId: flow.resource!.id, protocol: 'udp' } as const;
    const stream = await this.#context.dialer.dial(target, context);
    return (handler) => udpOverStream(stream, handler);
  }

  #onUpstreamClosed(fault: Fault | null): void {
    if (this.#state !== 'open') return;
    if (fault === null) {
      this.#end(null);
      return;
    }
    if (this.#target !== null) reportLateFault(this.#context, this.flow, this.#target, fault);
    this.#fail(null);
  }

  /** Recorded now, remembered a little longer. */
  #fail(reason: Reason | null): void {
    if (reason !== null) this.flow.verdict = deny(reason);
    this.#state = 'failed';
    this.#lastActiveMs = performance.now();
    this.#queue = [];
    this.#upstream = null;
    endRawFlow(this.#context, this.flow);
  }

  #end(reason: Reason | null): void {
    this.#state = 'ended';
    this.#queue = [];
    this.#upstream?.abort(reason ?? 'stream.idle_timeout');
    endRawFlow(this.#context, this.flow);
    this.#side.onEnd();
  }

  #forget(): void {
    this.#state = 'ended';
    this.#side.onEnd();
  }
}
