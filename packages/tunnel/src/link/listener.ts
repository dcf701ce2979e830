import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import { Fault, parseNetwork } from '@zeronaut/model';
import { createMuxSession, type MuxSession, type MuxSessionOptions } from '../mux/mux-session.ts';
import { encodeGoAway } from '../mux/wire.ts';
import { NO_HANDLER } from '../stream/byte-stream.ts';
import { socketStream } from '../stream/socket-stream.ts';
import { type PeerCertificate, readPeerCertificate } from './peer-certificate.ts';
import { LINK_HIGH_WATER_BYTES, TLS_PROFILE, type TunnelCredentials } from './tls-profile.ts';

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
  readonly socket: Socket;
  readonly address: string;
  /** What limits count by. */
  readonly source: string;
  pending: boolean;
  session: MuxSession | null;
}

class Listener implements TunnelListener {
  readonly #options: TunnelListenerOptions;
  readonly #tcp: Server;
  readonly #tls: TlsServer;
  /** By the peer's address and port: what a TCP socket and the TLS socket over it have in common. */
  readonly #connections = new Map<string, Connection>();
  readonly #perAddress = new Map<string, { all: number; pending: number }>();
  /** Those before the end of their handshake, oldest first. */
  readonly #strangers = new Set<Connection>();
  #pending = 0;
  #stopped = false;

  constructor(options: TunnelListenerOptions) {
    this.#options = options;
    this.#tls = createTlsServer({
      ...TLS_PROFILE,
      cert: options.cert,
      key: options.key,
      ca: options.ca,
      requestCert: true,
      rejectUnauthorized: true,
      ALPNProtocols: [options.alpn],
      handshakeTimeout: options.handshakeTimeoutMs ?? 10_000,
    });
    this.#tls.on('secureConnection', (socket) => this.#onSecure(socket));
    this.#tls.on('tlsClientError', (error, socket) => {
      const fault = new Fault('tunnel.handshake_failed', { side: 'downstream', message: error.message, cause: error });
      this.#options.onRefused?.(fault, socket.remoteAddress ?? '');
      socket.destroy();
    });
    // TLS is given only the connections that the limits let through.
    this.#tcp = createTcpServer({ noDelay: true, keepAlive: true }, (socket) => this.#onConnection(socket));
  }

  get sessionCount(): number {
    return this.#connections.size - this.#pending;
  }

  get pendingCount(): number {
    return this.#pending;
  }

  start(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#tcp.once('error', (error) =>
        reject(new Fault('tunnel.listen_failed', { side: 'local', message: error.message, cause: error })),
      );
      this.#tcp.listen(this.#options.port, this.#options.host, () => {
        const address = this.#tcp.address();
        resolve(address !== null && typeof address === 'object' ? address.port : 0);
      });
    });
  }

  updateCredentials({ cert, key, ca }: TunnelCredentials): boolean {
    try {
      this.#tls.setSecureContext({ ...TLS_PROFILE, cert, key, ca });
      return true;
    } catch (error) {
      const fault = new Fault('tunnel.credentials_invalid', { side: 'local', cause: error });
      this.#options.onRefused?.(fault, '');
      return false;
    }
  }

  async stop(code = 'tunnel.closed'): Promise<void> {
    this.#stopped = true;
    const closed = this.#tcp.listening ? new Promise<void>((resolve) => this.#tcp.close(() => resolve())) : undefined;
    for (const connection of this.#connections.values()) {
      if (connection.session === null) connection.socket.destroy();
      else connection.session.close(code);
    }
    await closed;
  }

  #onConnection(socket: Socket): void {
    const {
      maxPending = MAX_PENDING,
      maxPendingPerAddress = MAX_PENDING_PER_ADDRESS,
      maxPerAddress = MAX_PER_ADDRESS,
    } = this.#options;
    const address = socket.remoteAddress ?? '';
    const source = sourceOf(address);
    const counts = this.#perAddress.get(source) ?? { all: 0, pending: 0 };
    const tooMany = counts.pending >= maxPendingPerAddress || counts.all >= maxPerAddress;
    if (tooMany || this.#stopped || address === '' || (this.#pending >= maxPending && !this.#dropStranger())) {
      socket.destroy();
      this.#options.onRefused?.(new Fault('tunnel.connection_limit', { side: 'local' }), address);
      return;
    }
    const connection: Connection = { socket, address, source, pending: true, session: null };
    const name = peerName(socket);
    this.#connections.set(name, connection);
    this.#perAddress.set(source, counts);
    counts.all++;
    counts.pending++;
    this.#pending++;
    this.#strangers.add(connection);
    socket.once('close', () => {
      this.#settle(connection);
      this.#connections.delete(name);
      if (--counts.all === 0) this.#perAddress.delete(source);
    });
    this.#tls.emit('connection', socket);
  }

  /** False when there is none. */
  #dropStranger(): boolean {
    const [oldest] = this.#strangers;
    if (oldest === undefined) return false;
    this.#settle(oldest);
    oldest.socket.destroy();
    this.#options.onRefused?.(new Fault('tunnel.connection_limit', { side: 'local' }), oldest.address);
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

  #onSecure(socket: TLSSocket): void {
    const connection = this.#connections.get(peerName(socket));
    const certificate = socket.getPeerX509Certificate();
    if (connection === undefined || certificate === undefined || !socket.authorized) {
      socket.destroy();
      return;
    }
    this.#strangers.delete(connection);
    if (socket.alpnProtocol !== this.#options.alpn) {
      this.#refuse(connection, socket, 'tunnel.alpn_mismatch');
      return;
    }
    const peer: TunnelPeer = {
      certificate: readPeerCertificate(certificate),
      address: connection.address,
      port: connection.socket.remotePort ?? 0,
    };
    socket.once('error', () => socket.destroy());
    void this.#admit(connection, socket, peer);
  }

  async #admit(connection: Connection, socket: TLSSocket, peer: TunnelPeer): Promise<void> {
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
      this.#refuse(connection, socket, decision.code, cause);
      return;
    }
    if (socket.destroyed) return;
    this.#settle(connection);
    const session = createMuxSession(
      socketStream(socket, { side: 'downstream', highWaterBytes: LINK_HIGH_WATER_BYTES }),
      {
        ...decision.session,
        role: 'server',
      },
    );
    connection.session = session;
    decision.onSession(session);
  }

  /** Tells the peer why, in the only language it speaks by now, and hangs up. */
  #refuse(connection: Connection, socket: TLSSocket, code: string, cause?: unknown): void {
    this.#options.onRefused?.(new Fault(code, { side: 'downstream', cause }), connection.address);
    if (socket.destroyed) return;
    const stream = socketStream(socket, { side: 'downstream' });
    stream.write(encodeGoAway(code));
    stream.end();
    const timer = setTimeout(() => stream.abort(), GOODBYE_TIMEOUT_MS);
    stream.handler = { ...NO_HANDLER, onClosed: () => clearTimeout(timer) };
  }
}

/** Whoever has one IPv6 address mostly has all of its last 64 bits. */
function sourceOf(address: string): string {
  const network = parseNetwork(address);
  return network?.kind === 'ipv6' ? network.bytes.slice(0, 8).join('.') : address;
}

function peerName(socket: Socket): string {
  return `${socket.remoteAddress}|${socket.remotePort}`;
}
