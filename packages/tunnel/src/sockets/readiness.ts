import { isMainThread } from 'node:worker_threads';
import {
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_MOD,
  EPOLL_DATA_OFFSET,
  EPOLL_EVENT_BYTES,
  type Libc,
  loadLibc,
  UV_POLL,
  UV_READABLE,
} from './libc.ts';

/** What is told when its descriptor is ready. `events` as epoll has them; it must not throw. */
export interface Watched {
  onReady(events: number): void;
}

const NOBODY: Watched = { onReady() {} };

/** Names a watch; 0 is none. */
export type WatchToken = number;

const MAX_EVENTS = 512;
/** libuv's type of `uv_poll_t` must be what we think it is, else the engine is not used. */
const POLL_TYPE_NAME = 'poll';

/**
 * Many descriptors behind one epoll descriptor, and that one behind one poll handle of the loop that Node runs on the main
 * thread: a turn costs one wake-up and one system call, however many descriptors are ready.
 */
export class Readiness {
  readonly libc: Libc;
  readonly #epfd: number;
  readonly #handle: unknown;
  readonly #events = Buffer.alloc(MAX_EVENTS * EPOLL_EVENT_BYTES);
  readonly #event = Buffer.alloc(EPOLL_EVENT_BYTES);
  readonly #watched: (Watched | null)[] = [];
  /** Counts the users of a slot, so that an event of the last one never reaches the next. */
  readonly #generations: number[] = [];
  readonly #free: number[] = [];
  #count = 0;
  #later: Watched[] = [];

  /** Throws where the machine or this Node cannot do it. */
  constructor() {
    if (process.platform !== 'linux' || (process.arch !== 'x64' && process.arch !== 'arm64') || !isMainThread) {
      throw new Error('epoll is used on the main thread of Linux on x86-64 and arm64 only');
    }
    this.libc = loadLibc();
    const { uv } = this.libc;
    if (uv.handleTypeName(UV_POLL) !== POLL_TYPE_NAME) throw new Error('libuv numbers its handles otherwise');
    this.#epfd = this.libc.epollCreate(EPOLL_CLOEXEC);
    if (this.#epfd < 0) throw new Error(`epoll_create1 failed: errno ${this.libc.errno()}`);
    this.#handle = uv.allocate(uv.handleSize(UV_POLL));
    const callback = uv.register(() => this.#onWake());
    const status =
      uv.pollInit(uv.defaultLoop(), this.#handle, this.#epfd) || uv.pollStart(this.#handle, UV_READABLE, callback);
    if (status !== 0) throw new Error(`uv_poll failed: ${status}`);
    uv.unref(this.#handle);
  }

  /** Undefined: the kernel refused (no memory, over `fs.epoll.max_user_watches`). */
  watch(fd: number, events: number, watched: Watched = NOBODY): WatchToken | undefined {
    const slot = this.#free.pop() ?? this.#watched.push(null) - 1;
    const generation = this.#generations[slot] ?? 0;
    this.#generations[slot] = generation;
    if (!this.#control(EPOLL_CTL_ADD, fd, events, slot, generation)) {
      this.#free.push(slot);
      return undefined;
    }
    this.#watched[slot] = watched;
    // Like any socket of Node's, ours keep the process running.
    if (this.#count++ === 0) this.libc.uv.ref(this.#handle);
    return slot + 1;
  }

  /** Somebody else is told from now on. */
  hand(token: WatchToken, watched: Watched): void {
    this.#watched[token - 1] = watched;
  }

  /** Asks for other events of a watched descriptor. */
  change(token: WatchToken, fd: number, events: number): void {
    this.#control(EPOLL_CTL_MOD, fd, events, token - 1, this.#generations[token - 1]!);
  }

  /** Call it right before the descriptor is closed, which ends the kernel's watch. */
  forget(token: WatchToken): void {
    const slot = token - 1;
    this.#watched[slot] = null;
    this.#generations[slot] = (this.#generations[slot]! + 1) >>> 0;
    this.#free.push(slot);
    if (--this.#count === 0) this.libc.uv.unref(this.#handle);
  }

  /** Calls `onReady(0)` in the next turn: for what was ready and not used up. */
  again(watched: Watched): void {
    if (this.#later.push(watched) === 1) setImmediate(runLater, this);
  }

  runLater(): void {
    const later = this.#later;
    this.#later = [];
    for (const watched of later) watched.onReady(0);
  }

  #control(operation: number, fd: number, events: number, slot: number, generation: number): boolean {
    const event = this.#event;
    event.writeUInt32LE(events >>> 0, 0);
    event.writeUInt32LE(slot, EPOLL_DATA_OFFSET);
    event.writeUInt32LE(generation, EPOLL_DATA_OFFSET + 4);
    return this.libc.epollCtl(this.#epfd, operation, fd, event) === 0;
  }

  #onWake(): void {
    // We are called from outside of JavaScript: an immediate makes Node run what was put off to `process.nextTick`.
    setImmediate(nothing);
    const events = this.#events;
    const count = this.libc.epollWait(this.#epfd, events, MAX_EVENTS, 0);
    for (let at = 0; at < count * EPOLL_EVENT_BYTES; at += EPOLL_EVENT_BYTES) {
      const slot = events.readUInt32LE(at + EPOLL_DATA_OFFSET);
      if (events.readUInt32LE(at + EPOLL_DATA_OFFSET + 4) !== this.#generations[slot]) continue;
      try {
        this.#watched[slot]?.onReady(events.readUInt32LE(at));
      } catch (error) {
        // A bug. Through libuv it would end in nowhere; so it ends like every other uncaught exception.
        setImmediate(() => {
          throw error;
        });
      }
    }
  }
}

function runLater(readiness: Readiness): void {
  readiness.runLater();
}

function nothing(): void {}

let shared: Readiness | null | undefined;

/**
 * The one of this process, or null where only Node's own sockets can be had: another system, a worker thread, a Node
 * without libuv's symbols, or `ZERONAUT_SOCKETS=node`.
 */
export function sharedReadiness(): Readiness | null {
  if (shared === undefined) {
    try {
      shared = process.env.ZERONAUT_SOCKETS === 'node' ? null : new Readiness();
    } catch {
      // Node's sockets do the same, slower.
      shared = null;
    }
  }
  return shared;
}
