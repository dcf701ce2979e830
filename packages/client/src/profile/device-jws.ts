import { createPublicKey, type KeyObject, sign } from 'node:crypto';

/** A compact JWS (RFC 7515, ES256) by a device's key, which it brings along. */
export function signByDevice(key: KeyObject, type: string, claims: object): string {
  const { kty, crv, x, y } = createPublicKey(key).export({ format: 'jwk' });
  const header = { alg: 'ES256', typ: type, jwk: { kty, crv, x, y } };
  const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}
