import type { FactorList, User } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import type { Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { isoTime } from '../page.ts';
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
  return { passkey: false, totp: totp !== undefined, recovery_code: (await codesLeft(queries, userId)) > 0 };
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
  return {
    items: totp.map((row) => ({
      id: row.id,
      kind: 'totp' as const,
      name: 'Authenticator app',
      createdAt: isoTime(row.created_at),
      lastUsedAt: isoTime(row.last_used_at),
    })),
    recoveryCodesLeft: await codesLeft(db, userId),
  };
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
  return await context.store.transaction(async (queries) => {
    const removed = await queries
      .deleteFrom('totp_factors')
      .where('id', '=', id)
      .where('user_id', '=', user.id)
      .where('confirmed_at', 'is not', null)
      .returning('created_at')
      .executeTakeFirst();
    if (removed === undefined) return new Refusal('api.not_found');
    const left = await enrolledFactors(queries, user.id);
    if (!left.totp && !left.passkey) {
      await queries.deleteFrom('recovery_codes').where('user_id', '=', user.id).execute();
    }
    await appendAudit(queries, context, caller, {
      action: 'factor.delete',
      objectKind: 'factor',
      objectId: id,
      before: { kind: 'totp', userId: user.id },
    });
    return undefined;
  });
}

/** For somebody who lost them all. Ends the sessions of the user; only owners reset owners. */
export async function resetFactors(context: Context, caller: Caller, id: string): Promise<undefined | Refusal> {
  return await context.store.change(caller.organizationId, async (queries) => {
    const user = await findUser(queries, caller.organizationId, id);
    if (user instanceof Refusal) return user;
    if (user.role === 'owner' && caller.role !== 'owner') {
      return new Refusal('api.forbidden', { detail: 'only an owner may reset an owner' });
    }
    await queries.deleteFrom('totp_factors').where('user_id', '=', id).execute();
    await queries.deleteFrom('recovery_codes').where('user_id', '=', id).execute();
    await revokeUserSessions(queries, context, caller.organizationId, id, caller.credentialId);
    await appendAudit(queries, context, caller, { action: 'factor.reset', objectKind: 'user', objectId: id });
    return undefined;
  });
}
