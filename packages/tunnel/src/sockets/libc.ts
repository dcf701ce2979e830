import koffi from 'koffi';

/**
 * The system calls of Linux that the socket engine makes, through koffi. Numbers and struct layouts are of the kernel's
 * stable interface for x86-64 and arm64 (both little-endian, 64 bits).
 */
export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_STREAM = 1;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_ERROR = 4;
export const SO_KEEPALIVE = 9;
export const SO_LINGER = 13;
export const IPPROTO_TCP = 6;
export const TCP_NODELAY = 1;
export const IPPROTO_IPV6 = 41;
export const IPV6_V6ONLY = 26;
export const SHUT_WR = 1;
export const MSG_DONTWAIT = 0x40;
export const MSG_NOSIGNAL = 0x4000;
export const MSG_MORE = 0x8000;

export const EPOLLIN = 0x001;
export const EPOLLOUT = 0x004;
export const EPOLLERR = 0x008;
export const EPOLLHUP = 0x010;
export const EPOLLRDHUP = 0x2000;
export const EPOLLET = 0x8000_0000;
export const EPOLL_CTL_ADD = 1;
export const EPOLL_CTL_MOD = 3;
export const UV_POLL = 8;
export const UV_READABLE = 1;
export const EPOLL_CLOEXEC = 0o2000000;

export const EINTR = 4;
export const EAGAIN = 11;
export const ENFILE = 23;
export const EMFILE = 24;
export const EPIPE = 32;
export const ECONNABORTED = 103;
export const EINPROGRESS = 115;

/** `struct epoll_event` is packed on x86-64 alone. */
export const EPOLL_EVENT_BYTES = process.arch === 'x64' ? 12 : 16;
/** Where its 64 bits of user data begin. */
export const EPOLL_DATA_OFFSET = process.arch === 'x64' ? 4 : 8;

/** Calls that fail return -1 and leave the reason in `errno()` until the next call. */
export interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  connect(fd: number, address: Uint8Array, bytes: number): number;
  bind(fd: number, address: Uint8Array, bytes: number): number;
  listen(fd: number, backlog: number): number;
  accept4(fd: number, address: Uint8Array, bytes: Uint32Array, flags: number): number;
  getsockname(fd: number, address: Uint8Array, bytes: Uint32Array): number;
  getsockopt(fd: number, level: number, name: number, value: Int32Array, bytes: Uint32Array): number;
  setsockopt(fd: number, level: number, name: number, value: Int32Array, bytes: number): number;
  recv(fd: number, into: Uint8Array, bytes: number, flags: number): number;
  send(fd: number, from: Uint8Array, bytes: number, flags: number): number;
  shutdown(fd: number, how: number): number;
  close(fd: number): number;
  epollCreate(flags: number): number;
  epollCtl(epfd: number, operation: number, fd: number, event: Uint8Array): number;
  epollWait(epfd: number, events: Uint8Array, max: number, timeoutMs: number): number;
  errno(): number;
  readonly uv: Libuv;
}

/** What of libuv, whose symbols Node exports for its addons, tells the loop of the main thread about our descriptor. */
interface Libuv {
  defaultLoop(): unknown;
  handleSize(type: number): number;
  handleTypeName(type: number): string | null;
  pollInit(loop: unknown, handle: unknown, fd: number): number;
  pollStart(handle: unknown, events: number, callback: unknown): number;
  ref(handle: unknown): void;
  unref(handle: unknown): void;
  /** Memory for a handle; never given back, as a handle lives as long as the process. */
  allocate(bytes: number): unknown;
  /** The C function that calls `callback`. */
  register(callback: () => void): unknown;
}

/** Throws where a symbol is missing (another libc, a Node that was linked otherwise). */
export function loadLibc(): Libc {
  const self = koffi.load(null);
  const pollCallback = koffi.proto('void zeronaut_uv_poll_cb(void *handle, int status, int events)');
  return {
    socket: self.func('int socket(int, int, int)'),
    connect: self.func('int connect(int, const uint8_t *, uint32_t)'),
    bind: self.func('int bind(int, const uint8_t *, uint32_t)'),
    listen: self.func('int listen(int, int)'),
    accept4: self.func('int accept4(int, uint8_t *, uint32_t *, int)'),
    getsockname: self.func('int getsockname(int, uint8_t *, uint32_t *)'),
    getsockopt: self.func('int getsockopt(int, int, int, int *, uint32_t *)'),
    setsockopt: self.func('int setsockopt(int, int, int, const int *, uint32_t)'),
    recv: self.func('int64_t recv(int, uint8_t *, size_t, int)'),
    send: self.func('int64_t send(int, const uint8_t *, size_t, int)'),
    shutdown: self.func('int shutdown(int, int)'),
    close: self.func('int close(int)'),
    epollCreate: self.func('int epoll_create1(int)'),
    epollCtl: self.func('int epoll_ctl(int, int, int, uint8_t *)'),
    epollWait: self.func('int epoll_wait(int, uint8_t *, int, int)'),
    errno: () => koffi.errno(),
    uv: {
      defaultLoop: self.func('void *uv_default_loop()'),
      handleSize: self.func('size_t uv_handle_size(int)'),
      handleTypeName: self.func('const char *uv_handle_type_name(int)'),
      pollInit: self.func('int uv_poll_init(void *, void *, int)'),
      pollStart: self.func('int uv_poll_start(void *, int, zeronaut_uv_poll_cb *)'),
      ref: self.func('void uv_ref(void *)'),
      unref: self.func('void uv_unref(void *)'),
      allocate: (bytes) => koffi.alloc('uint8_t', bytes),
      register: (callback) => koffi.register(callback, koffi.pointer(pollCallback)),
    },
  };
}
