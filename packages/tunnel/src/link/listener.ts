import { Fault, parseNetwork } from '@zeronaut/model';
import { createMuxSession, type MuxSession, type MuxSessionOptions } from '../mux/mux-session.ts';
import { encodeGoAway } from '../mux/wire.ts';
import { type ByteStream, NO_HANDLER } from '../stream/byte-stream.ts';
import { tlsCode } from '../tls/tls-fault.ts';
import { type PeerCertificate, readPeerCertificate } from './peer-certificate.ts';
import { type AcceptedSocket, createSecuredPort, type SecuredLink, type SecuredPort } from './secured-sockets.ts';
import type { TunnelCredentials } from './tls-profile.ts';

/**
 * The side of a tunnel that is dialled. A connection passes, in this order: the limits (pending, per address), TLS 1.3
 * with a certificate of our CA and the right ALPN, and `onPeer`, which knows the product and decides. Only then is
 * there a session; until then nothing of what the peer sends is read.
 */
export interface TunnelListener {
  /** Resolves with the port that is bound, rejects with a Fault. */
  start(): Promise<number>;
  /** For new connections. Throws nothing; false: OpenSSL cannot read them and the old ones stay. */
  updateCredentials(credentials: TunnelCredentials): boolean;
  /** Stops listening and closes every session with `code` (default `tunnel.closed`). */
  stop(code?: string): Promise<void>;
  readonly sessionCount: number;
  readonly pendingCount: number;
}

export interface TunnelPeer {
  readonly certificate: PeerCertificate;
  readonly address: string;
  readonly port: number;
}

export type PeerDecision =
  /** `code` reaches the peer as the fault of its attempt. */
  | { readonly accept: false; readonly code: string }
  | {
      readonly accept: true;
      readonly session: Omit<MuxSessionOptions, 'role'>;
      /** Called once, before anything of the peer is read. */
      onSession(session: MuxSession): void;
    };

export interface TunnelListenerOptions extends TunnelCredentials {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly alpn: string;
  /** Takes at most `decisionTimeoutMs`; a rejection or an exception refuses with `tunnel.refused`. */
  onPeer(peer: TunnelPeer): PeerDecision | Promise<PeerDecision>;
  /** A connection that did not become a session. */
  onRefused?(fault: Fault, address: string): void;
  /** Default 10,000. */
  readonly handshakeTimeoutMs?: number;
  /** Default 10,000. */
  readonly decisionTimeoutMs?: number;
  /**
   * Connections that are not yet sessions, all and per address (of IPv6 the first 64 bits). Defaults 1,024 and 32. Beyond
   * all, the oldest that has proved nothing gives way: whoever only holds connections must not keep devices out.
   */
  readonly maxPending?: number;
  readonly maxPendingPerAddress?: number;
  /** Connections and sessions of one address. Default 1,024. */
  readonly maxPerAddress?: number;
}

export function createTunnelListener(options: TunnelListenerOptions): TunnelListener {
  return new Listener(options);
}

const MAX_PENDING = 1_024;
const MAX_PENDING_PER_ADDRESS = 32;
const MAX_PER_ADDRESS = 1_024;
/** How long a peer that was refused may take to hang up. */
const GOODBYE_TIMEOUT_MS = 2_000;

interface Connection {
  readonly socket: AcceptedSocket;
  /** What limits count by. */
  readonly source: string;
  pending: boolean;
  session: MuxSession | null;
}

class Listener implements TunnelListener {
  readonly #options: TunnelListenerOptions;
  readonly #port: SecuredPort;
  readonly #connections = new Set<Connection>();
  readonly #perAddress = new Map<string, { all: number; pending: number }>();
  /** Those before the end of their handshake, oldest first. */
  readonly #strangers = new Set<Connection>();
  #pending = 0;
  #stopped = false;

  constructor(options: TunnelListenerOptions) {
    this.#options = options;
    const { cert, key, ca, host, port, alpn } = options;
    this.#port = createSecuredPort({
      ...{ cert, key, ca, host, port, alpn },
      onAccept: (socket) => this.#onAccept(socket),
    });
  }

  get sessionCount(): number {
    return this.#connections.size - this.#pending;
  }

  get pendingCount(): number {
    return this.#pending;
  }

  async start(): Promise<number> {
    try {
      return await this.#port.start();
    } catch (error) {
      const { message } = error as Error;
      throw new Fault('tunnel.listen_failed', { side: 'local', message, cause: error });
    }
  }

  updateCredentials({ cert, key, ca }: TunnelCredentials): boolean {
    try {
      this.#port.setCredentials({ cert, key, ca });
      return true;
    } catch (error) {
      const fault = new Fault('tunnel.credentials_invalid', { side: 'local', cause: error });
      this.#options.onRefused?.(fault, '');
      return false;
    }
  }

  async stop(code = 'tunnel.closed'): Promise<void> {
    this.#stopped = true;
    const stopped = this.#port.stop();
    for (const { session, socket } of this.#connections) {
      if (session === null) socket.destroy();
      else session.close(code);
    }
    await stopped;
  }

  #onAccept(socket: AcceptedSocket): void {
    const {
      maxPending = MAX_PENDING,
      maxPendingPerAddress = MAX_PENDING_PER_ADDRESS,
      maxPerAddress = MAX_PER_ADDRESS,
      handshakeTimeoutMs = 10_000,
    } = this.#options;
    const { address } = socket;
    const source = sourceOf(address);
    const counts = this.#perAddress.get(source) ?? { all: 0, pending: 0 };
    const tooMany = counts.pending >= maxPendingPerAddress || counts.all >= maxPerAddress;
    if (tooMany || this.#stopped || (this.#pending >= maxPending && !this.#dropStranger())) {
      socket.destroy();
      this.#options.onRefused?.(new Fault('tunnel.connection_limit', { side: 'local' }), address);
      return;
    }
    const connection: Connection = { socket, source, pending: true, session: null };
    this.#connections.add(connection);
    this.#perAddress.set(source, counts);
    counts.all++;
    counts.pending++;
    this.#pending++;
    this.#strangers.add(connection);
    const fail = (cause: Error) => {
      const { message } = cause;
      const fault = new Fault(tlsCode(cause) ?? 'tunnel.handshake_failed', { side: 'downstream', message, cause });
      this.#options.onRefused?.(fault, address);
    };
    const timer = setTimeout(() => {
      fail(new Error('the TLS handshake took too long'));
      socket.destroy();
    }, handshakeTimeoutMs);
    socket.whenClosed(() => {
      clearTimeout(timer);
      this.#settle(connection);
      this.#connections.delete(connection);
      if (--counts.all === 0) this.#perAddress.delete(source);
    });
    socket.secure((link, fault) => {
      clearTimeout(timer);
      if (link === null) fail(fault!);
      else this.#onSecured(connection, link);
    });
  }

  /** False when there is none. */
  #dropStranger(): boolean {
    const [oldest] = this.#strangers;
    if (oldest === undefined) return false;
    this.#settle(oldest);
    oldest.socket.destroy();
    this.#options.onRefused?.(new Fault('tunnel.connection_limit', { side: 'local' }), oldest.socket.address);
    return true;
  }

  /** It is no longer pending, whatever came of it. */
  #settle(connection: Connection): void {
    this.#strangers.delete(connection);
    if (!connection.pending) return;
    connection.pending = false;
    this.#pending--;
    this.#perAddress.get(connection.source)!.pending--;
  }

  #onSecured(connection: Connection, { stream, certificate, alpn }: SecuredLink): void {
    this.#strangers.delete(connection);
    if (alpn !== this.#options.alpn) {
      this.#refuse(connection, stream, 'tunnel.alpn_mismatch');
      return;
    }
    const { address, port } = connection.socket;
    void this.#admit(connection, stream, { certificate: readPeerCertificate(certificate), address, port });
  }

  async #admit(connection: Connection, stream: ByteStream, peer: TunnelPeer): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<PeerDecision>((resolve) => {
      const { decisionTimeoutMs = 10_000 } = this.#options;
      timer = setTimeout(() => resolve({ accept: false, code: 'tunnel.decision_timeout' }), decisionTimeoutMs);
    });
    let decision: PeerDecision;
    let cause: unknown;
    try {
      decision = await Promise.race([this.#options.onPeer(peer), late]);
    } catch (error) {
      decision = { accept: false, code: 'tunnel.refused' };
      cause = error;
    }
    clearTimeout(timer);
    if (this.#stopped) decision = { accept: false, code: 'tunnel.closed' };
    if (!decision.accept) {
      this.#refuse(connection, stream, decision.code, cause);
      return;
    }
    if (stream.closed) return;
    this.#settle(connection);
    const session = createMuxSession(stream, { ...decision.session, role: 'server' });
    connection.session = session;
    decision.onSession(session);
  }

  /** Tells the peer why, in the only language it speaks by now, and hangs up. */
  #refuse(connection: Connection, stream: ByteStream, code: string, cause?: unknown): void {
    this.#options.onRefused?.(new Fault(code, { side: 'downstream', cause }), connection.socket.address);
    if (stream.closed) return;
    const timer = setTimeout(() => stream.abort(), GOODBYE_TIMEOUT_MS);
    stream.handler = { ...NO_HANDLER, onClosed: () => clearTimeout(timer) };
    stream.resume();
    stream.write(encodeGoAway(code));
    stream.end();
  }
}

/** Whoever has one IPv6 address mostly has all of its last 64 bits. */
function sourceOf(address: string): string {
  const network = parseNetwork(address);
  return network?.kind === 'ipv6' ? network.bytes.slice(0, 8).join('.') : address;
}
