import { type DevicePolicy, type DevicePolicyInput, devicePolicyInput } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import { isUniqueViolation, type Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';

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
  const { organizationId } = caller;
  const values = { policy: JSON.stringify(input), version: version + 1 };
  try {
    return await context.store.transaction(async (queries) => {
      const before = await getDevicePolicy(queries, organizationId);
      if (before.version !== version) return new Refusal('api.precondition_failed');
      const changed =
        version === 1
          ? await queries
              .insertInto('device_policies')
              .values({ organization_id: organizationId, ...values })
              .returning('version')
              .executeTakeFirst()
          : await queries
              .updateTable('device_policies')
              .set(values)
              .where('organization_id', '=', organizationId)
              .where('version', '=', version)
              .returning('version')
              .executeTakeFirst();
      if (changed === undefined) return new Refusal('api.precondition_failed');
      const after = { ...input, version: version + 1 };
      await appendAudit(queries, context, caller, {
        action: 'device_policy.update',
        objectKind: 'organization',
        objectId: organizationId,
        before,
        after,
      });
      return after;
    });
  } catch (error) {
    // Two first changes at once.
    if (isUniqueViolation(error)) return new Refusal('api.precondition_failed');
    throw error;
  }
}
