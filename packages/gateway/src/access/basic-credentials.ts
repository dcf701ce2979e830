import { createHmac, randomBytes } from 'node:crypto';
import type { AccessRule } from '@zeronaut/model';
import { AttemptLimiter } from '../attempt-limiter.ts';
import { BoundedMap } from '../bounded-map.ts';
import { sourceOf } from '../source-of.ts';
import { matchPassword, type PasswordHash, parsePasswordHash } from './password-hash.ts';

/**
 * User names and passwords of single resources. A hash costs tens of milliseconds on purpose, so what was right is
 * remembered for five minutes (as an HMAC under a key that dies with the process, bound to the stored hash), few
 * hashes run at once, and failures are counted per source and per resource before a hash is computed.
 */
export type BasicResult =
  | { readonly state: 'valid'; readonly username: string }
  | { readonly state: 'invalid' }
  | { readonly state: 'limited'; readonly waitMs: number };

export interface BasicAttempt {
  readonly credentials: AccessRule['basic'];
  readonly resourceId: string;
  readonly address: string;
  readonly username: string;
  readonly password: string;
}

const REMEMBER_MS = 5 * 60_000;
const REMEMBERED = 10_000;
const HASHES_AT_ONCE = 4;
const HASHES_WAITING = 64;
/** Wrong passwords at once, and how long until one more is allowed. */
const SOURCE_FAILURES = 10;
const SOURCE_FAILURE_INTERVAL_MS = 6_000;
const RESOURCE_FAILURES = 100;
const RESOURCE_FAILURE_INTERVAL_MS = 500;

/** Stands in for a user name that does not exist: the same work is done and the answer is no. */
const NOBODY: PasswordHash = {
  memoryKib: 19_456,
  passes: 2,
  parallelism: 1,
  salt: randomBytes(16),
  hash: randomBytes(32),
};

export class BasicCredentials {
  readonly #bootKey = randomBytes(32);
  readonly #right = new BoundedMap<string, { passwordHash: string; untilMs: number }>(REMEMBERED);
  readonly #running = new Map<string, Promise<boolean>>();
  readonly #perSource = new AttemptLimiter({ burst: SOURCE_FAILURES, intervalMs: SOURCE_FAILURE_INTERVAL_MS });
  readonly #perResource = new AttemptLimiter({ burst: RESOURCE_FAILURES, intervalMs: RESOURCE_FAILURE_INTERVAL_MS });
  readonly #waiting: (() => void)[] = [];
  #hashing = 0;

  /** The answer without any hashing, when these very credentials were right a short while ago. */
  recall(attempt: BasicAttempt, nowMs: number): BasicResult | null {
    const known = this.#right.get(this.#fingerprint(attempt));
    if (known === undefined || known.untilMs <= nowMs) return null;
    const stands = attempt.credentials.some(
      (credential) => credential.username === attempt.username && credential.passwordHash === known.passwordHash,
    );
    return stands ? { state: 'valid', username: attempt.username } : null;
  }

  async verify(attempt: BasicAttempt, nowMs: number): Promise<BasicResult> {
    const fingerprint = this.#fingerprint(attempt);
    const matching = attempt.credentials.filter((credential) => credential.username === attempt.username);
    // Parallel requests of one client carry the same credentials; one hash answers them all.
    const runKey = `${fingerprint} ${matching.map((credential) => credential.passwordHash).join(' ')}`;
    const running = this.#running.get(runKey);
    if (running !== undefined) return result(await running, attempt.username);

    const source = sourceOf(attempt.address);
    if (this.#waiting.length >= HASHES_WAITING) return { state: 'limited', waitMs: 1_000 };
    const sourceWaitMs = this.#perSource.take(source, nowMs);
    if (sourceWaitMs > 0) return { state: 'limited', waitMs: sourceWaitMs };
    const resourceWaitMs = this.#perResource.take(attempt.resourceId, nowMs);
    if (resourceWaitMs > 0) {
      this.#perSource.giveBack(source);
      return { state: 'limited', waitMs: resourceWaitMs };
    }

    const run = this.#match(matching, attempt, nowMs);
    this.#running.set(runKey, run);
    try {
      const right = await run;
      if (right) {
        this.#perSource.giveBack(source);
        this.#perResource.giveBack(attempt.resourceId);
      }
      return result(right, attempt.username);
    } finally {
      this.#running.delete(runKey);
    }
  }

  async #match(matching: AccessRule['basic'], attempt: BasicAttempt, nowMs: number): Promise<boolean> {
    if (matching.length === 0) {
      const first = attempt.credentials[0];
      const alike = first === undefined ? null : parsePasswordHash(first.passwordHash);
      await this.#hash(alike === null ? NOBODY : { ...alike, hash: NOBODY.hash }, attempt.password);
      return false;
    }
    for (const credential of matching) {
      const stored = parsePasswordHash(credential.passwordHash);
      if (stored === null || !(await this.#hash(stored, attempt.password))) continue;
      this.#right.set(this.#fingerprint(attempt), {
        passwordHash: credential.passwordHash,
        untilMs: nowMs + REMEMBER_MS,
      });
      return true;
    }
    return false;
  }

  async #hash(stored: PasswordHash, password: string): Promise<boolean> {
    if (this.#hashing >= HASHES_AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#hashing++;
    try {
      return await matchPassword(stored, password);
    } finally {
      // A waiter inherits the place, so that nobody can slip in between.
      const next = this.#waiting.shift();
      if (next !== undefined) next();
      else this.#hashing--;
    }
  }

  #fingerprint(attempt: BasicAttempt): string {
    // Ids hold no NUL, and user names no control characters, so the parts cannot run into each other.
    return createHmac('sha256', this.#bootKey)
      .update(`${attempt.resourceId}\0${attempt.username}\0${attempt.password}`)
      .digest('base64url');
  }
}

function result(right: boolean, username: string): BasicResult {
  return right ? { state: 'valid', username } : { state: 'invalid' };
}

/** User name and password of a `Basic` Authorization value (RFC 7617, UTF-8). Nothing if it is not exactly that. */
export function parseBasic(value: string): { username: string; password: string } | null {
  const match = value.length > 4096 ? null : /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(value);
  if (match === null) return null;
  const bytes = Buffer.from(match[1]!, 'base64');
  const text = bytes.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(bytes)) return null;
  const colon = text.indexOf(':');
  if (colon <= 0 || /[\u0000-\u001f\u007f]/.test(text)) return null;
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
