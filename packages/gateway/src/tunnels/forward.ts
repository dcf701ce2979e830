import {
  createId,
  deny,
  type Explanation,
  Fault,
  formatHostPort,
  isReason,
  type OpenFromClient,
  openFromClient,
  parseHostPort,
  parseJson,
  type Reason,
  type SnapshotSite,
  type Verdict,
} from '@zeronaut/model';
import { type ByteStream, NO_HANDLER, socketStream, splice } from '@zeronaut/tunnel';
import type { Logger } from 'pino';
import { type EndedFlow, flowEvent, rawStatus } from '../flow-event.ts';
import type { AgentLinks, Observer } from '../rooms.ts';
import type { CurrentTables, Tables } from '../tables.ts';
import { relayDatagrams } from './datagram-relay.ts';
import type { DeviceSession } from './device-session.ts';
import { connectTcp, connectUdp, resolveLocally } from './local-destination.ts';
import type { TunnelLimits } from './tunnel-limits.ts';

/**
 * `zeronaut forward`: a stream that a client opened, towards a destination that some site reaches. Before it: the
 * tunnel proved the device. It asks access, and only then joins the stream with the site's agent, or dials from here
 * for a local site. Every forward ends in one event.
 */
export interface ForwardAccess {
  decideForward(
    tables: Tables,
    request: {
      deviceId: string;
      /** Where the device's tunnel comes from. */
      address: string;
      destination: { host: string; port: number };
      /** Whether a site can be used now. */
      connected: (site: SnapshotSite) => boolean;
      nowMs: number;
    },
  ): { readonly verdict: Verdict; readonly site: SnapshotSite | null; readonly explanation: Explanation | null };
}

export interface Forwarder {
  /** Takes the stream over. */
  forward(session: DeviceSession, stream: ByteStream, header: Buffer): void;
  /** Cuts every open forward that would not be let through now, or not through the same site. */
  /** Ends every open forward. */
  cut(reason: Reason): void;
  reevaluate(): void;
}

export interface ForwarderOptions {
  readonly tables: Pick<CurrentTables, 'get'>;
  readonly observer: Pick<Observer, 'record'>;
  readonly access: ForwardAccess;
  readonly links: AgentLinks;
  readonly limits: TunnelLimits;
  readonly log: Pick<Logger, 'error'>;
}

export function createForwarder(options: ForwarderOptions): Forwarder {
  const open = new Set<Forward>();
  return {
    forward(session, stream, header) {
      const request = parseOpen(header);
      if (request === null) {
        stream.abort('tunnel.protocol_error');
        session.mux.close('tunnel.protocol_error');
        return;
      }
      const forward = new Forward(options, session, stream, request, () => open.delete(forward));
      open.add(forward);
      forward.start();
    },
    reevaluate() {
      for (const forward of open) forward.reevaluate();
    },
    cut(reason) {
      for (const forward of [...open]) forward.cut(reason);
    },
  };
}

function parseOpen(header: Buffer): OpenFromClient | null {
  return openFromClient.safeParse(parseJson(header.toString('utf8'))).data ?? null;
}

class Forward {
  readonly #options: ForwarderOptions;
  readonly #session: DeviceSession;
  readonly #stream: ByteStream;
  readonly #destination: { readonly host: string; readonly port: number };
  readonly #protocol: 'tcp' | 'udp';
  readonly #onEnd: () => void;
  readonly #tables: Tables;
  readonly #startedAt = Date.now();
  #verdict: Verdict = deny('forward.denied');
  #explanation: Explanation | null = null;
  #site: SnapshotSite | null = null;
  #upstream: ByteStream | null = null;
  #bytesIn = 0;
  #bytesOut = 0;
  #finished = false;

  constructor(
    options: ForwarderOptions,
    session: DeviceSession,
    stream: ByteStream,
    request: OpenFromClient,
    onEnd: () => void,
  ) {
    this.#options = options;
    this.#session = session;
    this.#stream = stream;
    // The schema lets nothing else through.
    this.#destination = parseHostPort(request.destination)!;
    this.#protocol = request.protocol;
    this.#onEnd = onEnd;
    this.#tables = options.tables.get();
    session.forwards++;
  }

  start(): void {
    if (this.#session.forwards > this.#options.limits.forwardsPerSession) {
      this.cut('limit.connections');
      return;
    }
    const { verdict, site, explanation } = this.#decide(this.#tables, (candidate) => this.#isConnected(candidate));
    this.#verdict = verdict;
    this.#explanation = explanation;
    this.#site = site;
    if (verdict.effect !== 'pass' || site === null) {
      this.cut(verdict.effect === 'pass' ? 'forward.no_site' : verdict.reason);
      return;
    }
    if (site.connection === 'tunnel') {
      this.#joinAgent(site);
      return;
    }
    // The caller's bytes wait in its stream's credit until somebody is there to take them.
    this.#stream.pause();
    this.#stream.handler = { ...NO_HANDLER, onClosed: () => this.#finish() };
    this.#joinLocal(site).catch((error: unknown) => {
      if (!(error instanceof Fault)) this.#options.log.error({ err: error }, 'forward failed by a bug');
      this.cut(error instanceof Fault && isReason(error.code) ? error.code : 'target.dial_refused');
    });
  }

  cut(reason: Reason): void {
    if (this.#finished) return;
    this.#verdict = deny(reason);
    this.#upstream?.abort(reason);
    this.#stream.abort(reason);
    this.#finish();
  }

  reevaluate(): void {
    const own = this.#site;
    if (own === null) return;
    // An open forward keeps its own way, whoever else could serve it by now.
    const { verdict, site, explanation } = this.#decide(this.#options.tables.get(), ({ id }) => id === own.id);
    if (verdict.effect !== 'pass') {
      this.#explanation = explanation;
      this.cut(verdict.reason);
    } else if (site?.deviceId !== own.deviceId || site.connection !== own.connection) this.cut('forward.site_away');
  }

  #isConnected(site: SnapshotSite): boolean {
    return (
      site.connection === 'local' || (site.deviceId !== null && this.#options.links.serves(site.deviceId, site.id))
    );
  }

  #decide(tables: Tables, connected: (site: SnapshotSite) => boolean) {
    return this.#options.access.decideForward(tables, {
      deviceId: this.#session.identity.deviceId,
      address: this.#session.address,
      destination: this.#destination,
      connected,
      nowMs: Date.now(),
    });
  }

  #joinAgent(site: SnapshotSite): void {
    const upstream = this.#options.links.open(site.deviceId!, {
      kind: 'site',
      siteId: site.id,
      destination: formatHostPort(this.#destination.host, this.#destination.port),
      protocol: this.#protocol,
      source: this.#session.identity.userId,
    });
    if (upstream === null) this.cut('forward.site_away');
    else this.#join(upstream);
  }

  async #joinLocal(site: SnapshotSite): Promise<void> {
    const { forwardConnectTimeoutMs, forwardUdpIdleTimeoutMs } = this.#options.limits;
    const addresses = await resolveLocally(site.destinations, this.#destination, forwardConnectTimeoutMs);
    if (this.#finished) return;
    const { port } = this.#destination;
    if (this.#protocol === 'tcp') {
      const socket = await connectTcp(addresses, port, forwardConnectTimeoutMs);
      if (this.#finished) socket.destroy();
      else this.#join(socketStream(socket));
      return;
    }
    const socket = await connectUdp(addresses[0]!, port);
    if (this.#finished) {
      socket.close();
      return;
    }
    relayDatagrams(this.#stream, socket, {
      idleTimeoutMs: forwardUdpIdleTimeoutMs,
      onBytes: (direction, bytes) => this.#count(direction === 'to_socket', bytes),
      onDone: () => this.#finish(),
    });
  }

  #join(upstream: ByteStream): void {
    this.#upstream = upstream;
    const { forwardTcpIdleTimeoutMs, forwardUdpIdleTimeoutMs } = this.#options.limits;
    splice(this.#stream, upstream, {
      idleTimeoutMs: this.#protocol === 'tcp' ? forwardTcpIdleTimeoutMs : forwardUdpIdleTimeoutMs,
      onBytes: (direction, bytes) => this.#count(direction === 'a_to_b', bytes),
      onDone: (fault) => {
        // The agent's refusal arrives as the fault of its stream.
        if (fault !== null && isReason(fault.code) && this.#bytesOut === 0 && this.#verdict.effect === 'pass') {
          this.#verdict = deny(fault.code);
        }
        this.#finish();
      },
    });
  }

  #count(inbound: boolean, bytes: number): void {
    if (inbound) this.#bytesIn += bytes;
    else this.#bytesOut += bytes;
  }

  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#session.forwards--;
    this.#onEnd();
    const { identity, address } = this.#session;
    const ended: EndedFlow = {
      requestId: createId('request', this.#startedAt),
      protocol: 'forward',
      tables: this.#tables,
      startedAt: this.#startedAt,
      downstream: { address },
      resource: null,
      verdict: this.#verdict,
      explanation: this.#explanation,
      targetId: this.#site?.id ?? '',
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
    };
    this.#options.observer.record(
      flowEvent(ended, {
        subject: identity.userId,
        credentialId: identity.deviceId,
        method: this.#protocol.toUpperCase(),
        host: formatHostPort(this.#destination.host, this.#destination.port).slice(0, 260),
        path: '',
        status: rawStatus(this.#verdict),
        durationMs: Math.max(0, Date.now() - this.#startedAt),
      }),
    );
  }
}
