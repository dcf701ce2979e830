/**
 * The WebSocket of live updates: keeps it open, resumes where the last one ended, and says whether what is shown is live. What came
 * is handed on as it came; `live.ts` says what it means for the page.
 */
import {
  LIVE_CLOSE,
  LIVE_PATH,
  type LiveEventFilter,
  type LiveFromClient,
  type LiveFromConsole,
} from '@zeronaut/model';

/** `signedOut`: the session ended, and trying again is useless. */
export type LiveState = 'connecting' | 'live' | 'lost' | 'signedOut';

export interface LiveHandlers {
  onMessage(message: LiveFromConsole): void;
  onState(state: LiveState): void;
  /** Whether the API takes this session no more: why an upgrade was refused, a browser tells no page. */
  isSignedOut(): Promise<boolean>;
  /** The role changed, or the console started anew: all that is shown is old. */
  onReset(): void;
}

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 15_000;
/** Intervals of silence after which a connection is lost, whatever TCP says. */
const SILENT_HEARTBEATS = 3;

export class LiveConnection {
  readonly #url: string;
  readonly #handlers: LiveHandlers;
  #socket: WebSocket | null = null;
  #since: { epoch: string; seq: number } | undefined;
  #events: LiveEventFilter | undefined;
  #retryMs = FIRST_RETRY_MS;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #silenceMs = 0;
  #stopped = false;
  #isOpen = false;
  /** The session of the last connection ended; whoever signed in meanwhile, in another tab, has a new one. */
  #isRefused = false;

  constructor(url: string, handlers: LiveHandlers) {
    this.#url = url;
    this.#handlers = handlers;
    this.#open();
  }

  /** Which access events to hear of; undefined: none. */
  watchEvents(filter: LiveEventFilter | undefined): void {
    if (JSON.stringify(filter) === JSON.stringify(this.#events)) return;
    this.#events = filter;
    if (this.#socket?.readyState === WebSocket.OPEN) this.#subscribe(this.#socket);
  }

  /** At once instead of after the pause: the machine woke up, or the network is back. */
  retryNow(): void {
    if (this.#stopped || this.#socket !== null) return;
    clearTimeout(this.#retry);
    this.#open();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#silence);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #open(): void {
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    this.#isOpen = false;
    socket.addEventListener('open', () => {
      this.#isOpen = true;
      this.#subscribe(socket);
    });
    socket.addEventListener('message', ({ data }) => {
      if (socket === this.#socket) this.#take(JSON.parse(String(data)) as LiveFromConsole);
    });
    // An error is always followed by a close, which says more.
    socket.addEventListener('close', ({ code }) => this.#onClosed(socket, code));
  }

  #subscribe(socket: WebSocket): void {
    const message: LiveFromClient = {
      type: 'subscribe',
      ...(this.#since !== undefined && { since: this.#since }),
      ...(this.#events !== undefined && { events: this.#events }),
    };
    socket.send(JSON.stringify(message));
  }

  #take(message: LiveFromConsole): void {
    if (message.type === 'hello') {
      const before = this.#since;
      this.#isRefused = false;
      this.#since = { epoch: message.epoch, seq: message.seq };
      this.#retryMs = FIRST_RETRY_MS;
      this.#silenceMs = message.heartbeatSeconds * 1000 * SILENT_HEARTBEATS;
      this.#handlers.onState('live');
      if (before !== undefined && before.epoch !== message.epoch) this.#handlers.onReset();
    } else if (this.#since !== undefined) {
      this.#since = { epoch: this.#since.epoch, seq: message.seq };
    }
    this.#listen();
    this.#handlers.onMessage(message);
  }

  #listen(): void {
    clearTimeout(this.#silence);
    const socket = this.#socket;
    if (socket === null || this.#silenceMs === 0) return;
    this.#silence = setTimeout(() => {
      // The other side may never answer a close.
      socket.close();
      this.#onClosed(socket, 1006);
    }, this.#silenceMs);
  }

  #onClosed(socket: WebSocket, code: number): void {
    if (this.#stopped || socket !== this.#socket) return;
    this.#socket = null;
    clearTimeout(this.#silence);
    if (code === LIVE_CLOSE.unauthenticated && !this.#isRefused) {
      this.#isRefused = true;
      this.#open();
      return;
    }
    if (this.#isRefused) {
      this.#signedOut();
      return;
    }
    this.#handlers.onState('lost');
    if (!this.#isOpen) void this.#askWhy();
    if (code === LIVE_CLOSE.roleChanged) {
      this.#since = undefined;
      this.#handlers.onReset();
    }
    // Not all at once when a console starts again.
    this.#retry = setTimeout(() => this.#open(), this.#retryMs * (0.5 + Math.random()));
    this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS);
  }

  async #askWhy(): Promise<void> {
    if ((await this.#handlers.isSignedOut()) && !this.#stopped && !this.#isOpen) this.#signedOut();
  }

  #signedOut(): void {
    this.stop();
    this.#handlers.onState('signedOut');
  }
}

export function liveUrl(origin: string): string {
  return `${origin.replace(/^http/, 'ws')}${LIVE_PATH}`;
}
