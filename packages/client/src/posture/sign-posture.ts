import { createPrivateKey } from 'node:crypto';
import { POSTURE_TYPE, type PostureFacts } from '@zeronaut/model';
import type { Device } from '../profile/device.ts';
import { signByDevice } from '../profile/device-jws.ts';

/** Facts of this machine, dated now and signed by the device's key. */
export function signPosture(device: Device, facts: PostureFacts, nowMs: number = Date.now()): string {
  const claims = { deviceId: device.deviceId, collectedAt: new Date(nowMs).toISOString(), facts };
  return signByDevice(createPrivateKey(device.privateKey), POSTURE_TYPE, claims);
}
