import { type KeyObject, randomBytes, verify } from 'node:crypto';
import { currentStatement } from '@zeronaut/model';
import type { Logger } from 'pino';
import type { Moment } from '../rooms.ts';
import type { SyncLink } from './link.ts';

/**
 * Hears from the console that the running snapshot still is the newest one: asks with a number that was never used, and believes only
 * an answer that is signed, as snapshots are, over that number, this gateway and the version. Whoever has the link and not the key can
 * keep an answer back, and nothing else: it counts from when it was asked for, and fits no other question.
 */
export interface LeaseRenewalOptions {
  /** That of snapshots. */
  readonly trust: {
    readonly key: KeyObject;
    readonly keyId: string;
    readonly gatewayId: string;
    readonly organizationId: string;
  };
  readonly link: Pick<SyncLink, 'up' | 'confirmSnapshot'>;
  readonly lease: {
    readonly maxAgeSeconds: number | null;
    readonly expired: boolean;
    moment(): Moment;
    /** An answer counts from when it was asked for, however long it took. */
    renew(version: number, asked: Moment): void;
  };
  readonly log: Pick<Logger, 'error'>;
}

/** So many times within the bound, at least every `SELDOM_MS`, at most every `OFTEN_MS`. */
const QUESTIONS = 20;
const SELDOM_MS = 15_000;
const OFTEN_MS = 1_000;

export class LeaseRenewal {
  readonly #options: LeaseRenewalOptions;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | null = null;

  constructor(options: LeaseRenewalOptions) {
    this.#options = options;
  }

  /** Asks if it is time. */
  check(): void {
    const { lease, link } = this.#options;
    if (lease.maxAgeSeconds === null || !link.up || this.#asking !== null) return;
    const everyMs = Math.min(SELDOM_MS, Math.max(OFTEN_MS, (lease.maxAgeSeconds * 1_000) / QUESTIONS));
    const passedMs = lease.moment().monotonicMs - this.#askedAtMs;
    if (passedMs >= (lease.expired ? OFTEN_MS : everyMs)) void this.ask();
  }

  /** Asks now. Resolves when the answer was taken, or there is none. */
  ask(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  async #ask(): Promise<void> {
    const { lease, link, trust, log } = this.#options;
    const asked = lease.moment();
    this.#askedAtMs = asked.monotonicMs;
    const nonce = randomBytes(16).toString('base64url');
    const answer = await link.confirmSnapshot(nonce);
    if (answer === null) return;
    const { version, keyId, signature } = answer;
    const statement = currentStatement({ ...trust, version, nonce });
    const isSigned =
      keyId === trust.keyId && verify(null, Buffer.from(statement), trust.key, Buffer.from(signature, 'base64url'));
    if (isSigned) lease.renew(version, asked);
    else
      log.error(
        { version, reason: 'sync.bad_signature' },
        'the console did not sign that this snapshot is the newest: not believed',
      );
  }
}
