import type { KeyObject } from 'node:crypto';
import { blake2s, HASH_BYTES, kdf } from './blake2s.ts';
import { FIRST_NONCE, open, seal, TAG_BYTES } from './chacha20-poly1305.ts';
import { INITIATION, MESSAGE, RESPONSE, readIndex, writeIndex } from './messages.ts';
import { type DhKeyPair, dh, generateDhKeyPair, KEY_BYTES } from './x25519.ts';

/**
 * Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s as WireGuard runs it (paper, section 5.4; Noise revision 34): the bytes of the two
 * messages and the keys that come out. It knows no peers, clocks or addresses, and fills in neither `mac1` nor `mac2`
 * (cookies.ts does). Anything that does not fit gives undefined.
 */

/** What both directions know of a remote static key. `staticSecret` is its DH with ours: computed once, it is dear. */
export interface RemoteStatic {
  readonly publicKey: Uint8Array;
  readonly staticSecret: Uint8Array;
}

/** Keys of a finished handshake, 32 bytes each; the owner overwrites them after use. */
export interface TransportKeys {
  readonly sendKey: Uint8Array;
  readonly receiveKey: Uint8Array;
}

const EMPTY = new Uint8Array(0);
const START_CHAIN = new Uint8Array(HASH_BYTES);
const START_HASH = new Uint8Array(HASH_BYTES);
blake2s(START_CHAIN, Buffer.from('Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s'));
blake2s(START_HASH, START_CHAIN, Buffer.from('WireGuard v1 zx2c4 Jason@zx2c4.com'));

/** Noise's SymmetricState: chaining key, transcript hash and the key of the next seal. */
export class Transcript {
  readonly chainingKey: Uint8Array;
  readonly hash: Uint8Array;
  readonly #key = new Uint8Array(KEY_BYTES);

  constructor(chainingKey: Uint8Array, hash: Uint8Array) {
    this.chainingKey = Uint8Array.from(chainingKey);
    this.hash = Uint8Array.from(hash);
  }

  copy(): Transcript {
    return new Transcript(this.chainingKey, this.hash);
  }

  mixHash(bytes: Uint8Array): void {
    blake2s(this.hash, this.hash, bytes);
  }

  /** Chaining key only: Noise with pre-shared keys mixes each ephemeral key in like this. */
  mixEphemeral(publicKey: Uint8Array): void {
    this.mixHash(publicKey);
    kdf([this.chainingKey], this.chainingKey, publicKey);
  }

  mixSecret(secret: Uint8Array): void {
    kdf([this.chainingKey, this.#key], this.chainingKey, secret);
  }

  mixPresharedKey(psk: Uint8Array): void {
    const middle = new Uint8Array(HASH_BYTES);
    kdf([this.chainingKey, middle, this.#key], this.chainingKey, psk);
    this.mixHash(middle);
    middle.fill(0);
  }

  /** Seals under the key of the last mix and mixes the result into the hash. */
  seal(out: Uint8Array, offset: number, plaintext: Uint8Array): void {
    seal(out, offset, this.#key, FIRST_NONCE, plaintext, this.hash);
    this.mixHash(out.subarray(offset, offset + plaintext.length + TAG_BYTES));
  }

  open(sealed: Uint8Array): Uint8Array | undefined {
    const plaintext = open(this.#key, FIRST_NONCE, sealed, this.hash);
    if (plaintext !== undefined) this.mixHash(sealed);
    return plaintext;
  }

  /** The two transport keys, the initiator's sending key first. */
  split(): [Uint8Array, Uint8Array] {
    const keys: [Uint8Array, Uint8Array] = [new Uint8Array(KEY_BYTES), new Uint8Array(KEY_BYTES)];
    kdf(keys, this.chainingKey, EMPTY);
    return keys;
  }

  wipe(): void {
    this.chainingKey.fill(0);
    this.hash.fill(0);
    this.#key.fill(0);
  }
}

function start(responderPublicKey: Uint8Array): Transcript {
  const transcript = new Transcript(START_CHAIN, START_HASH);
  transcript.mixHash(responderPublicKey);
  return transcript;
}

/** Mixes the secret in and overwrites it; false where there is none. */
function mixDh(transcript: Transcript, privateKey: KeyObject, publicKey: Uint8Array): boolean {
  const secret = dh(privateKey, publicKey);
  if (secret === undefined) return false;
  transcript.mixSecret(secret);
  secret.fill(0);
  return true;
}

/** The initiator's half between its initiation and the response to it. */
export class PendingHandshake {
  readonly localIndex: number;
  readonly #transcript: Transcript;
  readonly #ephemeral: DhKeyPair;

  constructor(localIndex: number, transcript: Transcript, ephemeral: DhKeyPair) {
    this.localIndex = localIndex;
    this.#transcript = transcript;
    this.#ephemeral = ephemeral;
  }

  /** The keys, if this response answers our initiation. A forged one leaves everything as it was. */
  finish(own: DhKeyPair, psk: Uint8Array, message: Uint8Array): (TransportKeys & { remoteIndex: number }) | undefined {
    const transcript = this.#transcript.copy();
    try {
      const ephemeral = message.subarray(RESPONSE.ephemeral, RESPONSE.ephemeral + KEY_BYTES);
      transcript.mixEphemeral(ephemeral);
      if (!mixDh(transcript, this.#ephemeral.privateKey, ephemeral)) return undefined;
      if (!mixDh(transcript, own.privateKey, ephemeral)) return undefined;
      transcript.mixPresharedKey(psk);
      if (transcript.open(message.subarray(RESPONSE.empty, RESPONSE.mac1)) === undefined) return undefined;
      const [sendKey, receiveKey] = transcript.split();
      return { sendKey, receiveKey, remoteIndex: readIndex(message, RESPONSE.sender) };
    } finally {
      transcript.wipe();
    }
  }

  wipe(): void {
    this.#transcript.wipe();
  }
}

/** An initiation towards the remote key; undefined if that key is of low order. `timestamp` is TAI64N, 12 bytes. */
export function createInitiation(
  own: DhKeyPair,
  remote: RemoteStatic,
  localIndex: number,
  timestamp: Uint8Array,
  ephemeral: DhKeyPair = generateDhKeyPair(),
): { message: Uint8Array; pending: PendingHandshake } | undefined {
  const message = new Uint8Array(INITIATION.bytes);
  message[0] = MESSAGE.initiation;
  writeIndex(message, INITIATION.sender, localIndex);
  message.set(ephemeral.publicKey, INITIATION.ephemeral);
  const transcript = start(remote.publicKey);
  transcript.mixEphemeral(ephemeral.publicKey);
  if (!mixDh(transcript, ephemeral.privateKey, remote.publicKey)) return undefined;
  transcript.seal(message, INITIATION.static, own.publicKey);
  transcript.mixSecret(remote.staticSecret);
  transcript.seal(message, INITIATION.timestamp, timestamp);
  return { message, pending: new PendingHandshake(localIndex, transcript, ephemeral) };
}

/** The responder's half: an initiation whose sender says who it is, but has not proved it before `openTimestamp`. */
export class ArrivingInitiation {
  readonly remotePublicKey: Uint8Array;
  readonly remoteIndex: number;
  readonly #transcript: Transcript;
  readonly #message: Uint8Array;

  private constructor(remotePublicKey: Uint8Array, transcript: Transcript, message: Uint8Array) {
    this.remotePublicKey = remotePublicKey;
    this.remoteIndex = readIndex(message, INITIATION.sender);
    this.#transcript = transcript;
    this.#message = message;
  }

  /** Undefined unless it is made for our key. `message` must stay unchanged until this is wiped. */
  static open(own: DhKeyPair, message: Uint8Array): ArrivingInitiation | undefined {
    const transcript = start(own.publicKey);
    const ephemeral = message.subarray(INITIATION.ephemeral, INITIATION.static);
    transcript.mixEphemeral(ephemeral);
    if (mixDh(transcript, own.privateKey, ephemeral)) {
      const publicKey = transcript.open(message.subarray(INITIATION.static, INITIATION.timestamp));
      if (publicKey !== undefined) return new ArrivingInitiation(publicKey, transcript, message);
    }
    transcript.wipe();
    return undefined;
  }

  /** Proof of the sender's static key: its TAI64N timestamp, or undefined if it does not have that key. */
  openTimestamp(remote: RemoteStatic): Uint8Array | undefined {
    this.#transcript.mixSecret(remote.staticSecret);
    return this.#transcript.open(this.#message.subarray(INITIATION.timestamp, INITIATION.mac1));
  }

  /** The response and the keys; undefined if a key of the sender is of low order. After `openTimestamp` succeeded. */
  respond(
    localIndex: number,
    psk: Uint8Array,
    ephemeral: DhKeyPair = generateDhKeyPair(),
  ): (TransportKeys & { message: Uint8Array }) | undefined {
    const transcript = this.#transcript;
    const message = new Uint8Array(RESPONSE.bytes);
    message[0] = MESSAGE.response;
    writeIndex(message, RESPONSE.sender, localIndex);
    writeIndex(message, RESPONSE.receiver, this.remoteIndex);
    message.set(ephemeral.publicKey, RESPONSE.ephemeral);
    transcript.mixEphemeral(ephemeral.publicKey);
    const remoteEphemeral = this.#message.subarray(INITIATION.ephemeral, INITIATION.static);
    if (!mixDh(transcript, ephemeral.privateKey, remoteEphemeral)) return undefined;
    if (!mixDh(transcript, ephemeral.privateKey, this.remotePublicKey)) return undefined;
    transcript.mixPresharedKey(psk);
    transcript.seal(message, RESPONSE.empty, EMPTY);
    const [receiveKey, sendKey] = transcript.split();
    return { message, sendKey, receiveKey };
  }

  wipe(): void {
    this.#transcript.wipe();
  }
}
