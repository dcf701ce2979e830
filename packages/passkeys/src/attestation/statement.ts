import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { decodeCredentialPublicKey } from '@simplewebauthn/server/helpers';
import type { Certificate } from './certificates.ts';

/** What a statement was made over, and for. */
export interface Attested {
  readonly authenticatorData: Uint8Array<ArrayBuffer>;
  readonly clientDataHash: Buffer;
  readonly aaguid: Uint8Array;
  /** The passkey's own, and the COSE algorithm that it says it signs with. */
  readonly key: KeyObject;
  readonly algorithm: unknown;
}

/** Who vouches: certificates, the one that did first. They hold what they have to; whether somebody trusts them is looked at later. */
export interface Voucher {
  readonly chain: readonly Certificate[];
  /** Extensions of the first certificate that the format looks at, beside those of every path. */
  readonly understood?: readonly string[];
}

/** Null: it is malformed, or does not vouch for this passkey. */
export type ReadStatement = (statement: ReadonlyMap<unknown, unknown>, attested: Attested) => Voucher | null;

export const signedBytes = ({ authenticatorData, clientDataHash }: Attested): Buffer =>
  Buffer.concat([authenticatorData, clientDataHash]);

/** COSE algorithms (RFC 9053, RFC 8812) that statements are signed with. */
export const ALGORITHMS: Readonly<Record<number, { readonly hash: string | null; readonly keyType: string }>> = {
  [-7]: { hash: 'sha256', keyType: 'ec' },
  [-35]: { hash: 'sha384', keyType: 'ec' },
  [-36]: { hash: 'sha512', keyType: 'ec' },
  [-8]: { hash: null, keyType: 'ed25519' },
  [-257]: { hash: 'sha256', keyType: 'rsa' },
};

/** `known`: the algorithms that are taken. */
export function isSignedBy(
  key: KeyObject,
  algorithm: unknown,
  data: Uint8Array,
  signature: unknown,
  known = ALGORITHMS,
): boolean {
  const how = typeof algorithm === 'number' ? known[algorithm] : undefined;
  if (how === undefined || !(signature instanceof Uint8Array) || key.asymmetricKeyType !== how.keyType) return false;
  return verify(how.hash, data, key, signature);
}

export const sha256 = (data: Uint8Array): Buffer => createHash('sha256').update(data).digest();

const CURVES: Readonly<Record<number, string>> = { 1: 'P-256', 2: 'P-384', 3: 'P-521', 6: 'Ed25519' };
const [EC2, OKP, RSA] = [2, 1, 3];

/** A COSE key (RFC 9053, 7; RFC 8230, 4). Null: of another kind. */
export function keyOf(credentialPublicKey: Uint8Array<ArrayBuffer>): Pick<Attested, 'key' | 'algorithm'> | null {
  const cose = decodeCredentialPublicKey(credentialPublicKey) as unknown as ReadonlyMap<number, unknown>;
  const text = (label: number) => {
    const value = cose.get(label);
    return value instanceof Uint8Array ? Buffer.from(value).toString('base64url') : '';
  };
  const type = cose.get(1);
  const crv = CURVES[Number(cose.get(-1))] ?? '';
  const jwk =
    type === EC2
      ? { kty: 'EC', crv, x: text(-2), y: text(-3) }
      : type === OKP
        ? { kty: 'OKP', crv, x: text(-2) }
        : type === RSA
          ? { kty: 'RSA', n: text(-1), e: text(-2) }
          : null;
  if (jwk === null) return null;
  try {
    return { key: createPublicKey({ key: jwk, format: 'jwk' }), algorithm: cose.get(3) };
  } catch {
    // Node says by throwing that it is no key.
    return null;
  }
}
