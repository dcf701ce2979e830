import { type LookupAddress, lookup } from 'node:dns';
import { connect, isIP, type Socket } from 'node:net';
import { type FaultSide, formatHostPort, parseHostPort } from '@zeronaut/model';
import type { ByteStream } from '../stream/byte-stream.ts';
import { DirectReads } from '../stream/direct-reads.ts';
import { socketStream } from '../stream/socket-stream.ts';
import { KernelStream, STREAM_EVENTS } from './kernel-stream.ts';
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  EINPROGRESS,
  EPOLLERR,
  EPOLLHUP,
  EPOLLOUT,
  IPPROTO_TCP,
  SO_ERROR,
  SO_KEEPALIVE,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
  TCP_NODELAY,
} from './libc.ts';
import { type Readiness, sharedReadiness, type Watched, type WatchToken } from './readiness.ts';
import { encodeSocketAddress, encodeUnixAddress } from './socket-address.ts';
import { systemError } from './system-error.ts';

/** How long one address has before the next is tried beside it (RFC 8305 recommends 250 ms). */
const ATTEMPT_MS = 250;

/** Services listen on either, and `localhost` in a hosts file often names only one. */
const LOOPBACK: LookupAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

/** Exactly one of the two, once, never before `dialSocket` has returned. The stream is connected and paused. */
export type DialDone = (stream: ByteStream | null, error: NodeJS.ErrnoException | null) => void;

/**
 * Connects to `host:port` or `unix:/path`, with no bound of time but the kernel's. Names are resolved and their addresses
 * tried one after the other, the next one beside the last after 250 ms. `side` is that of the stream's faults. Returns
 * how to give up; `done` is not called after that.
 */
export function dialSocket(address: string, side: FaultSide, done: DialDone): () => void {
  const readiness = sharedReadiness();
  const at = address.startsWith('unix:') ? null : parseHostPort(address)!;
  // An address with a zone is the one thing that the engine does not know.
  if (readiness === null || at?.host.includes('%') === true) return dialNodeSocket(address, side, done);
  const dial = new KernelDial(readiness, side, done);
  if (at === null) dial.startUnix(address.slice('unix:'.length));
  else dial.start(at.host, at.port);
  return () => dial.giveUp();
}

class KernelDial {
  readonly #readiness: Readiness;
  readonly #side: FaultSide;
  readonly #done: DialDone;
  #addresses: readonly string[] = [];
  #next = 0;
  #port = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #attempts = new Set<Attempt>();
  #error: NodeJS.ErrnoException | null = null;
  #over = false;

  constructor(readiness: Readiness, side: FaultSide, done: DialDone) {
    this.#readiness = readiness;
    this.#side = side;
    this.#done = done;
  }

  start(host: string, port: number): void {
    this.#port = port;
    if (isIP(host) !== 0) this.#tryAll([{ address: host, family: 0 }]);
    else if (host === 'localhost') this.#tryAll(LOOPBACK);
    else {
      lookup(host, { all: true }, (error, found) => {
        if (this.#over) return;
        if (error !== null) this.#finish(null, error);
        else this.#tryAll(found);
      });
    }
  }

  startUnix(path: string): void {
    const address = encodeUnixAddress(path);
    if (address === null) this.#fail(Object.assign(new Error(`no path of a socket: ${path}`), { code: 'EINVAL' }));
    else this.#attempt(AF_UNIX, address, path);
  }

  giveUp(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    for (const attempt of this.#attempts) attempt.giveUp();
    this.#attempts.clear();
  }

  connected(attempt: Attempt, stream: KernelStream): void {
    this.#attempts.delete(attempt);
    this.#finish(stream, null);
  }

  failed(attempt: Attempt, error: NodeJS.ErrnoException): void {
    this.#attempts.delete(attempt);
    this.#fail(error);
  }

  #tryAll(found: readonly LookupAddress[]): void {
    this.#addresses = found.map(({ address }) => address);
    this.#tryNext();
  }

  #tryNext(): void {
    clearTimeout(this.#timer);
    const address = this.#addresses[this.#next++];
    if (address === undefined) return;
    if (this.#next < this.#addresses.length) this.#timer = setTimeout(() => this.#tryNext(), ATTEMPT_MS);
    const family = isIP(address) === 6 ? AF_INET6 : AF_INET;
    this.#attempt(family, encodeSocketAddress(address, this.#port)!, formatHostPort(address, this.#port));
  }

  #attempt(family: number, address: Buffer, at: string): void {
    const attempt = new Attempt(this.#readiness, this, this.#side, at);
    this.#attempts.add(attempt);
    attempt.start(family, address);
  }

  #fail(error: NodeJS.ErrnoException): void {
    this.#error ??= error;
    if (this.#next < this.#addresses.length) this.#tryNext();
    else if (this.#attempts.size === 0) this.#finish(null, this.#error);
  }

  #finish(stream: KernelStream | null, error: NodeJS.ErrnoException | null): void {
    this.giveUp();
    this.#done(stream, error);
  }
}

class Attempt implements Watched {
  readonly #readiness: Readiness;
  readonly #dial: KernelDial;
  readonly #side: FaultSide;
  readonly #at: string;
  #fd = -1;
  #token: WatchToken = 0;
  #over = false;

  constructor(readiness: Readiness, dial: KernelDial, side: FaultSide, at: string) {
    this.#readiness = readiness;
    this.#dial = dial;
    this.#side = side;
    this.#at = at;
  }

  start(family: number, address: Buffer): void {
    const failed = this.#connect(family, address);
    if (failed === null) return;
    const errno = this.#readiness.libc.errno();
    process.nextTick(() => {
      if (!this.#over) this.#fail(failed, errno);
    });
  }

  /** The call that failed, or null. */
  #connect(family: number, address: Buffer): string | null {
    const { libc } = this.#readiness;
    this.#fd = libc.socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (this.#fd < 0) return 'socket';
    if (family !== AF_UNIX) {
      libc.setsockopt(this.#fd, IPPROTO_TCP, TCP_NODELAY, ONE, 4);
      libc.setsockopt(this.#fd, SOL_SOCKET, SO_KEEPALIVE, ONE, 4);
    }
    // Loopback and Unix sockets are mostly connected when the call returns.
    const connected = libc.connect(this.#fd, address, address.length) === 0;
    if (!connected && libc.errno() !== EINPROGRESS) return 'connect';
    const token = this.#readiness.watch(this.#fd, STREAM_EVENTS, this);
    if (token === undefined) return 'epoll_ctl';
    this.#token = token;
    if (connected) process.nextTick(connectedNow, this);
    return null;
  }

  /** The caller has not got hold of us yet. */
  connectedNow(): void {
    if (!this.#over) this.#handOver(false);
  }

  giveUp(): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#token !== 0) this.#readiness.forget(this.#token);
    if (this.#fd >= 0) this.#readiness.libc.close(this.#fd);
  }

  onReady(events: number): void {
    if (this.#over || (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) === 0) return;
    const value = new Int32Array(1);
    const { libc } = this.#readiness;
    if (libc.getsockopt(this.#fd, SOL_SOCKET, SO_ERROR, value, Uint32Array.of(4)) !== 0) value[0] = libc.errno();
    if (value[0] === 0) this.#handOver(true);
    else this.#fail('connect', value[0]!);
  }

  #handOver(told: boolean): void {
    this.#over = true;
    this.#dial.connected(this, new KernelStream(this.#readiness, this.#fd, this.#token, { side: this.#side, told }));
  }

  #fail(call: string, errno: number): void {
    this.giveUp();
    this.#dial.failed(this, systemError(call, errno, this.#at));
  }
}

const ONE = Int32Array.of(1);

function connectedNow(attempt: Attempt): void {
  attempt.connectedNow();
}

function dialNodeSocket(address: string, side: FaultSide, done: DialDone): () => void {
  const reads = new DirectReads();
  const socket = openNodeSocket(address, reads);
  const release = () => {
    socket.off('connect', onConnect);
    socket.off('error', onError);
  };
  const onConnect = () => {
    release();
    done(socketStream(socket, { side, reads }), null);
  };
  const onError = (error: NodeJS.ErrnoException) => {
    release();
    abandon(socket);
    done(null, error);
  };
  socket.once('connect', onConnect);
  socket.once('error', onError);
  socket.pause();
  return () => {
    release();
    abandon(socket);
  };
}

function openNodeSocket(address: string, { onread }: DirectReads): Socket {
  if (address.startsWith('unix:')) return connect({ path: address.slice('unix:'.length), allowHalfOpen: true, onread });
  const at = parseHostPort(address)!;
  return connect({
    host: at.host,
    port: at.port,
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    onread,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: ATTEMPT_MS,
    ...(at.host === 'localhost' && {
      lookup: (_host, _options, callback) => callback(null, LOOPBACK),
    }),
  });
}

function abandon(socket: Socket): void {
  // A connect that fails after we gave up is no news.
  socket.on('error', () => undefined);
  socket.destroy();
}
