import type { FactorList, User } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import type { Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { isoTime } from '../page.ts';
import { checkReach } from '../roles/held-role.ts';
import { revokeUserSessions } from '../sessions/sessions.ts';
import type { EnrolledFactors } from '../sessions/sign-in-policy.ts';
import { findUser } from '../users/users.ts';
import { insertRecoveryCodes } from './recovery-codes.ts';

/** Which second factors a user could show now. */
export async function enrolledFactors(queries: Queries, userId: string): Promise<EnrolledFactors> {
  const totp = await queries
    .selectFrom('totp_factors')
    .select('id')
    .where('user_id', '=', userId)
    .where('confirmed_at', 'is not', null)
    .executeTakeFirst();
  const passkey = await queries.selectFrom('passkeys').select('id').where('user_id', '=', userId).executeTakeFirst();
  return {
    passkey: passkey !== undefined,
    totp: totp !== undefined,
    recovery_code: (await codesLeft(queries, userId)) > 0,
  };
}

/** The second factors of a user of that organization. */
export async function listFactors(
  context: Context,
  organizationId: string,
  userId: string,
): Promise<FactorList | Refusal> {
  const { db } = context.store;
  const user = await findUser(db, organizationId, userId);
  if (user instanceof Refusal) return user;
  const totp = await db
    .selectFrom('totp_factors')
    .select(['id', 'created_at', 'last_used_at'])
    .where('user_id', '=', userId)
    .where('confirmed_at', 'is not', null)
    .execute();
  const passkeys = await db
    .selectFrom('passkeys')
    .select(['id', 'name', 'rp_id', 'created_at', 'last_used_at'])
    .where('user_id', '=', userId)
    .orderBy('id')
    .execute();
  const times = (row: { created_at: number; last_used_at: number | null }) => ({
    createdAt: isoTime(row.created_at),
    lastUsedAt: isoTime(row.last_used_at),
  });
  return {
    items: [
      ...totp.map((row) => ({
        id: row.id,
        kind: 'totp' as const,
        name: 'Authenticator app',
        site: null,
        ...times(row),
      })),
      ...passkeys.map((row) => ({
        id: row.id,
        kind: 'passkey' as const,
        name: row.name,
        site: row.rp_id,
        ...times(row),
      })),
    ],
    recoveryCodesLeft: await codesLeft(db, userId),
    hasPassword: await hasPassword(db, userId),
  };
}

async function hasPassword(queries: Queries, userId: string): Promise<boolean> {
  const row = await queries
    .selectFrom('password_hashes')
    .select('user_id')
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return row !== undefined;
}

async function codesLeft(queries: Queries, userId: string): Promise<number> {
  const { left } = await queries
    .selectFrom('recovery_codes')
    .select((eb) => eb.fn.countAll<number | string>().as('left'))
    .where('user_id', '=', userId)
    .where('used_at', 'is', null)
    .executeTakeFirstOrThrow();
  return Number(left);
}

/** The person who calls, by a session of their own: a key must not change how its user signs in. */
export async function personOf(context: Context, caller: Caller): Promise<User | Refusal> {
  const user =
    caller.credential === 'session' ? await findUser(context.store.db, caller.organizationId, caller.userId) : null;
  return user === null || user instanceof Refusal || user.kind !== 'person'
    ? new Refusal('factor.session_needed')
    : user;
}

export async function renewRecoveryCodes(context: Context, caller: Caller): Promise<string[] | Refusal> {
  const user = await personOf(context, caller);
  if (user instanceof Refusal) return user;
  return await context.store.transaction(async (queries) => {
    const { totp, passkey } = await enrolledFactors(queries, user.id);
    if (!totp && !passkey) return new Refusal('factor.not_started', { detail: 'they stand in for another factor' });
    const codes = await insertRecoveryCodes(queries, user);
    await appendAudit(queries, context, caller, {
      action: 'factor.renew_recovery_codes',
      objectKind: 'user',
      objectId: user.id,
    });
    return codes;
  });
}

/** Removes one of the caller's own. Recovery codes go with the last factor that they stand in for. */
export async function removeFactor(context: Context, caller: Caller, id: string): Promise<undefined | Refusal> {
  const user = await personOf(context, caller);
  if (user instanceof Refusal) return user;
  return await context.store.change(caller.organizationId, (queries) =>
    deleteFactor(queries, context, caller, user.id, id),
  );
}

/** One of a user who lost it. Ends the sessions of the user, since whoever found it may have opened one. */
export async function removeFactorOf(
  context: Context,
  caller: Caller,
  userId: string,
  id: string,
): Promise<undefined | Refusal> {
  return await context.store.change(caller.organizationId, async (queries) => {
    const user = await findUser(queries, caller.organizationId, userId);
    if (user instanceof Refusal) return user;
    const beyond = await checkReach(queries, caller, user.role);
    if (beyond !== null) return beyond;
    const refusal = await deleteFactor(queries, context, caller, user.id, id);
    if (refusal !== undefined) return refusal;
    await revokeUserSessions(queries, context, caller.organizationId, user.id, caller.credentialId);
    return undefined;
  });
}

async function deleteFactor(
  queries: Queries,
  context: Context,
  caller: Caller,
  userId: string,
  id: string,
): Promise<undefined | Refusal> {
  const totp = await queries
    .deleteFrom('totp_factors')
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .where('confirmed_at', 'is not', null)
    .returning('created_at')
    .executeTakeFirst();
  const passkey = await queries
    .deleteFrom('passkeys')
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .returning(['name', 'rp_id'])
    .executeTakeFirst();
  if (totp === undefined && passkey === undefined) return new Refusal('api.not_found');
  const left = await enrolledFactors(queries, userId);
  if (!left.totp && !left.passkey) {
    await queries.deleteFrom('recovery_codes').where('user_id', '=', userId).execute();
  }
  await appendAudit(queries, context, caller, {
    action: 'factor.delete',
    objectKind: 'factor',
    objectId: id,
    before:
      passkey === undefined
        ? { kind: 'totp', userId }
        : { kind: 'passkey', name: passkey.name, userId, site: passkey.rp_id },
  });
  return undefined;
}

/** For somebody who lost them all. Ends the sessions of the user; nobody resets who may do more. */
export async function resetFactors(context: Context, caller: Caller, id: string): Promise<undefined | Refusal> {
  return await context.store.change(caller.organizationId, async (queries) => {
    const user = await findUser(queries, caller.organizationId, id);
    if (user instanceof Refusal) return user;
    const beyond = await checkReach(queries, caller, user.role);
    if (beyond !== null) return beyond;
    await queries.deleteFrom('totp_factors').where('user_id', '=', id).execute();
    await queries.deleteFrom('passkeys').where('user_id', '=', id).execute();
    await queries.deleteFrom('recovery_codes').where('user_id', '=', id).execute();
    await revokeUserSessions(queries, context, caller.organizationId, id, caller.credentialId);
    await appendAudit(queries, context, caller, { action: 'factor.reset', objectKind: 'user', objectId: id });
    return undefined;
  });
}
