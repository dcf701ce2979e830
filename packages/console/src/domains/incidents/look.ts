import type { Notice } from '@zeronaut/model';
import type { Context } from '../context.ts';
import { notifyOrganization } from '../notifications/notify.ts';
import { waitingOf } from '../notifications/waiting.ts';
import { endPush } from '../push/tell-browsers.ts';
import { alarmsOf } from '../traffic/overview.ts';
import { keyOfAlarm, recordIncidents } from './incidents.ts';
import { watchedAlarms } from './watched.ts';

/** By organization: what was wrong, or waited, at the last look. What comes and goes between two looks is no news. */
export type LastLook = Map<string, ReadonlySet<string>>;

/** One look at all organizations: what is wrong and was at the last look is kept as an incident, and told; so is what waits for somebody, which is no incident. */
export async function lookAtAll(context: Context, lastLook: LastLook, isStopped: () => boolean): Promise<void> {
  await endPush(context);
  const organizations = await context.store.db.selectFrom('organizations').select('id').execute();
  const known = new Set(organizations.map(({ id }) => id));
  for (const id of lastLook.keys()) if (!known.has(id)) lastLook.delete(id);
  for (const { id } of organizations) {
    if (isStopped()) return;
    const alarms = [...(await alarmsOf(context, id)), ...(await watchedAlarms(context, id))];
    const before = lastLook.get(id);
    const waiting = await waitingOf(context, id);
    const present = new Set([...alarms, ...waiting].map(keyOfAlarm));
    lastLook.set(id, present);
    // The first look after a start sees gateways that have not had the time to connect.
    if (before === undefined) continue;
    const isLasting = (notice: Notice) => before.has(keyOfAlarm(notice));
    await recordIncidents(context, id, alarms.filter(isLasting), present);
    await notifyOrganization(context, id, [...alarms, ...waiting].filter(isLasting), present);
  }
}
