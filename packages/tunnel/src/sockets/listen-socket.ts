import { lookup } from 'node:dns/promises';
import { type AddressInfo, createServer, isIP } from 'node:net';
import { parseAddress } from '@zeronaut/model';
import type { ByteStream } from '../stream/byte-stream.ts';
import { socketStream } from '../stream/socket-stream.ts';
import { KernelStream, STREAM_EVENTS } from './kernel-stream.ts';
import {
  AF_INET,
  AF_INET6,
  EAGAIN,
  ECONNABORTED,
  EINTR,
  EMFILE,
  ENFILE,
  EPOLLIN,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_V6ONLY,
  SO_KEEPALIVE,
  SO_REUSEADDR,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
  TCP_NODELAY,
} from './libc.ts';
import { type Readiness, sharedReadiness, type Watched, type WatchToken } from './readiness.ts';
import {
  decodeSocketAddress,
  encodeSocketAddress,
  SOCKET_ADDRESS_BYTES,
  type SocketAddress,
} from './socket-address.ts';
import { systemError } from './system-error.ts';

export interface ListenOptions {
  /** An address or a name; `::` is IPv4 as well. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Connections that the kernel keeps for us; it has a bound of its own (`net.core.somaxconn`). */
  readonly backlog: number;
  /** The stream is paused, its faults are `downstream`. */
  onConnection(stream: ByteStream, ends: ConnectionEnds): void;
  /** A connection could not be accepted (descriptors ran out, mostly); the listener goes on. */
  onError(error: NodeJS.ErrnoException): void;
}

export interface ConnectionEnds {
  readonly remote: SocketAddress;
  /** A system call of its own. Only while the connection is open; null if it is not. */
  local(): SocketAddress | null;
  /** `callback` is called when the connection is closed, whoever handles the stream by then. One callback at most. */
  whenClosed(callback: () => void): void;
}

export interface SocketListener {
  readonly address: string;
  readonly port: number;
  /** No new connections; those that were accepted stay. The port is free when it resolves. */
  close(): Promise<void>;
}

/** Rejects with the error of the system (`EADDRINUSE`, `EACCES`, …) when the address cannot be listened on. */
export async function listenSocket(options: ListenOptions): Promise<SocketListener> {
  const readiness = sharedReadiness();
  const address = isIP(options.host) === 0 ? (await lookup(options.host)).address : options.host;
  // An address with a zone is the one thing that the engine does not know.
  if (readiness === null || address.includes('%')) return listenNodeSocket({ ...options, host: address });
  return new KernelListener(readiness, { ...options, host: address });
}

/** So many are accepted in one turn; those that were accepted before have theirs in between. */
const ACCEPTS_PER_TURN = 64;
/** Without descriptors, trying again at once would only spin; callers wait in the backlog. */
const REST_MS = 100;
const ONE = Int32Array.of(1);
const ZERO = Int32Array.of(0);

class KernelListener implements SocketListener, Watched {
  readonly address: string;
  readonly port: number;
  readonly #readiness: Readiness;
  readonly #options: ListenOptions;
  readonly #fd: number;
  readonly #token: WatchToken;
  readonly #peer = Buffer.alloc(SOCKET_ADDRESS_BYTES);
  readonly #peerBytes = new Uint32Array(1);
  #rest: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(readiness: Readiness, options: ListenOptions) {
    this.#readiness = readiness;
    this.#options = options;
    const { libc } = readiness;
    const at = `${options.host}:${options.port}`;
    const bytes = encodeSocketAddress(options.host, options.port)!;
    const family = bytes.readUInt16LE(0);
    const fd = libc.socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) throw systemError('listen', libc.errno(), at);
    libc.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, ONE, 4);
    if (family === AF_INET6) libc.setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, ZERO, 4);
    // Accepted sockets inherit both.
    libc.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, ONE, 4);
    libc.setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, ONE, 4);
    const failed = libc.bind(fd, bytes, bytes.length) < 0 || libc.listen(fd, options.backlog) < 0;
    const token = failed ? undefined : readiness.watch(fd, EPOLLIN, this);
    if (token === undefined) {
      const error = systemError('listen', libc.errno(), at);
      libc.close(fd);
      throw error;
    }
    this.#fd = fd;
    this.#token = token;
    ({ address: this.address, port: this.port } = socketName(readiness, fd)!);
  }

  close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      clearTimeout(this.#rest);
      this.#readiness.forget(this.#token);
      this.#readiness.libc.close(this.#fd);
    }
    return Promise.resolve();
  }

  onReady(): void {
    const { libc } = this.#readiness;
    for (let i = 0; i < ACCEPTS_PER_TURN && !this.#closed; i++) {
      this.#peerBytes[0] = SOCKET_ADDRESS_BYTES;
      const fd = libc.accept4(this.#fd, this.#peer, this.#peerBytes, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= 0) {
        this.#accept(fd);
        continue;
      }
      const errno = libc.errno();
      if (errno === EAGAIN) return;
      if (errno === EINTR || errno === ECONNABORTED) continue;
      this.#options.onError(systemError('accept', errno, ''));
      if (errno === EMFILE || errno === ENFILE) {
        this.#takeRest();
        return;
      }
    }
  }

  #accept(fd: number): void {
    const remote = decodeSocketAddress(this.#peer);
    const token = remote === null ? undefined : this.#readiness.watch(fd, STREAM_EVENTS);
    if (remote === null || token === undefined) {
      this.#readiness.libc.close(fd);
      return;
    }
    const stream = new KernelStream(this.#readiness, fd, token, { side: 'downstream', told: false });
    this.#options.onConnection(stream, {
      remote,
      local: () => (stream.closed ? null : socketName(this.#readiness, fd)),
      whenClosed(callback) {
        stream.whenClosed = callback;
      },
    });
  }

  #takeRest(): void {
    this.#readiness.change(this.#token, this.#fd, 0);
    this.#rest = setTimeout(() => this.#readiness.change(this.#token, this.#fd, EPOLLIN), REST_MS);
  }
}

function socketName(readiness: Readiness, fd: number): SocketAddress | null {
  const bytes = Buffer.alloc(SOCKET_ADDRESS_BYTES);
  if (readiness.libc.getsockname(fd, bytes, Uint32Array.of(bytes.length)) !== 0) return null;
  const name = decodeSocketAddress(bytes);
  // What a listener on `::` is called; the shortest form of an address would make it IPv4.
  return name?.address === '0.0.0.0' && bytes.readUInt16LE(0) !== AF_INET ? { ...name, address: '::' } : name;
}

async function listenNodeSocket(options: ListenOptions): Promise<SocketListener> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true, keepAlive: true });
  server.on('connection', (socket) => {
    const address = parseAddress(socket.remoteAddress ?? '');
    // Gone again between the kernel's accept and ours.
    if (address === null) {
      socket.destroy();
      return;
    }
    options.onConnection(socketStream(socket, { side: 'downstream' }), {
      remote: { address, port: socket.remotePort ?? 0 },
      local: () => {
        const local = parseAddress(socket.localAddress ?? '');
        return local === null ? null : { address: local, port: socket.localPort ?? 0 };
      },
      whenClosed: (callback) => socket.once('close', callback),
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: options.host, port: options.port, backlog: options.backlog }, () => {
      server.off('error', reject);
      server.on('error', options.onError);
      resolve();
    });
  });
  const { address, port } = server.address() as AddressInfo;
  return { address, port, close: () => new Promise((resolve) => server.close(() => resolve())) };
}
