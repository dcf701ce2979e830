import { isDeepStrictEqual } from 'node:util';
import { CHAIN_START } from '@zeronaut/audit';
import { createId, type Language, type Organization, type OwnOrganization } from '@zeronaut/model';
import type { Refusal } from '../../store/refusal.ts';
import type { Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { locking, refuseStale, versionOf } from '../if-match.ts';
import { isoTime } from '../page.ts';

export async function getOrganization(queries: Queries, id: string): Promise<Organization> {
  const row = await queries.selectFrom('organizations').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
  const { id: own, name, slug, time_zone: timeZone, language, snapshot_max_age_seconds: snapshotMaxAgeSeconds } = row;
  return { id: own, name, slug, timeZone, language, snapshotMaxAgeSeconds, createdAt: isoTime(row.created_at) };
}

/** What people set in it. */
function facts({ name, timeZone, language, snapshotMaxAgeSeconds }: Organization) {
  return { name, timeZone, language, snapshotMaxAgeSeconds };
}

function own(organization: Organization): OwnOrganization {
  return { ...organization, version: versionOf(facts(organization)) };
}

export async function currentOrganization(context: Context, caller: Caller): Promise<OwnOrganization> {
  return own(await getOrganization(context.store.db, caller.organizationId));
}

/** As it is until the commit. */
export async function lockOrganization(queries: Queries, context: Context, id: string): Promise<Organization> {
  await queries.selectFrom('organizations').select('id').where('id', '=', id).$call(locking(context)).execute();
  return await getOrganization(queries, id);
}

/** As far as it is given. */
export async function updateOrganization(
  context: Context,
  caller: Caller,
  version: number | null,
  input: {
    name?: string | undefined;
    timeZone?: string | undefined;
    language?: Language | undefined;
    snapshotMaxAgeSeconds?: number | null | undefined;
  },
): Promise<OwnOrganization | Refusal> {
  const id = caller.organizationId;
  return await context.store.change(id, async (queries) => {
    const before = await lockOrganization(queries, context, id);
    const stale = refuseStale(version, own(before).version);
    if (stale !== null) return stale;
    const after = {
      ...before,
      name: input.name ?? before.name,
      timeZone: input.timeZone ?? before.timeZone,
      language: input.language ?? before.language,
      snapshotMaxAgeSeconds:
        input.snapshotMaxAgeSeconds === undefined ? before.snapshotMaxAgeSeconds : input.snapshotMaxAgeSeconds,
    };
    if (isDeepStrictEqual(facts(after), facts(before))) return own(before);
    await queries
      .updateTable('organizations')
      .set({
        ...{ name: after.name, time_zone: after.timeZone, language: after.language },
        snapshot_max_age_seconds: after.snapshotMaxAgeSeconds,
      })
      .where('id', '=', id)
      .execute();
    await appendAudit(queries, context, caller, {
      ...{ action: 'organization.update', objectKind: 'organization', objectId: id },
      ...{ before: facts(before), after: facts(after) },
    });
    return own(after);
  });
}

/** Policies that read the time say something else from then on, within a second and on open connections. */
export async function setTimeZone(
  context: Context,
  caller: Caller,
  version: number | null,
  timeZone: string,
): Promise<{ timeZone: string; version: number } | Refusal> {
  const id = caller.organizationId;
  return await context.store.change(id, async (queries) => {
    const before = await lockOrganization(queries, context, id);
    const stale = refuseStale(version, own(before).version);
    if (stale !== null) return stale;
    await queries.updateTable('organizations').set({ time_zone: timeZone }).where('id', '=', id).execute();
    await appendAudit(queries, context, caller, {
      action: 'organization.time_zone',
      objectKind: 'organization',
      objectId: id,
      before: { timeZone: before.timeZone },
      after: { timeZone },
    });
    return { timeZone, version: own({ ...before, timeZone }).version };
  });
}

/** The organization of a fresh installation; its first owner gives it a name. Found again by its slug. */
export async function ensureFirstOrganization(context: Context): Promise<string> {
  const { db } = context.store;
  const oldest = () => db.selectFrom('organizations').select('id').orderBy('id').limit(1).executeTakeFirst();
  const existing = await oldest();
  if (existing !== undefined) return existing.id;
  const createdAt = context.clock();
  await db
    .insertInto('organizations')
    .values({
      id: createId('organization', createdAt),
      name: 'My organization',
      slug: 'default',
      created_at: createdAt,
      audit_seq: 0,
      audit_head: CHAIN_START,
      time_zone: 'UTC',
    })
    .onConflict((conflict) => conflict.column('slug').doNothing())
    .execute();
  return (await oldest())!.id;
}
