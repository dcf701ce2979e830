import type { PostureFacts } from '@zeronaut/model';
import type { Connection } from '../profile/connection.ts';
import type { Device } from '../profile/device.ts';
import { collectPosture } from './collect-posture.ts';
import { signPosture } from './sign-posture.ts';

/** Asks the console what it wants to know, looks, signs and tells it. Rejects as `ApiClient.call` does. */
export async function reportPosture(connection: Connection, device: Device): Promise<PostureFacts> {
  const facts = await collectPosture(await connection.api.call('devicePolicy.get', {}));
  const params = { id: device.deviceId };
  await connection.api.call('devices.reportPosture', { params, body: { report: signPosture(device, facts) } });
  return facts;
}
