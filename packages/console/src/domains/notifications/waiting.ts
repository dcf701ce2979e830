import { type Notice, sayDetail } from '@zeronaut/model';
import type { Context } from '../context.ts';
import { isoTime } from '../page.ts';

/** So many that wait longest; the others are told when these were decided. */
const MAX_WAITING = 200;

/** What waits for somebody's word in an organization, for a look like that at alarms: told once, and once that it is decided. */
export async function waitingOf({ store: { db }, clock }: Context, organizationId: string): Promise<Notice[]> {
  const requests = await db
    .selectFrom('access_requests')
    .innerJoin('users', 'users.id', 'access_requests.user_id')
    .select(['access_requests.id', 'object_name', 'minutes', 'access_requests.created_at', 'email'])
    .where('access_requests.organization_id', '=', organizationId)
    .where('access_requests.status', '=', 'pending')
    .where('closes_at', '>', clock())
    .where('users.status', '=', 'active')
    .orderBy('access_requests.id')
    .limit(MAX_WAITING)
    .execute();
  const devices = await db
    .selectFrom('devices')
    .innerJoin('users', 'users.id', 'devices.user_id')
    .select(['devices.id', 'devices.name', 'devices.created_at', 'email'])
    .where('devices.organization_id', '=', organizationId)
    .where('approved_at', 'is', null)
    .where('revoked_at', 'is', null)
    .where('users.status', '=', 'active')
    .orderBy('devices.id')
    .limit(MAX_WAITING)
    .execute();
  return [
    ...requests.map(
      // Without the reason that was given: a message does not carry what somebody else wrote freely.
      ({ id, object_name: name, minutes, created_at, email }): Notice => ({
        ...{ kind: 'access_request_waiting', severity: 'info', object: { kind: 'access_request', id, name } },
        ...{ since: isoTime(created_at), ...sayDetail('request_waiting', { email, minutes }) },
      }),
    ),
    ...devices.map(
      ({ id, name, created_at, email }): Notice => ({
        ...{ kind: 'device_waiting', severity: 'info', object: { kind: 'device', id, name } },
        ...{ since: isoTime(created_at), ...sayDetail('device_waiting', { email }) },
      }),
    ),
  ];
}
