import { type DevicePolicy, type DevicePolicyInput, devicePolicyInput } from '@zeronaut/model';
import type { Refusal } from '../../store/refusal.ts';
import type { Queries } from '../../store/store.ts';
import type { Caller, Context } from '../context.ts';
import { replaceSettings } from '../replace-settings.ts';

/** What the organization asks of devices; the defaults of the model where nobody said anything. */
export async function getDevicePolicy(queries: Queries, organizationId: string): Promise<DevicePolicy> {
  const row = await queries
    .selectFrom('device_policies')
    .select(['policy', 'version'])
    .where('organization_id', '=', organizationId)
    .executeTakeFirst();
  return { ...devicePolicyInput.parse(JSON.parse(row?.policy ?? '{}')), version: row?.version ?? 1 };
}

/** Devices that were approved stay so. */
export async function updateDevicePolicy(
  context: Context,
  caller: Caller,
  version: number,
  input: DevicePolicyInput,
): Promise<DevicePolicy | Refusal> {
  return await replaceSettings(context, caller, version, {
    table: 'device_policies',
    column: 'policy',
    action: 'device_policy.update',
    read: getDevicePolicy,
    next: input,
    stored: input,
  });
}
