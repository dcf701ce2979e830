import type { User } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import type { Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Context, Origin } from '../context.ts';
import { createToken, hashToken } from '../random-token.ts';
import { actorOf, completeSignIn, type SignedIn } from '../sessions/complete-sign-in.ts';
import { checkPassword } from '../users/password-policy.ts';
import { insertUser } from '../users/users.ts';

/** The link is printed at each start until somebody used it; one that lies around a day later opens nothing. */
const SETUP_TOKEN_TTL_MS = 24 * 3_600_000;

/** True until the organization has a first owner who is a person. */
export async function isSetupNeeded(queries: Queries): Promise<boolean> {
  const owner = await queries
    .selectFrom('users')
    .select('id')
    .where('kind', '=', 'person')
    .where('role', '=', 'owner')
    .limit(1)
    .executeTakeFirst();
  return owner === undefined;
}

/** A fresh one-time token; those made before are void. Null once there is an owner. */
export async function createSetupToken(context: Context, organizationId: string): Promise<string | null> {
  return await context.store.transaction(async (queries) => {
    if (!(await isSetupNeeded(queries))) return null;
    const token = createToken('setup');
    const createdAt = context.clock();
    await queries.deleteFrom('setup_tokens').where('organization_id', '=', organizationId).execute();
    await queries
      .insertInto('setup_tokens')
      .values({
        token_hash: hashToken(token),
        organization_id: organizationId,
        created_at: createdAt,
        expires_at: createdAt + SETUP_TOKEN_TTL_MS,
        used_at: null,
      })
      .execute();
    return token;
  });
}

/** Whether the link would work now, without using it up. */
export async function checkSetupToken(context: Context, token: string): Promise<Refusal | null> {
  const row = await context.store.db
    .selectFrom('setup_tokens')
    .select(['used_at', 'expires_at'])
    .where('token_hash', '=', hashToken(token))
    .executeTakeFirst();
  if (row === undefined) return new Refusal('api.not_found');
  if (row.used_at !== null) return new Refusal('api.token_used');
  return row.expires_at <= context.clock() ? new Refusal('api.token_expired') : null;
}

/** The first owner: uses the token up and signs the new owner in, all in one transaction. */
export async function setUp(
  context: Context,
  input: { token: string; email: string; name: string; password: string; organizationName?: string },
  origin: Origin,
): Promise<SignedIn | Refusal> {
  const invalid =
    (await checkSetupToken(context, input.token)) ?? (await checkPassword(context, input.password, input.email));
  if (invalid !== null) return invalid;
  const passwordHash = await context.passwords.hash(input.password);
  const nowMs = context.clock();
  const organization = await context.store.db
    .selectFrom('setup_tokens')
    .select('organization_id')
    .where('token_hash', '=', hashToken(input.token))
    .executeTakeFirst();
  if (organization === undefined) return new Refusal('api.not_found');
  const organizationId = organization.organization_id;

  return await context.store.change(organizationId, async (queries) => {
    const used = await queries
      .updateTable('setup_tokens')
      .set({ used_at: nowMs })
      .where('token_hash', '=', hashToken(input.token))
      .where('used_at', 'is', null)
      .returning('token_hash')
      .executeTakeFirst();
    if (used === undefined || !(await isSetupNeeded(queries))) return new Refusal('api.token_used');
    if (input.organizationName !== undefined) {
      await queries
        .updateTable('organizations')
        .set({ name: input.organizationName })
        .where('id', '=', organizationId)
        .execute();
    }
    const user: User | Refusal = await insertUser(
      queries,
      organizationId,
      { email: input.email, name: input.name, role: 'owner', groups: [], kind: 'person', passwordHash },
      nowMs,
    );
    if (user instanceof Refusal) return user;
    const who = { organizationId, actor: actorOf(user, origin), requestId: origin.requestId };
    await appendAudit(queries, context, who, {
      action: 'setup.create',
      objectKind: 'user',
      objectId: user.id,
      after: { user, ...(input.organizationName === undefined ? {} : { organizationName: input.organizationName }) },
    });
    const factors = [{ kind: 'password' as const, atMs: nowMs }];
    const result = await completeSignIn(
      queries,
      context,
      { userId: user.id, organizationId, kind: 'console', factors, canGoOn: false },
      origin,
    );
    return 'pendingToken' in result ? new Refusal('factor.missing') : result;
  });
}
