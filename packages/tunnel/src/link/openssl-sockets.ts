import { formatHostPort } from '@zeronaut/model';
import { dialSocket } from '../sockets/dial-socket.ts';
import { type ConnectionEnds, listenSocket, type SocketListener } from '../sockets/listen-socket.ts';
import type { ByteStream } from '../stream/byte-stream.ts';
import { socketFault } from '../stream/socket-stream.ts';
import type { OpenSsl } from '../tls/openssl.ts';
import { TlsContext } from '../tls/tls-context.ts';
import { startTls } from '../tls/tls-stream.ts';
import type {
  AcceptedSocket,
  SecuredDialOptions,
  SecuredDone,
  SecuredPort,
  SecuredPortOptions,
} from './secured-sockets.ts';
import type { TunnelCredentials } from './tls-profile.ts';

/** Connections that the kernel keeps for a port; the same as Node's. */
const BACKLOG = 511;

export class OpenSslPort implements SecuredPort {
  readonly #openssl: OpenSsl;
  readonly #options: SecuredPortOptions;
  #context: TlsContext;
  #listener: SocketListener | null = null;
  #stopped = false;

  constructor(openssl: OpenSsl, options: SecuredPortOptions) {
    this.#openssl = openssl;
    this.#options = options;
    this.#context = new TlsContext(openssl, 'server', options, options.alpn);
  }

  async start(): Promise<number> {
    const { host, port, onAccept } = this.#options;
    this.#listener = await listenSocket({
      ...{ host, port, backlog: BACKLOG },
      onConnection: (stream, ends) => onAccept(new OpenSslSocket(stream, ends, this)),
      // The connection waits in the backlog until there are descriptors again.
      onError: () => undefined,
    });
    return this.#listener.port;
  }

  setCredentials(credentials: TunnelCredentials): void {
    const next = new TlsContext(this.#openssl, 'server', credentials, this.#options.alpn);
    this.#context.free();
    this.#context = next;
  }

  /** Null: the port was stopped. */
  get context(): TlsContext | null {
    return this.#stopped ? null : this.#context;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#context.free();
    await this.#listener?.close();
  }
}

class OpenSslSocket implements AcceptedSocket {
  readonly address: string;
  readonly port: number;
  readonly #ends: ConnectionEnds;
  readonly #owner: OpenSslPort;
  #stream: ByteStream;

  constructor(stream: ByteStream, ends: ConnectionEnds, owner: OpenSslPort) {
    ({ address: this.address, port: this.port } = ends.remote);
    this.#stream = stream;
    this.#ends = ends;
    this.#owner = owner;
  }

  destroy(): void {
    this.#stream.abort();
  }

  whenClosed(callback: () => void): void {
    this.#ends.whenClosed(callback);
  }

  secure(onDone: SecuredDone): void {
    const { context } = this.#owner;
    if (context === null) this.#stream.abort();
    else this.#stream = startTls(this.#stream, context, { side: 'downstream', onDone });
  }
}

export function dialOpenSsl(openssl: OpenSsl, options: SecuredDialOptions, done: SecuredDone): () => void {
  const { host, port, servername, alpn } = options;
  const context = new TlsContext(openssl, 'client', options, alpn);
  let tls: ByteStream | null = null;
  const hangUp = dialSocket(formatHostPort(host, port), 'upstream', (stream, error) => {
    if (stream === null) done(null, socketFault(error, 'upstream'));
    else tls = startTls(stream, context, { servername, side: 'upstream', onDone: done });
    context.free();
  });
  return () => {
    hangUp();
    // Connections keep it as long as they need it.
    context.free();
    tls?.abort();
  };
}
