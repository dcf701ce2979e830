import { randomBytes, randomFillSync, timingSafeEqual } from 'node:crypto';
import { blake2s, blake2sMac, HASH_BYTES, MAC_BYTES } from './blake2s.ts';
import { openX, sealX, XNONCE_BYTES } from './chacha20-poly1305.ts';
import { COOKIE_REFRESH_TIME } from './constants.ts';
import type { Endpoint } from './data-plane.ts';
import { COOKIE_REPLY, MESSAGE, readIndex, writeIndex } from './messages.ts';

/**
 * The two MACs at the end of an initiation or response and the cookies between them (paper, section 5.3 and 5.4.7). `mac1`
 * proves that the sender knows our public key; `mac2` that it receives at its address, which is asked for under load, by
 * a cookie reply. Both are checked before any expensive step.
 */

const LABEL_MAC1 = Buffer.from('mac1----');
const LABEL_COOKIE = Buffer.from('cookie--');

/** mac1 ends 16 bytes before mac2, and mac2 16 bytes before the end. */
const mac1Offset = (message: Uint8Array) => message.length - 2 * MAC_BYTES;
const mac2Offset = (message: Uint8Array) => message.length - MAC_BYTES;

const NO_MAC = new Uint8Array(MAC_BYTES);
const computed = new Uint8Array(MAC_BYTES);
const endpointBytes = new Uint8Array(80);
const encoder = new TextEncoder();

/** Random bytes are cheaper by the page than by the nonce; these are sent in clear. */
const nonces = new Uint8Array(128 * XNONCE_BYTES);
let nonceAt = nonces.length;

function nextNonce(): Uint8Array {
  if (nonceAt === nonces.length) {
    randomFillSync(nonces);
    nonceAt = 0;
  }
  nonceAt += XNONCE_BYTES;
  return nonces.subarray(nonceAt - XNONCE_BYTES, nonceAt);
}

/** What the keys of both MACs come from: the receiver's public key. */
function macKey(label: Uint8Array, publicKey: Uint8Array): Uint8Array {
  const key = new Uint8Array(HASH_BYTES);
  blake2s(key, label, publicKey);
  return key;
}

/** The receiving side: checks MACs, hands out cookies. One per private key. */
export class CookieChecker {
  readonly #mac1Key: Uint8Array;
  readonly #replyKey: Uint8Array;
  readonly #secret = new Uint8Array(HASH_BYTES);
  #secretAt = Number.NEGATIVE_INFINITY;
  readonly #cookie = new Uint8Array(MAC_BYTES);

  constructor(ownPublicKey: Uint8Array) {
    this.#mac1Key = macKey(LABEL_MAC1, ownPublicKey);
    this.#replyKey = macKey(LABEL_COOKIE, ownPublicKey);
  }

  checkMac1(message: Uint8Array): boolean {
    const offset = mac1Offset(message);
    blake2sMac(computed, this.#mac1Key, message, 0, offset);
    return timingSafeEqual(computed, message.subarray(offset, offset + MAC_BYTES));
  }

  /** Whether the sender received a cookie at this address not longer ago than COOKIE_REFRESH_TIME. */
  checkMac2(message: Uint8Array, from: Endpoint, now: number): boolean {
    // No cookie was handed out that could still be good.
    if (now - this.#secretAt >= COOKIE_REFRESH_TIME) return false;
    this.#cookieFor(from);
    const offset = mac2Offset(message);
    blake2sMac(computed, this.#cookie, message, 0, offset);
    return timingSafeEqual(computed, message.subarray(offset));
  }

  /** The answer to a message whose mac1 is right: 64 bytes. */
  createReply(message: Uint8Array, senderIndex: number, to: Endpoint, now: number): Uint8Array {
    if (now - this.#secretAt >= COOKIE_REFRESH_TIME) {
      this.#secret.set(randomBytes(HASH_BYTES));
      this.#secretAt = now;
    }
    this.#cookieFor(to);
    const reply = new Uint8Array(COOKIE_REPLY.bytes);
    reply[0] = MESSAGE.cookieReply;
    writeIndex(reply, COOKIE_REPLY.receiver, senderIndex);
    const nonce = nextNonce();
    reply.set(nonce, COOKIE_REPLY.nonce);
    const offset = mac1Offset(message);
    const mac1 = message.subarray(offset, offset + MAC_BYTES);
    sealX(reply, COOKIE_REPLY.cookie, this.#replyKey, nonce, this.#cookie, mac1);
    return reply;
  }

  wipe(): void {
    this.#secret.fill(0);
    this.#secretAt = Number.NEGATIVE_INFINITY;
  }

  #cookieFor({ address, port }: Endpoint): void {
    const { written } = encoder.encodeInto(`${address} ${port}`, endpointBytes);
    blake2sMac(this.#cookie, this.#secret, endpointBytes, 0, written);
  }
}

/** The sending side: puts the MACs under our messages to one peer, and keeps the cookie it gave us. */
export class CookieJar {
  readonly #lastMac1 = new Uint8Array(MAC_BYTES);
  #lastMac1Set = false;
  #cookie: Uint8Array | undefined;
  #cookieAt = 0;

  addMacs(message: Uint8Array, receiverPublicKey: Uint8Array, now: number): void {
    const offset = mac1Offset(message);
    const mac1 = message.subarray(offset, offset + MAC_BYTES);
    blake2sMac(mac1, macKey(LABEL_MAC1, receiverPublicKey), message, 0, offset);
    this.#lastMac1.set(mac1);
    this.#lastMac1Set = true;
    const mac2 = message.subarray(offset + MAC_BYTES);
    if (this.#cookie !== undefined && now - this.#cookieAt < COOKIE_REFRESH_TIME) {
      blake2sMac(mac2, this.#cookie, message, 0, offset + MAC_BYTES);
    } else {
      mac2.set(NO_MAC);
    }
  }

  /** Takes the cookie out of a reply to our last message; false if it is not one. Each message is answered once. */
  takeReply(reply: Uint8Array, senderPublicKey: Uint8Array, now: number): boolean {
    if (!this.#lastMac1Set) return false;
    const cookie = openX(
      macKey(LABEL_COOKIE, senderPublicKey),
      reply.subarray(COOKIE_REPLY.nonce, COOKIE_REPLY.cookie),
      reply.subarray(COOKIE_REPLY.cookie),
      this.#lastMac1,
    );
    if (cookie === undefined) return false;
    this.#cookie?.fill(0);
    this.#cookie = cookie;
    this.#cookieAt = now;
    this.#lastMac1Set = false;
    return true;
  }

  wipe(): void {
    this.#cookie?.fill(0);
    this.#cookie = undefined;
    this.#lastMac1Set = false;
  }
}

/** Whom a cookie reply is for: the sender index of the message that it answers. */
export function cookieReceiver(reply: Uint8Array): number {
  return readIndex(reply, COOKIE_REPLY.receiver);
}
