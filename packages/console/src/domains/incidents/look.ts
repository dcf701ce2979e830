import type { Context } from '../context.ts';
import { notifyOrganization } from '../notifications/notify.ts';
import { endPush } from '../push/tell-browsers.ts';
import { alarmsOf } from '../traffic/overview.ts';
import { keyOfAlarm, recordIncidents } from './incidents.ts';
import { watchedAlarms } from './watched.ts';

/** By organization: what was wrong at the last look. What comes and goes between two looks is no news. */
export type LastLook = Map<string, ReadonlySet<string>>;

/** One look at all organizations: what is wrong and was at the last look is kept as an incident, and told. */
export async function lookAtAll(context: Context, lastLook: LastLook, isStopped: () => boolean): Promise<void> {
  await endPush(context);
  const organizations = await context.store.db.selectFrom('organizations').select('id').execute();
  const known = new Set(organizations.map(({ id }) => id));
  for (const id of lastLook.keys()) if (!known.has(id)) lastLook.delete(id);
  for (const { id } of organizations) {
    if (isStopped()) return;
    const alarms = [...(await alarmsOf(context, id)), ...(await watchedAlarms(context, id))];
    const before = lastLook.get(id);
    const present = new Set(alarms.map(keyOfAlarm));
    lastLook.set(id, present);
    // The first look after a start sees gateways that have not had the time to connect.
    if (before === undefined) continue;
    const lasting = alarms.filter((alarm) => before.has(keyOfAlarm(alarm)));
    await recordIncidents(context, id, lasting, present);
    await notifyOrganization(context, id, lasting, present);
  }
}
