import { SCRATCH } from '../linux/layout.ts';
import type { PacketCode } from '../linux/packet-code.ts';
import type { Aead } from './aead.ts';
import { loadRaw } from './openssl.ts';

/** Room in the scratch for a Poly1305 state. */
const STATE_BYTES = 448;

/**
 * ChaCha20 and Poly1305 by themselves. One ChaCha20 call from block 0 over 64 zero bytes and the packet gives the Poly1305
 * key and the ciphertext together; padding and lengths are written behind the ciphertext, so one update authenticates
 * all, and the tag then takes their place. Undefined where the binary does not export the functions.
 */
export function createRawAead(code: PacketCode, base: number, scratch: number): Aead | undefined {
  const calls = loadRaw();
  if (calls === undefined || calls.polyStateBytes > STATE_BYTES) return undefined;
  const { chacha, polyInit, polyUpdate, polyFinal } = calls;
  const counter = base + scratch + SCRATCH.counter;
  const state = base + scratch + SCRATCH.poly;
  const tag = scratch + SCRATCH.tag;
  return {
    name: 'raw',
    seal(key, _keypair, packet, length, padded, out) {
      code.prepareSeal(packet, length, padded, out);
      chacha(base + out - 64, base + packet - 64, padded + 64, base + key, counter);
      polyInit(state, base + out - 64);
      polyUpdate(state, base + out, ((padded + 15) & ~15) + 16);
      polyFinal(state, base + out + padded);
      code.restoreAfterSeal(packet, length);
    },
    open(key, _keypair, ciphertext, length, out) {
      code.prepareOpen(ciphertext, length);
      chacha(base + out - 64, base + ciphertext - 64, length + 64, base + key, counter);
      polyInit(state, base + out - 64);
      polyUpdate(state, base + ciphertext, ((length + 15) & ~15) + 16);
      polyFinal(state, base + tag);
      return code.finishOpen(ciphertext, length, tag) !== 0;
    },
  };
}
