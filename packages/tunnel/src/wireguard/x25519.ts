import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from 'node:crypto';

export const KEY_BYTES = 32;

/** A Curve25519 key pair. OpenSSL overwrites the private half when the object is collected. */
export interface DhKeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: Uint8Array;
}

export function generateDhKeyPair(): DhKeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  return { privateKey, publicKey: publicKey.export({ format: 'raw-public' }) };
}

/** From 32 bytes of private key, clamped as RFC 7748, section 5 says; `privateBytes` is not changed. */
export function importDhKeyPair(privateBytes: Uint8Array): DhKeyPair {
  const key = clampPrivateKey(Buffer.from(privateBytes));
  const privateKey = createPrivateKey({ key, format: 'raw-private', asymmetricKeyType: 'x25519' });
  key.fill(0);
  return { privateKey, publicKey: createPublicKey(privateKey).export({ format: 'raw-public' }) };
}

/** Clears and sets the bits that X25519 ignores, in place, as `wg genkey` does: what is shown is then what is used. */
export function clampPrivateKey<T extends Uint8Array>(bytes: T): T {
  bytes[0] = (bytes[0] as number) & 248;
  bytes[31] = ((bytes[31] as number) & 127) | 64;
  return bytes;
}

/** The shared secret of 32 bytes, or undefined where the other key is of low order (all-zero result, RFC 7748, 6.1). */
export function dh(privateKey: KeyObject, publicKey: Uint8Array): Uint8Array | undefined {
  try {
    return diffieHellman({
      privateKey,
      publicKey: createPublicKey({ key: Buffer.from(publicKey), format: 'raw-public', asymmetricKeyType: 'x25519' }),
    });
  } catch {
    // OpenSSL refuses exactly the keys that would make the secret zero; there is nothing else to fail with 32 bytes.
    return undefined;
  }
}
