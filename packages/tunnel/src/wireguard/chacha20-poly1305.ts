import { addressOf } from '../os/libc.ts';
import { EVP_CTRL_AEAD_GET_TAG, EVP_CTRL_AEAD_SET_TAG, loadEvp } from './aead/openssl.ts';

/**
 * The AEAD of handshake messages and of the in-memory data plane (RFC 8439), and its variant with a 24-byte nonce for
 * cookie replies (draft-irtf-cfrg-xchacha-03). Data packets of a real interface have a faster way of their own.
 *
 * OpenSSL's EVP with one context that stays: a cipher object of node:crypto for each message is three quarters of what a
 * cookie reply costs, and a flood is paid in cookie replies.
 */

export const TAG_BYTES = 16;
const NONCE_BYTES = 12;
const KEY_BYTES = 32;
/** As long as a datagram can be. */
const MAX_BYTES = 65_536;

/** Where a call's input and output lie; wiped when it ends. */
const AT = { key: 0, nonce: 32, tag: 48, length: 64, zeros: 80, associated: 112, text: 176 } as const;
const MAX_ASSOCIATED_BYTES = AT.text - AT.associated;
const memory = new SharedArrayBuffer(AT.text + MAX_BYTES + TAG_BYTES);
const bytes = new Uint8Array(memory);
const base = addressOf(memory);
let context = 0;

function begin(key: Uint8Array, nonce: Uint8Array, text: Uint8Array, associated: Uint8Array, encrypt: 0 | 1): void {
  if (key.length !== KEY_BYTES || nonce.length !== NONCE_BYTES)
    throw new RangeError('a key of 32, a nonce of 12 bytes');
  if (text.length > MAX_BYTES || associated.length > MAX_ASSOCIATED_BYTES) throw new RangeError('too long a message');
  const { create, cipher, init, update } = loadEvp();
  if (context === 0) {
    context = create();
    if (context === 0 || init(context, cipher(), 0, 0, 0, 1) !== 1) throw new Error('OpenSSL has no ChaCha20-Poly1305');
  }
  bytes.set(key, AT.key);
  bytes.set(nonce, AT.nonce);
  bytes.set(associated, AT.associated);
  bytes.set(text, AT.text);
  init(context, 0, 0, base + AT.key, base + AT.nonce, encrypt);
  if (associated.length > 0) update(context, 0, base + AT.length, base + AT.associated, associated.length);
  if (text.length > 0) update(context, base + AT.text, base + AT.length, base + AT.text, text.length);
}

function end(length: number): void {
  loadEvp().init(context, 0, 0, base + AT.zeros, base + AT.zeros, 1);
  bytes.fill(0, 0, AT.text + length);
}

/** Ciphertext and tag into `out` at `offset`: the plaintext's length and 16 bytes. */
export function seal(
  out: Uint8Array,
  offset: number,
  key: Uint8Array,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  associated: Uint8Array,
): void {
  const { final, control } = loadEvp();
  const { length } = plaintext;
  begin(key, nonce, plaintext, associated, 1);
  final(context, base + AT.tag, base + AT.length);
  control(context, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, base + AT.tag);
  out.set(bytes.subarray(AT.text, AT.text + length), offset);
  out.set(bytes.subarray(AT.tag, AT.tag + TAG_BYTES), offset + length);
  end(length);
}

/** The plaintext, or undefined if the tag (the last 16 bytes of `sealed`) does not match. */
export function open(
  key: Uint8Array,
  nonce: Uint8Array,
  sealed: Uint8Array,
  associated: Uint8Array,
): Uint8Array | undefined {
  const { final, control } = loadEvp();
  const length = sealed.length - TAG_BYTES;
  if (length < 0) return undefined;
  begin(key, nonce, sealed.subarray(0, length), associated, 0);
  bytes.set(sealed.subarray(length), AT.tag);
  control(context, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, base + AT.tag);
  const isGenuine = final(context, base + AT.tag, base + AT.length) === 1;
  const plaintext = isGenuine ? bytes.slice(AT.text, AT.text + length) : undefined;
  end(length);
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

/** Of one call at a time, which leaves it wiped. */
const state = new Int32Array(16);

/** HChaCha20 (draft, section 2.2): a key of 32 bytes from a key and the first 16 bytes of a nonce. */
export function hchacha20(key: Uint8Array, nonce: Uint8Array): Uint8Array {
  // "expand 32-byte k"
  state[0] = 0x61707865;
  state[1] = 0x3320646e;
  state[2] = 0x79622d32;
  state[3] = 0x6b206574;
  for (let index = 0; index < 8; index++) state[4 + index] = littleEndian(key, index * 4);
  for (let index = 0; index < 4; index++) state[12 + index] = littleEndian(nonce, index * 4);
  for (let round = 0; round < 10; round++) {
    quarterRound(0, 4, 8, 12);
    quarterRound(1, 5, 9, 13);
    quarterRound(2, 6, 10, 14);
    quarterRound(3, 7, 11, 15);
    quarterRound(0, 5, 10, 15);
    quarterRound(1, 6, 11, 12);
    quarterRound(2, 7, 8, 13);
    quarterRound(3, 4, 9, 14);
  }
  const out = new Uint8Array(32);
  for (let index = 0; index < 16; index++) {
    out[index] = (state[index >> 2] as number) >>> ((index & 3) * 8);
    out[16 + index] = (state[12 + (index >> 2)] as number) >>> ((index & 3) * 8);
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

function quarterRound(a: number, b: number, c: number, d: number): void {
  let va = state[a] as number;
  let vb = state[b] as number;
  let vc = state[c] as number;
  let vd = state[d] as number;
  va = (va + vb) | 0;
  vd = rotate(vd ^ va, 16);
  vc = (vc + vd) | 0;
  vb = rotate(vb ^ vc, 12);
  va = (va + vb) | 0;
  vd = rotate(vd ^ va, 8);
  vc = (vc + vd) | 0;
  vb = rotate(vb ^ vc, 7);
  state[a] = va;
  state[b] = vb;
  state[c] = vc;
  state[d] = vd;
}

const rotate = (value: number, bits: number) => (value << bits) | (value >>> (32 - bits));
