import { createHash, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { DEVICE_PROOF_TYPE } from '@zeronaut/model';

/** That this machine makes this call with this token: a compact JWS (RFC 9449, ES256) by the device's key. */
export function proveDevice(
  key: KeyObject,
  call: { readonly method: string; readonly url: string; readonly token: string },
  nowMs: number = Date.now(),
): string {
  const { kty, crv, x, y } = createPublicKey(key).export({ format: 'jwk' });
  const header = { alg: 'ES256', typ: DEVICE_PROOF_TYPE, jwk: { kty, crv, x, y } };
  const { origin, pathname } = new URL(call.url);
  const claims = {
    ...{ htm: call.method, htu: `${origin}${pathname}`, iat: Math.floor(nowMs / 1000) },
    ath: createHash('sha256').update(call.token).digest('base64url'),
  };
  const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}
