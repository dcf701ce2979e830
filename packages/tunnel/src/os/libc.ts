/**
 * The system calls of the packet path, through koffi. Two shapes: those of set-up take Node buffers; those of the hot path
 * take addresses as plain numbers (40 ns a call, and nothing is allocated). Linux, 64 bits, little endian.
 */
import koffi from 'koffi';

const process = koffi.load(null);
const define = (name: string, result: string, ...parameters: string[]) => process.func(name, result, parameters);

export const openFile = define('open', 'int', 'str', 'int') as (path: string, flags: number) => number;
export const closeFile = define('close', 'int', 'int') as (fd: number) => number;
export const ioctl = define('ioctl', 'int', 'int', 'ulong', 'void *') as (
  fd: number,
  request: number,
  argument: Uint8Array,
) => number;
/** For requests whose argument is a number. */
export const ioctlNumber = define('ioctl', 'int', 'int', 'ulong', 'ulong') as (
  fd: number,
  request: number,
  argument: number,
) => number;
export const socket = define('socket', 'int', 'int', 'int', 'int') as (
  family: number,
  type: number,
  protocol: number,
) => number;
export const bind = define('bind', 'int', 'int', 'void *', 'uint') as (
  fd: number,
  address: Uint8Array,
  length: number,
) => number;
export const getsockname = define('getsockname', 'int', 'int', 'void *', 'void *') as (
  fd: number,
  address: Uint8Array,
  length: Uint8Array,
) => number;
export const setsockopt = define('setsockopt', 'int', 'int', 'int', 'int', 'void *', 'uint') as (
  fd: number,
  level: number,
  name: number,
  value: Uint8Array,
  length: number,
) => number;
export const sendBytes = define('send', 'long', 'int', 'void *', 'size_t', 'int') as (
  fd: number,
  message: Uint8Array,
  length: number,
  flags: number,
) => number;
export const receiveFrom = define('recvfrom', 'long', 'int', 'void *', 'size_t', 'int', 'void *', 'void *') as (
  fd: number,
  into: Uint8Array,
  length: number,
  flags: number,
  from: Uint8Array,
  fromLength: Uint8Array,
) => number;
export const eventfd = define('eventfd', 'int', 'uint', 'int') as (initial: number, flags: number) => number;
export const interfaceIndex = define('if_nametoindex', 'uint', 'str') as (name: string) => number;

export const read = define('read', 'long', 'int', 'uintptr_t', 'size_t') as (
  fd: number,
  address: number,
  length: number,
) => number;
export const write = define('write', 'long', 'int', 'uintptr_t', 'size_t') as typeof read;
export const writev = define('writev', 'long', 'int', 'uintptr_t', 'int') as (
  fd: number,
  vectors: number,
  count: number,
) => number;
export const recvmmsg = define('recvmmsg', 'int', 'int', 'uintptr_t', 'uint', 'int', 'uintptr_t') as (
  fd: number,
  messages: number,
  count: number,
  flags: number,
  timeout: number,
) => number;
export const sendmmsg = define('sendmmsg', 'int', 'int', 'uintptr_t', 'uint', 'int') as (
  fd: number,
  messages: number,
  count: number,
  flags: number,
) => number;
export const sendto = define('sendto', 'long', 'int', 'uintptr_t', 'size_t', 'int', 'uintptr_t', 'uint') as (
  fd: number,
  address: number,
  length: number,
  flags: number,
  destination: number,
  destinationLength: number,
) => number;
/** Waits until one of the descriptors at `entries` (`struct pollfd`) is ready. `timeoutMs` -1: for ever. */
export const poll = define('poll', 'int', 'uintptr_t', 'ulong', 'int') as (
  entries: number,
  count: number,
  timeoutMs: number,
) => number;

/** The error number of this thread's last call. */
export const errno = (): number => koffi.errno();

export const { EAGAIN, EINTR, EIO, ECONNREFUSED } = koffi.os.errno as Record<string, number> & {
  EAGAIN: number;
  EINTR: number;
  EIO: number;
  ECONNREFUSED: number;
};

const NAMES = new Map(Object.entries(koffi.os.errno).map(([name, number]) => [number, name]));

/** What a failed set-up call is reported as: `code` is the name of the error number. */
export function systemError(what: string): NodeJS.ErrnoException {
  return errorNamed(errno(), what);
}

/** An error of the system with its `code`: `error` is the code, or the number of it. */
export function errorNamed(error: number | string, what: string): NodeJS.ErrnoException {
  const code = typeof error === 'string' ? error : (NAMES.get(error) ?? `errno ${error}`);
  return Object.assign(new Error(`${what}: ${code}`), { code, syscall: what });
}

/** Where a buffer lies in this process. It must not be collected or moved while the number is in use. */
export const addressOf = (memory: SharedArrayBuffer): number => Number(koffi.address(new Uint8Array(memory)));
