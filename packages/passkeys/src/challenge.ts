import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** How long somebody may take to find the finger, the PIN or the security key. */
export const CHALLENGE_TTL_MS = 300_000;
const RANDOM_BYTES = 16;
const TIME_BYTES = 6;
const MAC_BYTES = 32;

/**
 * A challenge that needs no memory until it is answered, so that asking for many fills nothing: random bytes, when it ends,
 * and a MAC over both and over `binding`, which says what it is for and whose browser asked. That each counts once is kept
 * by whoever took an answer, for those alone that were answered well.
 */
export function createChallenge(key: Uint8Array, binding: string, nowMs: number): string {
  const head = Buffer.alloc(RANDOM_BYTES + TIME_BYTES);
  randomBytes(RANDOM_BYTES).copy(head);
  head.writeUIntBE(nowMs + CHALLENGE_TTL_MS, RANDOM_BYTES, TIME_BYTES);
  return Buffer.concat([head, macOf(key, head, binding)]).toString('base64url');
}

/** Null: not ours, of another use or browser, or over. */
export function openChallenge(
  key: Uint8Array,
  binding: string,
  challenge: string,
  nowMs: number,
): { expiresAtMs: number } | null {
  const bytes = Buffer.from(challenge.slice(0, 100), 'base64url');
  // One text for one challenge: otherwise a second spelling could be used a second time.
  if (bytes.length !== RANDOM_BYTES + TIME_BYTES + MAC_BYTES || bytes.toString('base64url') !== challenge) return null;
  const head = bytes.subarray(0, RANDOM_BYTES + TIME_BYTES);
  if (!timingSafeEqual(bytes.subarray(RANDOM_BYTES + TIME_BYTES), macOf(key, head, binding))) return null;
  const expiresAtMs = head.readUIntBE(RANDOM_BYTES, TIME_BYTES);
  return expiresAtMs > nowMs ? { expiresAtMs } : null;
}

function macOf(key: Uint8Array, head: Buffer, binding: string): Buffer {
  return createHmac('sha256', key).update(head).update(binding).digest();
}
