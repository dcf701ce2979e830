import type { AccessLog, SignInLink } from './access-context.ts';

const RETRY_MS = 10_000;
const MAX_PENDING = 1_000;

/**
 * Tells the console of sessions that were ended here, until it has confirmed each or the session is over by itself. So a
 * sign-out while the console is away still reaches the other gateways afterwards.
 */
export class SignOutReports {
  /** Session id to when the session ends by itself (ms). */
  readonly #pending = new Map<string, number>();
  readonly #sync: Pick<SignInLink, 'signOut'>;
  readonly #now: () => number;
  readonly #log: AccessLog;
  readonly #retryMs: number;
  #working = false;
  #retry: NodeJS.Timeout | null = null;

  constructor(options: { sync: Pick<SignInLink, 'signOut'>; now: () => number; log: AccessLog; retryMs?: number }) {
    this.#sync = options.sync;
    this.#now = options.now;
    this.#log = options.log;
    this.#retryMs = options.retryMs ?? RETRY_MS;
  }

  report(sessionId: string, expiresAtMs: number): void {
    if (this.#pending.size >= MAX_PENDING) {
      this.#log.warn({ sessionId }, 'too many sign-outs wait for the console, this one stays local');
      return;
    }
    this.#pending.set(sessionId, expiresAtMs);
    this.#work();
  }

  #work(): void {
    if (this.#working) return;
    this.#working = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    this.#sendAll().then(
      () => this.#rest(),
      (error: unknown) => {
        this.#log.warn({ err: error }, 'sign-outs did not reach the console');
        this.#rest();
      },
    );
  }

  async #sendAll(): Promise<void> {
    for (const [sessionId, expiresAtMs] of this.#pending) {
      if (expiresAtMs > this.#now() && !(await this.#sync.signOut(sessionId))) {
        this.#log.warn({ sessionId, waiting: this.#pending.size }, 'the console has not confirmed a sign-out yet');
        return;
      }
      this.#pending.delete(sessionId);
    }
  }

  #rest(): void {
    this.#working = false;
    if (this.#pending.size === 0) return;
    this.#retry = setTimeout(() => this.#work(), this.#retryMs);
    // Nobody waits for it: a process that ends here leaves the session to its own end.
    this.#retry.unref();
  }
}
