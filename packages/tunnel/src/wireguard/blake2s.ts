/**
 * BLAKE2s (RFC 7693) with what WireGuard asks of it: the 256-bit hash, the 128-bit keyed MAC, HMAC (RFC 2104) and the key
 * derivation that Noise makes of it. node:crypto has the hash but not the keyed MAC, and starting one of its hash objects
 * costs five times the work of a 64-byte block here (docs/decisions/0008). Constant time: no table depends on data.
 *
 * State is in this module's arrays, so that nothing is allocated per call; every call runs to its end and leaves them wiped.
 */

const IV = Int32Array.of(
  0x6a09e667,
  0xbb67ae85,
  0x3c6ef372,
  0xa54ff53a,
  0x510e527f,
  0x9b05688c,
  0x1f83d9ab,
  0x5be0cd19,
);

/** Which message words a round mixes in, ten rounds of sixteen (RFC 7693, 2.7). */
const SIGMA = Uint8Array.from(
  [
    '0123456789abcdef',
    'ea489fd61c02b753',
    'b8c052fdae367194',
    '7931dcbe265a40f8',
    '905724afe1bc683d',
    '2c6a0b834d75fe19',
    'c51fed4a0763928b',
    'db7ec13950f4862a',
    '6fe9b308c2d714a5',
    'a2847615fb9e3cd0',
  ]
    .join('')
    .split('')
    .map((digit) => Number.parseInt(digit, 16)),
);

export const HASH_BYTES = 32;
export const MAC_BYTES = 16;
const BLOCK_BYTES = 64;

const chain = new Int32Array(8);
const words = new Int32Array(16);
const block = new Uint8Array(BLOCK_BYTES);
let filled = 0;
let total = 0;

function compress(count: number, last: boolean): void {
  for (let index = 0, at = 0; index < 16; index++, at += 4) {
    words[index] =
      (block[at] as number) |
      ((block[at + 1] as number) << 8) |
      ((block[at + 2] as number) << 16) |
      ((block[at + 3] as number) << 24);
  }
  let v0 = chain[0] as number;
  let v1 = chain[1] as number;
  let v2 = chain[2] as number;
  let v3 = chain[3] as number;
  let v4 = chain[4] as number;
  let v5 = chain[5] as number;
  let v6 = chain[6] as number;
  let v7 = chain[7] as number;
  let v8 = IV[0] as number;
  let v9 = IV[1] as number;
  let va = IV[2] as number;
  let vb = IV[3] as number;
  // Messages stay below 4 GiB: the upper half of the counter is 0.
  let vc = (IV[4] as number) ^ count;
  let vd = IV[5] as number;
  let ve = last ? ~(IV[6] as number) : (IV[6] as number);
  let vf = IV[7] as number;
  for (let round = 0; round < 160; round += 16) {
    let x = words[SIGMA[round] as number] as number;
    let y = words[SIGMA[round + 1] as number] as number;
    v0 = (v0 + v4 + x) | 0;
    vc ^= v0;
    vc = (vc >>> 16) | (vc << 16);
    v8 = (v8 + vc) | 0;
    v4 ^= v8;
    v4 = (v4 >>> 12) | (v4 << 20);
    v0 = (v0 + v4 + y) | 0;
    vc ^= v0;
    vc = (vc >>> 8) | (vc << 24);
    v8 = (v8 + vc) | 0;
    v4 ^= v8;
    v4 = (v4 >>> 7) | (v4 << 25);
    x = words[SIGMA[round + 2] as number] as number;
    y = words[SIGMA[round + 3] as number] as number;
    v1 = (v1 + v5 + x) | 0;
    vd ^= v1;
    vd = (vd >>> 16) | (vd << 16);
    v9 = (v9 + vd) | 0;
    v5 ^= v9;
    v5 = (v5 >>> 12) | (v5 << 20);
    v1 = (v1 + v5 + y) | 0;
    vd ^= v1;
    vd = (vd >>> 8) | (vd << 24);
    v9 = (v9 + vd) | 0;
    v5 ^= v9;
    v5 = (v5 >>> 7) | (v5 << 25);
    x = words[SIGMA[round + 4] as number] as number;
    y = words[SIGMA[round + 5] as number] as number;
    v2 = (v2 + v6 + x) | 0;
    ve ^= v2;
    ve = (ve >>> 16) | (ve << 16);
    va = (va + ve) | 0;
    v6 ^= va;
    v6 = (v6 >>> 12) | (v6 << 20);
    v2 = (v2 + v6 + y) | 0;
    ve ^= v2;
    ve = (ve >>> 8) | (ve << 24);
    va = (va + ve) | 0;
    v6 ^= va;
    v6 = (v6 >>> 7) | (v6 << 25);
    x = words[SIGMA[round + 6] as number] as number;
    y = words[SIGMA[round + 7] as number] as number;
    v3 = (v3 + v7 + x) | 0;
    vf ^= v3;
    vf = (vf >>> 16) | (vf << 16);
    vb = (vb + vf) | 0;
    v7 ^= vb;
    v7 = (v7 >>> 12) | (v7 << 20);
    v3 = (v3 + v7 + y) | 0;
    vf ^= v3;
    vf = (vf >>> 8) | (vf << 24);
    vb = (vb + vf) | 0;
    v7 ^= vb;
    v7 = (v7 >>> 7) | (v7 << 25);
    x = words[SIGMA[round + 8] as number] as number;
    y = words[SIGMA[round + 9] as number] as number;
    v0 = (v0 + v5 + x) | 0;
    vf ^= v0;
    vf = (vf >>> 16) | (vf << 16);
    va = (va + vf) | 0;
    v5 ^= va;
    v5 = (v5 >>> 12) | (v5 << 20);
    v0 = (v0 + v5 + y) | 0;
    vf ^= v0;
    vf = (vf >>> 8) | (vf << 24);
    va = (va + vf) | 0;
    v5 ^= va;
    v5 = (v5 >>> 7) | (v5 << 25);
    x = words[SIGMA[round + 10] as number] as number;
    y = words[SIGMA[round + 11] as number] as number;
    v1 = (v1 + v6 + x) | 0;
    vc ^= v1;
    vc = (vc >>> 16) | (vc << 16);
    vb = (vb + vc) | 0;
    v6 ^= vb;
    v6 = (v6 >>> 12) | (v6 << 20);
    v1 = (v1 + v6 + y) | 0;
    vc ^= v1;
    vc = (vc >>> 8) | (vc << 24);
    vb = (vb + vc) | 0;
    v6 ^= vb;
    v6 = (v6 >>> 7) | (v6 << 25);
    x = words[SIGMA[round + 12] as number] as number;
    y = words[SIGMA[round + 13] as number] as number;
    v2 = (v2 + v7 + x) | 0;
    vd ^= v2;
    vd = (vd >>> 16) | (vd << 16);
    v8 = (v8 + vd) | 0;
    v7 ^= v8;
    v7 = (v7 >>> 12) | (v7 << 20);
    v2 = (v2 + v7 + y) | 0;
    vd ^= v2;
    vd = (vd >>> 8) | (vd << 24);
    v8 = (v8 + vd) | 0;
    v7 ^= v8;
    v7 = (v7 >>> 7) | (v7 << 25);
    x = words[SIGMA[round + 14] as number] as number;
    y = words[SIGMA[round + 15] as number] as number;
    v3 = (v3 + v4 + x) | 0;
    ve ^= v3;
    ve = (ve >>> 16) | (ve << 16);
    v9 = (v9 + ve) | 0;
    v4 ^= v9;
    v4 = (v4 >>> 12) | (v4 << 20);
    v3 = (v3 + v4 + y) | 0;
    ve ^= v3;
    ve = (ve >>> 8) | (ve << 24);
    v9 = (v9 + ve) | 0;
    v4 ^= v9;
    v4 = (v4 >>> 7) | (v4 << 25);
  }
  chain[0] = (chain[0] as number) ^ v0 ^ v8;
  chain[1] = (chain[1] as number) ^ v1 ^ v9;
  chain[2] = (chain[2] as number) ^ v2 ^ va;
  chain[3] = (chain[3] as number) ^ v3 ^ vb;
  chain[4] = (chain[4] as number) ^ v4 ^ vc;
  chain[5] = (chain[5] as number) ^ v5 ^ vd;
  chain[6] = (chain[6] as number) ^ v6 ^ ve;
  chain[7] = (chain[7] as number) ^ v7 ^ vf;
}

/** The parameter block: digest and key length, fanout and depth 1 (RFC 7693, 2.5). */
function begin(outputBytes: number, keyBytes: number): void {
  chain.set(IV);
  chain[0] = (chain[0] as number) ^ (0x01010000 | (keyBytes << 8) | outputBytes);
  filled = 0;
  total = 0;
}

function update(bytes: Uint8Array, from = 0, to = bytes.length): void {
  for (let at = from; at < to; ) {
    // A full block is only mixed in when more follows: the last one carries the end mark.
    if (filled === BLOCK_BYTES) {
      total += BLOCK_BYTES;
      compress(total, false);
      filled = 0;
    }
    const count = Math.min(BLOCK_BYTES - filled, to - at);
    for (let index = 0; index < count; index++) block[filled + index] = bytes[at + index] as number;
    filled += count;
    at += count;
  }
}

function finish(out: Uint8Array, outputBytes: number): void {
  block.fill(0, filled);
  compress(total + filled, true);
  for (let index = 0; index < outputBytes; index++) {
    out[index] = (chain[index >> 2] as number) >>> ((index & 3) * 8);
  }
}

function wipe(): void {
  chain.fill(0);
  words.fill(0);
  block.fill(0);
}

/** BLAKE2s-256 of the parts one after another, into the first 32 bytes of `out`, which may be one of them. */
export function blake2s(out: Uint8Array, ...parts: readonly Uint8Array[]): void {
  begin(HASH_BYTES, 0);
  for (const part of parts) update(part);
  finish(out, HASH_BYTES);
  wipe();
}

/** Keyed BLAKE2s-128 of bytes `from` to `to`, into the first 16 bytes of `out`. `key`: 1 to 32 bytes. */
export function blake2sMac(out: Uint8Array, key: Uint8Array, bytes: Uint8Array, from = 0, to = bytes.length): void {
  begin(MAC_BYTES, key.length);
  block.fill(0);
  block.set(key);
  filled = BLOCK_BYTES;
  update(bytes, from, to);
  finish(out, MAC_BYTES);
  wipe();
}

const innerChain = new Int32Array(8);
const outerChain = new Int32Array(8);
const innerDigest = new Uint8Array(HASH_BYTES);

/** Both pads of an HMAC key of at most 64 bytes, mixed once for any number of messages. */
function beginHmac(key: Uint8Array): void {
  beginPad(key, 0x36);
  compress(BLOCK_BYTES, false);
  innerChain.set(chain);
  beginPad(key, 0x5c);
  compress(BLOCK_BYTES, false);
  outerChain.set(chain);
}

function beginPad(key: Uint8Array, pad: number): void {
  begin(HASH_BYTES, 0);
  for (let index = 0; index < BLOCK_BYTES; index++) block[index] = (key[index] ?? 0) ^ pad;
}

function hmac(out: Uint8Array, key: Uint8Array, message: Uint8Array, suffix?: Uint8Array): void {
  if (message.length === 0 && suffix === undefined) {
    // Then the pad is the last block, and must be mixed in as such.
    beginPad(key, 0x36);
    filled = BLOCK_BYTES;
  } else {
    chain.set(innerChain);
    filled = 0;
    total = BLOCK_BYTES;
    update(message);
    if (suffix !== undefined) update(suffix);
  }
  finish(innerDigest, HASH_BYTES);
  chain.set(outerChain);
  filled = 0;
  total = BLOCK_BYTES;
  update(innerDigest);
  finish(out, HASH_BYTES);
}

const COUNTS = [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)] as const;
const secret = new Uint8Array(HASH_BYTES);

/**
 * KDF_n of the WireGuard paper (section 5.4): one to three outputs of 32 bytes. `chainingKey` is 32 bytes; an output may be
 * the chaining key itself.
 */
export function kdf(outs: readonly Uint8Array[], chainingKey: Uint8Array, input: Uint8Array): void {
  beginHmac(chainingKey);
  hmac(secret, chainingKey, input);
  beginHmac(secret);
  for (const [index, out] of outs.entries()) {
    const count = COUNTS[index] as Uint8Array;
    if (index === 0) hmac(out, secret, count);
    else hmac(out, secret, outs[index - 1] as Uint8Array, count);
  }
  secret.fill(0);
  innerDigest.fill(0);
  innerChain.fill(0);
  outerChain.fill(0);
  wipe();
}

/** HMAC-BLAKE2s of one message, with a key of at most 64 bytes; the published vectors are for this. */
export function hmacBlake2s(out: Uint8Array, key: Uint8Array, message: Uint8Array): void {
  beginHmac(key);
  hmac(out, key, message);
  innerDigest.fill(0);
  innerChain.fill(0);
  outerChain.fill(0);
  wipe();
}
