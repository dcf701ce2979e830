import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer, type SecureContext, type TLSSocket } from 'node:tls';
import { Fault, parseAddress } from '@zeronaut/model';
import { type ByteStream, type ConnectionEnds, listenSocket, socketStream } from '@zeronaut/tunnel';
import type { HttpConnections } from '../rooms.ts';
import { type CertificateStore, TLS_PROFILE_HTTPS } from './certificate-store.ts';
import type { ConnectionsBySource } from './connections-by-source.ts';

/**
 * Where visitors come in: accepts TCP, does TLS, and hands connections to the pipeline. It bounds how many there are and
 * how long a handshake may take, and knows nothing of what is in them.
 */
export interface ListenerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly protocol: 'http' | 'https';
  readonly pipeline: HttpConnections;
  /** Needed for https. */
  readonly certificates?: CertificateStore;
  /** Answer everything with a redirect to https (http only). Default false. */
  readonly redirectToHttps?: boolean;
  /** Over all listeners that share the pipeline. */
  readonly maxConnections: number;
  /** Shared in the same way. */
  readonly sources: ConnectionsBySource;
  /** TLS handshake bound; default 10 s. */
  readonly handshakeTimeoutMs?: number;
}

export interface Listener {
  readonly address: { readonly host: string; readonly port: number };
  /** No new connections; those that are open belong to the pipeline, which is stopped by itself. */
  stop(): Promise<void>;
}

const TOO_MANY = Buffer.from(
  'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
  'latin1',
);

/** Rejects with a Fault when the address cannot be listened on. */
export async function startListener(options: ListenerOptions): Promise<Listener> {
  try {
    return await (options.protocol === 'https' ? listenHttps(options) : listenHttp(options));
  } catch (cause) {
    if (cause instanceof Fault || !(cause instanceof Error)) throw cause;
    throw new Fault('listener.failed', { side: 'local', message: cause.message, cause });
  }
}

/** Waiting callers that the kernel keeps for us. */
const BACKLOG = 4096;

async function listenHttp(options: ListenerOptions): Promise<Listener> {
  const listener = await listenSocket({
    ...{ host: options.host, port: options.port, backlog: BACKLOG },
    onConnection: (stream, ends) => acceptHttp(options, listener.port, stream, ends),
    // One accept (descriptors ran out, say); the listener goes on.
    onError: () => undefined,
  });
  const { address: host, port } = listener;
  return { address: { host, port }, stop: () => listener.close() };
}

function acceptHttp(options: ListenerOptions, localPort: number, stream: ByteStream, ends: ConnectionEnds): void {
  const { pipeline, maxConnections, sources } = options;
  const { remote } = ends;
  const release = pipeline.connections >= maxConnections ? null : sources.admit(remote.address, maxConnections);
  if (release === null) {
    stream.write(TOO_MANY);
    stream.end();
    stream.abort();
    return;
  }
  ends.whenClosed(release);
  pipeline.serve(
    stream,
    {
      address: remote.address,
      port: remote.port,
      // A system call that hardly anybody needs.
      get localAddress() {
        return ends.local()?.address ?? '';
      },
      localPort,
      tls: false,
      serverName: null,
    },
    { redirectToHttps: options.redirectToHttps ?? false },
  );
  stream.resume();
}

async function listenHttps(options: ListenerOptions): Promise<Listener> {
  const handshakes = new Set<Socket>();
  const server = createHttps(options, handshakes);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: options.host, port: options.port, backlog: BACKLOG }, resolve);
  });
  // From here on errors concern one accept (descriptors ran out, say); the listener goes on.
  server.removeAllListeners('error');
  server.on('error', () => undefined);
  const { address, port } = server.address() as AddressInfo;
  return {
    address: { host: address, port },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of handshakes) socket.destroy();
      }),
  };
}

function createHttps(options: ListenerOptions, handshakes: Set<Socket>): Server {
  const { certificates, pipeline, maxConnections, sources } = options;
  if (certificates === undefined)
    throw new Fault('listener.failed', { side: 'local', message: 'https needs certificates' });
  const server = createTlsServer({
    ...defaultCredentials(certificates),
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    handshakeTimeout: options.handshakeTimeoutMs ?? 10_000,
    ALPNProtocols: ['http/1.1'],
    ...TLS_PROFILE_HTTPS,
    SNICallback: (serverName, done) => {
      let context: SecureContext | null;
      try {
        context = certificates.contextFor(serverName);
      } catch (error) {
        // A certificate that OpenSSL refuses concerns its own host only.
        done(error as Error);
        return;
      }
      if (context === null) done(new Error('no certificate for this name'));
      else done(null, context);
    },
  });
  // For callers that send no server name.
  const unsubscribe = certificates.subscribe(() => {
    try {
      server.setSecureContext({ ...TLS_PROFILE_HTTPS, ...defaultCredentials(certificates) });
    } catch {
      // OpenSSL refuses the new default certificate: the old one stays, and callers with a name are not concerned.
    }
  });
  server.once('close', unsubscribe);
  server.on('connection', (socket: Socket) => {
    const full = pipeline.connections + handshakes.size >= maxConnections;
    const release = full ? null : sources.admit(socket.remoteAddress ?? '', maxConnections);
    if (release === null) {
      socket.destroy();
      return;
    }
    handshakes.add(socket);
    socket.once('close', () => {
      handshakes.delete(socket);
      release();
    });
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    const raw = (socket as unknown as { _parent?: Socket })._parent;
    if (raw !== undefined) handshakes.delete(raw);
    const name = socket.servername;
    serve(options, socket, typeof name === 'string' && name !== '' ? name.toLowerCase() : null);
  });
  // What a stranger gets wrong in a handshake is his affair. After a time-out Node leaves the socket open.
  server.on('tlsClientError', (_error, socket) => {
    socket.destroy();
  });
  return server;
}

function defaultCredentials(certificates: CertificateStore): { cert?: string; key?: string } {
  const found = certificates.defaultCertificate();
  return found === null ? {} : { cert: found.certificate, key: found.key };
}

function serve(options: ListenerOptions, socket: TLSSocket, serverName: string | null): void {
  const address = socket.remoteAddress === undefined ? null : parseAddress(socket.remoteAddress);
  if (address === null) {
    // Gone before we looked.
    socket.destroy();
    return;
  }
  options.pipeline.serve(socketStream(socket, { side: 'downstream' }), {
    address,
    port: socket.remotePort ?? 0,
    localAddress: parseAddress(socket.localAddress ?? '') ?? '',
    localPort: socket.localPort ?? 0,
    tls: true,
    serverName,
  });
}
