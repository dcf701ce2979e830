/**
 * Stands in for `node:crypto` where `@zeronaut/audit` runs in a browser (build/build.ts says so). Hashes are computed at once;
 * signatures are checked by WebCrypto beforehand (`checkSignature`), and `verify` only knows those that were found good: what was not
 * checked is not good. Nothing signs here.
 */
import { ByteBuffer } from './byte-buffer.ts';
import { Sha256 } from './sha256.ts';

export interface PublicKey {
  readonly type: 'public';
  readonly raw: Uint8Array;
  readonly asymmetricKeyType: string;
  export(): ByteBuffer;
}

export function createHash(name: string) {
  if (name !== 'sha256') throw new Error(`${name} is not built in here`);
  const hash = new Sha256();
  const chained = {
    update(data: string | Uint8Array) {
      hash.update(typeof data === 'string' ? new TextEncoder().encode(data) : data);
      return chained;
    },
    digest(encoding?: 'hex' | 'base64' | 'base64url') {
      const bytes = ByteBuffer.from(hash.digest());
      return encoding === undefined ? bytes : bytes.toString(encoding);
    },
  };
  return chained;
}

export function hash(name: string, text: string, encoding: 'base64url'): string {
  return createHash(name).update(text).digest(encoding) as string;
}

export function createPublicKey(input: { readonly key: Uint8Array; readonly asymmetricKeyType: string }): PublicKey {
  const raw = input.key.slice();
  return {
    ...{ type: 'public', raw, asymmetricKeyType: input.asymmetricKeyType },
    export: () => ByteBuffer.from(raw),
  };
}

export function sign(): never {
  throw new Error('nothing signs in a browser');
}

/** Signatures that WebCrypto found good, by key, signature and text. */
const good = new Set<string>();

const nameOf = (data: Uint8Array, key: PublicKey, signature: Uint8Array) =>
  [key.raw, signature, new Sha256().update(data).digest()]
    .map((bytes) => ByteBuffer.from(bytes).toString('base64'))
    .join(' ');

export function verify(_algorithm: null, data: Uint8Array, key: PublicKey, signature: Uint8Array): boolean {
  return good.has(nameOf(data, key, signature));
}

const ALGORITHMS: Readonly<Record<string, string>> = { ed25519: 'Ed25519', 'ml-dsa-65': 'ML-DSA-65' };
const imported = new Map<string, Promise<CryptoKey | null>>();

/** Null: this browser does not know the algorithm. */
export function importKey({ raw, asymmetricKeyType }: PublicKey): Promise<CryptoKey | null> {
  const name = `${asymmetricKeyType} ${ByteBuffer.from(raw).toString('base64')}`;
  let key = imported.get(name);
  if (key === undefined) {
    const format = asymmetricKeyType === 'ed25519' ? 'raw' : 'raw-public';
    key = crypto.subtle
      .importKey(format as 'raw', ByteBuffer.from(raw), { name: ALGORITHMS[asymmetricKeyType]! }, true, ['verify'])
      .catch(() => null);
    imported.set(name, key);
  }
  return key;
}

export async function checkSignature(data: Uint8Array, key: PublicKey, signature: Uint8Array): Promise<void> {
  const subtleKey = await importKey(key);
  if (subtleKey === null) return;
  const isGood = await crypto.subtle.verify(
    { name: ALGORITHMS[key.asymmetricKeyType]! },
    subtleKey,
    ByteBuffer.from(signature),
    ByteBuffer.from(data),
  );
  if (isGood) good.add(nameOf(data, key, signature));
}

export function forgetSignatures(): void {
  good.clear();
}
