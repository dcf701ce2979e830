import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { POSTURE_TYPE, type PostureFacts } from '@zeronaut/model';
import type { Device } from '../profile/device.ts';

/** Facts of this machine as a compact JWS (RFC 7515, ES256), dated now and signed by the device's key. */
export function signPosture(device: Device, facts: PostureFacts, nowMs: number = Date.now()): string {
  const key = createPrivateKey(device.privateKey);
  const { kty, crv, x, y } = createPublicKey(key).export({ format: 'jwk' });
  const header = { alg: 'ES256', typ: POSTURE_TYPE, jwk: { kty, crv, x, y } };
  const claims = { deviceId: device.deviceId, collectedAt: new Date(nowMs).toISOString(), facts };
  const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}
