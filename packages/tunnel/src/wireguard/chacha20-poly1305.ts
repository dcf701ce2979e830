import { createCipheriv, createDecipheriv } from 'node:crypto';

/**
 * The AEAD of handshake messages and of the in-memory data plane (RFC 8439), and its variant with a 24-byte nonce for
 * cookie replies (draft-irtf-cfrg-xchacha-03). Data packets of a real interface have a faster way of their own.
 */

export const TAG_BYTES = 16;
const NONCE_BYTES = 12;
const ALGORITHM = 'chacha20-poly1305';
const OPTIONS = { authTagLength: TAG_BYTES } as const;

/** Ciphertext and tag into `out` at `offset`: the plaintext's length and 16 bytes. */
export function seal(
  out: Uint8Array,
  offset: number,
  key: Uint8Array,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  associated: Uint8Array,
): void {
  const cipher = createCipheriv(ALGORITHM, key, nonce, OPTIONS);
  cipher.setAAD(associated, { plaintextLength: plaintext.length });
  if (plaintext.length > 0) out.set(cipher.update(plaintext), offset);
  cipher.final();
  out.set(cipher.getAuthTag(), offset + plaintext.length);
}

/** The plaintext, or undefined if the tag (the last 16 bytes of `sealed`) does not match. */
export function open(
  key: Uint8Array,
  nonce: Uint8Array,
  sealed: Uint8Array,
  associated: Uint8Array,
): Uint8Array | undefined {
  const end = sealed.length - TAG_BYTES;
  if (end < 0) return undefined;
  const decipher = createDecipheriv(ALGORITHM, key, nonce, OPTIONS);
  decipher.setAAD(associated, { plaintextLength: end });
  decipher.setAuthTag(sealed.subarray(end));
  const plaintext = decipher.update(sealed.subarray(0, end));
  try {
    decipher.final();
  } catch {
    // The tag does not match: the only way in which `final` fails.
    plaintext.fill(0);
    return undefined;
  }
  return plaintext;
}

/** Noise counts its nonces per key; every handshake message is the first under its key. */
export const FIRST_NONCE = new Uint8Array(NONCE_BYTES);

/** Four zero bytes and the counter, little endian, as transport messages number their nonces. */
export function counterNonce(counter: number): Uint8Array {
  const nonce = new Uint8Array(NONCE_BYTES);
  const view = new DataView(nonce.buffer);
  view.setUint32(4, counter >>> 0, true);
  view.setUint32(8, Math.floor(counter / 2 ** 32), true);
  return nonce;
}

export const XNONCE_BYTES = 24;

export function sealX(
  out: Uint8Array,
  offset: number,
  key: Uint8Array,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  associated: Uint8Array,
): void {
  const subkey = hchacha20(key, nonce);
  seal(out, offset, subkey, restOfNonce(nonce), plaintext, associated);
  subkey.fill(0);
}

export function openX(
  key: Uint8Array,
  nonce: Uint8Array,
  sealed: Uint8Array,
  associated: Uint8Array,
): Uint8Array | undefined {
  const subkey = hchacha20(key, nonce);
  const plaintext = open(subkey, restOfNonce(nonce), sealed, associated);
  subkey.fill(0);
  return plaintext;
}

function restOfNonce(nonce: Uint8Array): Uint8Array {
  const rest = new Uint8Array(NONCE_BYTES);
  rest.set(nonce.subarray(16, XNONCE_BYTES), 4);
  return rest;
}

/** HChaCha20 (draft, section 2.2): a key of 32 bytes from a key and the first 16 bytes of a nonce. */
export function hchacha20(key: Uint8Array, nonce: Uint8Array): Uint8Array {
  const state = new Uint32Array(16);
  // "expand 32-byte k"
  state.set([0x61707865, 0x3320646e, 0x79622d32, 0x6b206574]);
  for (let index = 0; index < 8; index++) state[4 + index] = littleEndian(key, index * 4);
  for (let index = 0; index < 4; index++) state[12 + index] = littleEndian(nonce, index * 4);
  for (let round = 0; round < 10; round++) {
    quarterRound(state, 0, 4, 8, 12);
    quarterRound(state, 1, 5, 9, 13);
    quarterRound(state, 2, 6, 10, 14);
    quarterRound(state, 3, 7, 11, 15);
    quarterRound(state, 0, 5, 10, 15);
    quarterRound(state, 1, 6, 11, 12);
    quarterRound(state, 2, 7, 8, 13);
    quarterRound(state, 3, 4, 9, 14);
  }
  const out = new Uint8Array(32);
  const view = new DataView(out.buffer);
  for (let index = 0; index < 4; index++) {
    view.setUint32(index * 4, state[index] as number, true);
    view.setUint32(16 + index * 4, state[12 + index] as number, true);
  }
  state.fill(0);
  return out;
}

function littleEndian(bytes: Uint8Array, offset: number): number {
  return (
    (bytes[offset] as number) |
    ((bytes[offset + 1] as number) << 8) |
    ((bytes[offset + 2] as number) << 16) |
    ((bytes[offset + 3] as number) << 24)
  );
}

function quarterRound(state: Uint32Array, a: number, b: number, c: number, d: number): void {
  add(state, a, b);
  xorRotate(state, d, a, 16);
  add(state, c, d);
  xorRotate(state, b, c, 12);
  add(state, a, b);
  xorRotate(state, d, a, 8);
  add(state, c, d);
  xorRotate(state, b, c, 7);
}

function add(state: Uint32Array, to: number, from: number): void {
  state[to] = (state[to] as number) + (state[from] as number);
}

function xorRotate(state: Uint32Array, to: number, from: number, bits: number): void {
  const value = (state[to] as number) ^ (state[from] as number);
  state[to] = (value << bits) | (value >>> (32 - bits));
}
