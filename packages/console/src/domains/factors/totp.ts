/** Codes of authenticator apps (RFC 6238): SHA-1, six digits, 30 s, since many apps ignore anything else. */
import { createId, type User } from '@zeronaut/model';
import { Secret, TOTP } from 'otpauth';
import { Refusal } from '../../store/refusal.ts';
import { isUniqueViolation, type Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Context, Origin } from '../context.ts';
import { actorOf } from '../sessions/complete-sign-in.ts';
import { codeAttempts } from './code-attempts.ts';
import { insertRecoveryCodes } from './recovery-codes.ts';

const PERIOD_SECONDS = 30;
/** RFC 4226, 4: 160 bits. */
const SECRET_BYTES = 20;
/** Steps before and after the present one that count as well: clocks of telephones are off, and typing takes time. */
const WINDOW = 1;

function totpOf(secret: string, label = ''): TOTP {
  return new TOTP({ issuer: 'Zeronaut', label, secret: Secret.fromBase32(secret), period: PERIOD_SECONDS, digits: 6 });
}

function secretName(userId: string): string {
  return `totp:${userId}`;
}

/** A fresh secret; one that was never confirmed is void. Nothing counts until `confirmTotp`. */
export async function startTotp(
  context: Context,
  user: User,
  origin: Origin,
): Promise<{ secret: string; uri: string } | Refusal> {
  const nowMs = context.clock();
  const secret = new Secret({ size: SECRET_BYTES }).base32;
  try {
    return await context.store.transaction(async (queries) => {
      await queries
        .deleteFrom('totp_factors')
        .where('user_id', '=', user.id)
        .where('confirmed_at', 'is', null)
        .execute();
      await queries
        .insertInto('totp_factors')
        .values({
          id: createId('factor', nowMs),
          organization_id: user.organizationId,
          user_id: user.id,
          sealed_secret: context.authority.sealer.seal(secretName(user.id), secret),
          last_step: 0,
          created_at: nowMs,
          confirmed_at: null,
          last_used_at: null,
        })
        .execute();
      await appendAudit(
        queries,
        context,
        { organizationId: user.organizationId, actor: actorOf(user, origin), requestId: origin.requestId },
        { action: 'factor.start', objectKind: 'user', objectId: user.id, after: { kind: 'totp' } },
      );
      return { secret, uri: totpOf(secret, user.email).toString() };
    });
  } catch (error) {
    if (isUniqueViolation(error)) return new Refusal('factor.exists');
    throw error;
  }
}

/** Its first good code turns the app on. Answers fresh recovery codes, which nobody sees again. */
export async function confirmTotp(
  context: Context,
  user: User,
  code: string,
  origin: Origin,
): Promise<string[] | Refusal> {
  const attempt = await codeAttempts(context, user.id, origin);
  if (attempt instanceof Refusal) return attempt;
  const result = await context.store.transaction(async (queries) => {
    const row = await queries
      .selectFrom('totp_factors')
      .select(['id', 'sealed_secret'])
      .where('user_id', '=', user.id)
      .where('confirmed_at', 'is', null)
      .executeTakeFirst();
    if (row === undefined) return new Refusal('factor.not_started');
    const step = stepOf(context, user.id, row.sealed_secret, code);
    if (step === null) return new Refusal('factor.invalid');
    const nowMs = context.clock();
    const confirmed = await queries
      .updateTable('totp_factors')
      .set({ confirmed_at: nowMs, last_used_at: nowMs, last_step: step })
      .where('id', '=', row.id)
      .where('confirmed_at', 'is', null)
      .returning('id')
      .executeTakeFirst();
    if (confirmed === undefined) return new Refusal('factor.not_started');
    const codes = await insertRecoveryCodes(queries, user);
    await appendAudit(
      queries,
      context,
      { organizationId: user.organizationId, actor: actorOf(user, origin), requestId: origin.requestId },
      { action: 'factor.create', objectKind: 'factor', objectId: row.id, after: { kind: 'totp', userId: user.id } },
    );
    return codes;
  });
  if (!(result instanceof Refusal)) attempt.succeeded();
  return result;
}

/** Whether the code is one of now, and was never used: a step counts once, and no older one after it (RFC 6238, 5.2). */
export async function useTotpCode(queries: Queries, context: Context, user: User, code: string): Promise<boolean> {
  const row = await queries
    .selectFrom('totp_factors')
    .select(['id', 'sealed_secret'])
    .where('user_id', '=', user.id)
    .where('confirmed_at', 'is not', null)
    .executeTakeFirst();
  if (row === undefined) return false;
  const step = stepOf(context, user.id, row.sealed_secret, code);
  if (step === null) return false;
  // One statement, so that of two with the same code one comes too late.
  const used = await queries
    .updateTable('totp_factors')
    .set({ last_step: step, last_used_at: context.clock() })
    .where('id', '=', row.id)
    .where('last_step', '<', step)
    .returning('id')
    .executeTakeFirst();
  return used !== undefined;
}

/** The time step that the code belongs to; null when to none around now. */
function stepOf(context: Context, userId: string, sealed: string, code: string): number | null {
  const token = code.replaceAll(/[\s-]/g, '');
  if (!/^\d{6}$/.test(token)) return null;
  const timestamp = context.clock();
  const delta = totpOf(context.authority.sealer.open(secretName(userId), sealed)).validate({
    token,
    timestamp,
    window: WINDOW,
  });
  return delta === null ? null : Math.floor(timestamp / 1000 / PERIOD_SECONDS) + delta;
}
