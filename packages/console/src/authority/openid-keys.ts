/**
 * The keys of the OpenID provider, in turns: a new one is shown for a day before it signs, so that services that keep our
 * key set know it by then, and an old one for a day after, so that what it signed can be checked until it ends.
 */
import { generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { JWK } from 'oidc-provider';

/** How long one key signs. */
const SIGNS_FOR_MS = 7_776_000_000;
/** How long it is shown before. */
const SHOWN_BEFORE_MS = 86_400_000;
/** … and after: longer than anything that it signed is good for. */
const SHOWN_AFTER_MS = 86_400_000;

interface OpenidKey {
  /** Private, RSA: RS256 is what every relying party takes. */
  readonly jwk: JWK;
  readonly createdAtMs: number;
  /** Null: it is shown and does not sign yet. */
  readonly signsSinceMs: number | null;
  /** Null: it signs, or will. */
  readonly retiredAtMs: number | null;
}

export interface OpenidKeys {
  /** All that are shown; the first one signs. */
  readonly keys: readonly OpenidKey[];
  /** What the cookies of the protocol are signed with. */
  readonly cookieKey: string;
}

export async function createOpenidKeys(nowMs: number): Promise<OpenidKeys> {
  const key = { ...(await createKey(nowMs)), signsSinceMs: nowMs };
  return { keys: [key], cookieKey: randomBytes(32).toString('base64url') };
}

async function createKey(nowMs: number): Promise<OpenidKey> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const kid = randomBytes(16).toString('base64url');
  const jwk = { ...privateKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' } as JWK;
  return { jwk, createdAtMs: nowMs, signsSinceMs: null, retiredAtMs: null };
}

/** `createdAtMs`: of what was kept before keys had turns, which says no time itself. */
export function parseOpenidKeys(text: string, createdAtMs: number): OpenidKeys {
  const kept = JSON.parse(text) as OpenidKeys | { readonly jwk: JWK; readonly cookieKey: string };
  if ('keys' in kept) return kept;
  const key = { jwk: kept.jwk, createdAtMs, signsSinceMs: createdAtMs, retiredAtMs: null };
  return { keys: [key], cookieKey: kept.cookieKey };
}

/** What the keys are by now; null: the same. */
export async function rotateOpenidKeys({ keys, cookieKey }: OpenidKeys, nowMs: number): Promise<OpenidKeys | null> {
  const [signing, ...others] = keys;
  const shown = others.filter(({ retiredAtMs }) => retiredAtMs === null || nowMs - retiredAtMs < SHOWN_AFTER_MS);
  const next = shown.find(({ retiredAtMs }) => retiredAtMs === null);
  const signedForMs = nowMs - (signing!.signsSinceMs ?? signing!.createdAtMs);
  if (next !== undefined && signedForMs >= SIGNS_FOR_MS && nowMs - next.createdAtMs >= SHOWN_BEFORE_MS) {
    const old = shown.filter((key) => key !== next);
    return {
      keys: [{ ...next, signsSinceMs: nowMs }, { ...signing!, retiredAtMs: nowMs }, ...old],
      cookieKey,
    };
  }
  if (next === undefined && signedForMs >= SIGNS_FOR_MS - SHOWN_BEFORE_MS) {
    return { keys: [signing!, await createKey(nowMs), ...shown], cookieKey };
  }
  return shown.length === others.length ? null : { keys: [signing!, ...shown], cookieKey };
}
