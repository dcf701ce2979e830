import { SCRATCH } from '../linux/layout.ts';
import type { PacketCode } from '../linux/packet-code.ts';
import type { Aead } from './aead.ts';
import { EVP_CTRL_AEAD_GET_TAG, EVP_CTRL_AEAD_SET_TAG, loadEvp } from './openssl.ts';

const TAG_BYTES = 16;

/** Where a context says what it holds, so that whoever removes a keypair can make it forget the key. */
export interface ContextRecord {
  /** Words of the shared memory: the keypair whose key the context holds, plus one, stands at `keyed`. */
  readonly words: Int32Array;
  readonly keyed: number;
  /** The context's address stands at `context`. */
  readonly floats: Float64Array;
  readonly context: number;
}

/**
 * OpenSSL's public interface with one context per thread, made once. A context keeps its key from packet to packet, and
 * takes another only when the keypair changes.
 */
export function createEvpAead(code: PacketCode, base: number, scratch: number, record: ContextRecord): Aead {
  const { create, cipher, init, update, final, control } = loadEvp();
  const context = create();
  if (context === 0 || init(context, cipher(), 0, 0, 0, 1) !== 1) throw new Error('OpenSSL has no ChaCha20-Poly1305');
  const { words, keyed } = record;
  record.floats[record.context] = context;
  words[keyed] = 0;
  const nonce = base + scratch + SCRATCH.nonce;
  const outputLength = base + scratch + SCRATCH.outputLength;
  const rest = base + scratch + SCRATCH.poly;
  const begin = (key: number, keypair: number, encrypt: number) => {
    if (words[keyed] === keypair + 1) {
      init(context, 0, 0, 0, nonce, encrypt);
    } else {
      init(context, 0, 0, base + key, nonce, encrypt);
      words[keyed] = keypair + 1;
    }
  };
  return {
    name: 'evp',
    seal(key, keypair, packet, length, padded, out) {
      code.prepareSeal(packet, length, padded, out);
      begin(key, keypair, 1);
      update(context, base + out, outputLength, base + packet, padded);
      final(context, rest, outputLength);
      control(context, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, base + out + padded);
      code.restoreAfterSeal(packet, length);
    },
    open(key, keypair, ciphertext, length, out) {
      begin(key, keypair, 0);
      control(context, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, base + ciphertext + length);
      update(context, base + out, outputLength, base + ciphertext, length);
      return final(context, rest, outputLength) === 1;
    },
  };
}

/** Overwrites the key in a context, by giving it the 32 bytes at `zeros`. Nobody else may be using it. */
export function overwriteContextKey(record: ContextRecord, zeros: number): void {
  const context = record.floats[record.context]!;
  if (context !== 0) loadEvp().init(context, 0, 0, zeros, zeros, 1);
  record.words[record.keyed] = 0;
}

/** Overwrites and frees it. */
export function freeContext(record: ContextRecord): void {
  const context = record.floats[record.context]!;
  if (context !== 0) loadEvp().free(context);
  record.floats[record.context] = 0;
  record.words[record.keyed] = 0;
}
