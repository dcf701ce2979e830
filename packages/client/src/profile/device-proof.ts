import { createHash, type KeyObject } from 'node:crypto';
import { DEVICE_PROOF_TYPE } from '@zeronaut/model';
import { signByDevice } from './device-jws.ts';

/** That this machine makes this call with this token (RFC 9449). */
export function proveDevice(
  key: KeyObject,
  call: { readonly method: string; readonly url: string; readonly token: string },
  nowMs: number = Date.now(),
): string {
  const { origin, pathname } = new URL(call.url);
  return signByDevice(key, DEVICE_PROOF_TYPE, {
    ...{ htm: call.method, htu: `${origin}${pathname}`, iat: Math.floor(nowMs / 1000) },
    ath: createHash('sha256').update(call.token).digest('base64url'),
  });
}
