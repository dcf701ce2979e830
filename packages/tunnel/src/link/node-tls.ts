import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import {
  connect as connectTls,
  createServer as createTlsServer,
  type TLSSocket,
  type Server as TlsServer,
} from 'node:tls';
import { Fault, type FaultSide } from '@zeronaut/model';
import { socketFault, socketStream } from '../stream/socket-stream.ts';
import type {
  AcceptedSocket,
  SecuredDialOptions,
  SecuredDone,
  SecuredPort,
  SecuredPortOptions,
} from './secured-sockets.ts';
import { LINK_HIGH_WATER_BYTES, TLS_PROFILE, type TunnelCredentials } from './tls-profile.ts';

/** TLS as Node has it, for systems and processes without our own sockets. */
export class NodeTlsPort implements SecuredPort {
  readonly #options: SecuredPortOptions;
  readonly #tcp: Server;
  readonly #tls: TlsServer;
  /** By the peer's address and port: what a TCP socket and the TLS socket over it have in common. */
  readonly #sockets = new Map<string, NodeTlsSocket>();

  constructor(options: SecuredPortOptions) {
    this.#options = options;
    this.#tls = createTlsServer({
      ...TLS_PROFILE,
      cert: options.cert,
      key: options.key,
      ca: options.ca,
      requestCert: true,
      rejectUnauthorized: true,
      ALPNProtocols: [options.alpn],
    });
    this.#tls.on('secureConnection', (socket) => {
      const accepted = this.#sockets.get(peerName(socket));
      if (accepted === undefined) socket.destroy();
      else accepted.onSecure(socket);
    });
    this.#tls.on('tlsClientError', (error, socket) => {
      // A socket that is gone has no name any more; its 'close' tells.
      this.#sockets.get(peerName(socket))?.onError(error);
      socket.destroy();
    });
    // TLS is given only the connections that somebody asks it for.
    this.#tcp = createTcpServer({ noDelay: true, keepAlive: true }, (socket) => this.#onConnection(socket));
  }

  start(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#tcp.once('error', reject);
      this.#tcp.listen(this.#options.port, this.#options.host, () =>
        resolve((this.#tcp.address() as AddressInfo).port),
      );
    });
  }

  setCredentials({ cert, key, ca }: TunnelCredentials): void {
    this.#tls.setSecureContext({ ...TLS_PROFILE, cert, key, ca });
  }

  async stop(): Promise<void> {
    if (this.#tcp.listening) await new Promise((resolve) => this.#tcp.close(resolve));
  }

  #onConnection(socket: Socket): void {
    // Gone again between the kernel's accept and ours.
    if (socket.remoteAddress === undefined) {
      socket.destroy();
      return;
    }
    const name = peerName(socket);
    const accepted = new NodeTlsSocket(socket, this.#tls);
    this.#sockets.set(name, accepted);
    socket.once('close', () => {
      this.#sockets.delete(name);
      accepted.onClose();
    });
    this.#options.onAccept(accepted);
  }
}

class NodeTlsSocket implements AcceptedSocket {
  readonly address: string;
  readonly port: number;
  readonly #socket: Socket;
  readonly #tls: TlsServer;
  #done: SecuredDone | null = null;
  #whenClosed: (() => void) | null = null;

  constructor(socket: Socket, tls: TlsServer) {
    this.address = socket.remoteAddress ?? '';
    this.port = socket.remotePort ?? 0;
    this.#socket = socket;
    this.#tls = tls;
  }

  destroy(): void {
    this.#done = null;
    this.#socket.destroy();
  }

  whenClosed(callback: () => void): void {
    this.#whenClosed = callback;
  }

  secure(done: SecuredDone): void {
    this.#done = done;
    this.#tls.emit('connection', this.#socket);
  }

  onSecure(socket: TLSSocket): void {
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined || !socket.authorized) {
      this.onError(socket.authorizationError ?? new Error('no certificate'));
      socket.destroy();
      return;
    }
    const done = this.#done;
    this.#done = null;
    if (done === null) socket.destroy();
    else done({ stream: streamOf(socket, 'downstream'), certificate, alpn: socket.alpnProtocol || null }, null);
  }

  onError(error: unknown): void {
    const done = this.#done;
    this.#done = null;
    done?.(null, socketFault(error, 'downstream'));
  }

  onClose(): void {
    this.onError(new Error('closed before TLS was done'));
    this.#whenClosed?.();
  }
}

export function dialNodeTls(options: SecuredDialOptions, done: SecuredDone): () => void {
  const { host, port, servername, alpn, cert, key, ca } = options;
  const socket = connectTls({
    ...TLS_PROFILE,
    ...{ cert, key, ca, host, port, servername },
    ALPNProtocols: [alpn],
    rejectUnauthorized: true,
  });
  let settled = false;
  const fail = (fault: Fault): void => {
    if (settled) return;
    settled = true;
    socket.destroy();
    done(null, fault);
  };
  const onError = (error: unknown) => fail(socketFault(error, 'upstream'));
  socket.once('error', onError);
  socket.once('close', () => fail(new Fault('stream.reset', { side: 'upstream' })));
  socket.once('secureConnect', () => {
    if (settled) return;
    settled = true;
    socket.off('error', onError);
    const certificate = socket.getPeerX509Certificate()!;
    done({ stream: streamOf(socket, 'upstream'), certificate, alpn: socket.alpnProtocol || null }, null);
  });
  return () => {
    settled = true;
    socket.destroy();
  };
}

function streamOf(socket: TLSSocket, side: FaultSide) {
  const stream = socketStream(socket, { side, highWaterBytes: LINK_HIGH_WATER_BYTES });
  stream.pause();
  return stream;
}

function peerName(socket: Socket): string {
  return `${socket.remoteAddress}|${socket.remotePort}`;
}
