import { Fault } from '@zeronaut/model';
import type { MuxLimits } from '../mux/mux-limits.ts';
import { createMuxSession, type MuxSession } from '../mux/mux-session.ts';
import type { MuxStream } from '../mux/mux-stream.ts';
import type { ByteStream } from '../stream/byte-stream.ts';
import { tlsCode } from '../tls/tls-fault.ts';
import { Backoff, type BackoffOptions } from './backoff.ts';
import { dialSecured } from './secured-sockets.ts';
import type { TunnelCredentials } from './tls-profile.ts';

/**
 * The side of a tunnel that dials: keeps one session to one listener up, for as long as it is not stopped. A session
 * counts as up when the listener has let us in, not when TLS is done: it may still refuse this device, and says why.
 */
export interface TunnelDialer {
  /** The session that is up now. */
  readonly session: MuxSession | null;
  /** For the next connection on; a session that is up goes on. */
  setCredentials(credentials: TunnelCredentials): void;
  /** Ends a pause between attempts. */
  retryNow(): void;
  /** Closes the session and dials no more. `onDown` is told about a session that was up, with `nextTryMs` null. */
  stop(): void;
}

export interface TunnelDialerOptions extends TunnelCredentials {
  readonly host: string;
  readonly port: number;
  /** Name that the listener's certificate must carry. */
  readonly servername: string;
  readonly alpn: string;
  onUp(session: MuxSession): void;
  /** A session or an attempt failed (or we stopped: `nextTryMs` null). */
  onDown(fault: Fault, nextTryMs: number | null): void;
  onStream(stream: MuxStream, header: Buffer, session: MuxSession): void;
  onMessage(payload: Buffer, session: MuxSession): void;
  /** The listener asks to open no more streams here. The session stays up until it closes. */
  onGoAway?(session: MuxSession): void;
  /** TCP and TLS together. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** From TLS to the first word of the listener. Default 12,000: a listener may take 10 s to decide. */
  readonly admissionTimeoutMs?: number;
  readonly backoff?: BackoffOptions;
  readonly limits?: Partial<MuxLimits>;
  /** Like `stop`. */
  readonly signal?: AbortSignal;
}

export function createTunnelDialer(options: TunnelDialerOptions): TunnelDialer {
  const dialer = new Dialer(options);
  if (options.signal?.aborted) {
    dialer.stop();
    return dialer;
  }
  options.signal?.addEventListener('abort', () => dialer.stop(), { once: true });
  dialer.dial();
  return dialer;
}

/** A session that lived this long was a good one: the next failure starts the back-off anew. */
const PROVEN_AFTER_MS = 5_000;
/** How a session ends whose other side was killed or stopped. Whoever sends us away says why. */
const GONE: ReadonlySet<string> = new Set(['tunnel.closed', 'tunnel.lost']);

class Dialer implements TunnelDialer {
  session: MuxSession | null = null;
  readonly #options: TunnelDialerOptions;
  #credentials: TunnelCredentials;
  readonly #backoff: Backoff;
  #stopped = false;
  #retryTimer: NodeJS.Timeout | undefined;
  /** Ends the attempt or the session that is under way. */
  #hangUp: (() => void) | null = null;

  constructor(options: TunnelDialerOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.backoff);
    this.#credentials = { cert: options.cert, key: options.key, ca: options.ca };
  }

  setCredentials(credentials: TunnelCredentials): void {
    this.#credentials = credentials;
  }

  retryNow(): void {
    if (this.#retryTimer === undefined) return;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    this.dial();
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    clearTimeout(this.#retryTimer);
    this.#hangUp?.();
  }

  dial(): void {
    const { host, port, servername, alpn, connectTimeoutMs = 5_000 } = this.#options;
    let giveUp: () => void;
    const settle = (): void => {
      clearTimeout(timer);
      this.#hangUp = null;
    };
    const fail = (fault: Fault): void => {
      settle();
      giveUp();
      this.#failed(fault, fault.code === 'tunnel.dial_refused');
    };
    try {
      giveUp = dialSecured({ ...this.#credentials, host, port, servername, alpn }, (link, cause) => {
        if (link === null) {
          const code = cause!.code === 'stream.refused' ? 'tunnel.dial_refused' : 'tunnel.dial_failed';
          fail(new Fault(tlsCode(cause) ?? code, { side: 'upstream', retry: 'yes', message: cause!.message, cause }));
        } else if (link.alpn !== alpn) {
          fail(new Fault('tunnel.alpn_mismatch', { side: 'upstream', retry: 'yes' }));
        } else {
          settle();
          this.#converse(link.stream);
        }
      });
    } catch (error) {
      // Credentials that OpenSSL cannot read. New ones may come with setCredentials.
      this.#failed(new Fault('tunnel.credentials_invalid', { side: 'local', retry: 'yes', cause: error }));
      return;
    }
    const timer = setTimeout(
      () => fail(new Fault('tunnel.dial_timeout', { side: 'upstream', retry: 'yes' })),
      connectTimeoutMs,
    );
    this.#hangUp = () => fail(new Fault('tunnel.stopped', { side: 'local' }));
  }

  #converse(stream: ByteStream): void {
    const { onUp, onStream, onMessage, onGoAway, limits, admissionTimeoutMs = 12_000 } = this.#options;
    let upAt: number | null = null;
    const admission = setTimeout(() => session.close('tunnel.admission_timeout'), admissionTimeoutMs);
    const session = createMuxSession(stream, {
      role: 'client',
      onHeard: () => {
        clearTimeout(admission);
        upAt = performance.now();
        this.session = session;
        onUp(session);
      },
      onStream: (stream, header) => onStream(stream, header, session),
      onMessage: (payload) => onMessage(payload, session),
      onGoAway: () => onGoAway?.(session),
      onClosed: (fault) => {
        clearTimeout(admission);
        this.#hangUp = null;
        this.session = null;
        if (upAt !== null && performance.now() - upAt >= PROVEN_AFTER_MS) this.#backoff.reset();
        const refusal = upAt === null ? tlsRefusal(fault) : null;
        const end = refusal ?? fault ?? new Fault('tunnel.closed', { side: 'local', retry: 'yes' });
        this.#failed(end, upAt !== null && GONE.has(end.code));
      },
      limits,
    });
    this.#hangUp = () => session.close();
  }

  #failed(fault: Fault, gone = false): void {
    if (this.#stopped) {
      this.#options.onDown(fault, null);
      return;
    }
    const delayMs = this.#backoff.nextMs(gone);
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = undefined;
      this.dial();
    }, delayMs);
    this.#options.onDown(fault, delayMs);
  }
}

/** A listener that does not take our certificate says so after the handshake is over for us (RFC 8446, section 4.4.2.4). */
function tlsRefusal(fault: Fault | null): Fault | null {
  const code = tlsCode(fault?.cause);
  if (code === null) return null;
  const { message } = fault!.cause as Fault;
  return new Fault(code, { side: 'upstream', retry: 'yes', message, cause: fault!.cause });
}
