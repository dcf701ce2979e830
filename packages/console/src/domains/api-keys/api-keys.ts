import { type ApiKey, createId, type Role, scopesWithin } from '@zeronaut/model';
import type { Selectable } from 'kysely';
import { Refusal } from '../../store/refusal.ts';
import type { Schema } from '../../store/schema.ts';
import type { Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { contains, type ListQuery, listPage } from '../list.ts';
import { checkNotLinked } from '../memberships/home.ts';
import { isoTime, type Page } from '../page.ts';
import { createToken, hashToken } from '../random-token.ts';
import { revoke } from '../revoke.ts';
import { lockRole, roleWithin } from '../roles/held-role.ts';
import { checkActingAs, findServiceAccount } from '../service-accounts/service-accounts.ts';
import { parseScopes } from './stored-scopes.ts';

/** Characters of a key that lists show, to recognise it by: the kind and 48 of its 256 bits. */
const PREFIX_LENGTH = 12;

type Row = Selectable<Schema['api_keys']>;

export interface CreatedApiKey {
  readonly apiKey: ApiKey;
  /** Shown once, and nowhere kept. */
  readonly key: string;
}

function toApiKey(row: Row): ApiKey {
  return {
    id: row.id,
    organizationId: row.organization_id,
    userId: row.user_id,
    name: row.name,
    prefix: row.prefix,
    role: row.role,
    scopes: parseScopes(row.scopes),
    createdAt: isoTime(row.created_at),
    expiresAt: isoTime(row.expires_at),
    lastUsedAt: isoTime(row.last_used_at),
    lastUsedAddress: row.last_used_address,
    replacedBy: row.replaced_by,
    revokedAt: isoTime(row.revoked_at),
  };
}

export async function insertApiKey(
  queries: Queries,
  owner: { organizationId: string; userId: string },
  input: { name: string; role: Role; scopes?: readonly string[] | null; expiresAtMs: number | null },
  nowMs: number,
): Promise<CreatedApiKey> {
  const key = createToken('apiKey');
  const row: Row = {
    id: createId('apiKey', nowMs),
    organization_id: owner.organizationId,
    user_id: owner.userId,
    name: input.name,
    prefix: key.slice(0, PREFIX_LENGTH),
    key_hash: hashToken(key),
    role: input.role,
    scopes: input.scopes == null ? null : JSON.stringify(input.scopes),
    created_at: nowMs,
    expires_at: input.expiresAtMs,
    last_used_at: null,
    last_used_address: null,
    replaced_by: null,
    revoked_at: null,
  };
  await queries.insertInto('api_keys').values(row).execute();
  return { apiKey: toApiKey(row), key };
}

const API_KEY_SORTS = {
  created: { column: 'id', type: 'string' },
  name: { column: 'name', type: 'string' },
  used: { column: 'last_used_at', type: 'number', nullable: true },
} as const;

export async function listApiKeys(
  context: Context,
  caller: Caller,
  query: ListQuery<keyof typeof API_KEY_SORTS> & {
    readonly userId?: string | undefined;
    readonly usable?: boolean | undefined;
  },
): Promise<Page<ApiKey> | Refusal> {
  let select = context.store.db.selectFrom('api_keys').selectAll().where('organization_id', '=', caller.organizationId);
  if (query.q) select = select.where(contains(query.q, ['name', 'prefix']));
  if (query.userId !== undefined) select = select.where('user_id', '=', query.userId);
  if (query.usable !== undefined) {
    const nowMs = context.clock();
    select = select.where((eb) => {
      const lasts = eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', nowMs)]);
      const isUsable = eb.and([eb('revoked_at', 'is', null), lasts]);
      return query.usable === true ? isUsable : eb.not(isUsable);
    });
  }
  return await listPage(select, query, API_KEY_SORTS, toApiKey);
}

export async function createApiKey(
  context: Context,
  caller: Caller,
  input: {
    name: string;
    role: Role;
    scopes: string[] | null;
    serviceAccountId: string | null;
    expiresInSeconds: number | null;
  },
): Promise<CreatedApiKey | Refusal> {
  // It would outlive the token, which lives for minutes on purpose.
  if (caller.credential === 'workload') {
    return new Refusal('api.forbidden', { detail: 'the access token of a workload cannot make an API key' });
  }
  const linked = input.serviceAccountId === null ? checkNotLinked(caller) : null;
  if (linked !== null) return linked;
  const nowMs = context.clock();
  return await context.store.transaction(async (queries) => {
    const refusal = await checkKey(queries, caller, input);
    if (refusal !== null) return refusal;
    const expiresAtMs = input.expiresInSeconds === null ? null : nowMs + input.expiresInSeconds * 1000;
    let userId = caller.userId;
    if (input.serviceAccountId !== null) {
      const account = await findServiceAccount(queries, caller.organizationId, input.serviceAccountId);
      if (account instanceof Refusal) {
        return new Refusal('api.invalid', {
          errors: [{ path: '/serviceAccountId', message: 'no such service account' }],
        });
      }
      // Its groups come with it, whatever the role of the key.
      const beyond = await checkActingAs(queries, caller, account);
      if (beyond !== null) return beyond;
      userId = account.id;
    }
    const owner = { organizationId: caller.organizationId, userId };
    const created = await insertApiKey(queries, owner, { ...input, expiresAtMs }, nowMs);
    await appendAudit(queries, context, caller, {
      action: 'api_key.create',
      objectKind: 'api_key',
      objectId: created.apiKey.id,
      after: created.apiKey,
    });
    return created;
  });
}

/**
 * A new key in the place of `id`, with the same role, scopes and length of life. The old one goes on working for
 * `overlapSeconds`, so that what uses it can be changed meanwhile, and ends then by itself. A key acts as its user, so
 * only that user's own keys can be rotated, and those of service accounts.
 */
export async function rotateApiKey(
  context: Context,
  caller: Caller,
  id: string,
  input: { overlapSeconds: number },
): Promise<CreatedApiKey | Refusal> {
  const nowMs = context.clock();
  return await context.store.transaction(async (queries) => {
    // Taking the row first makes the second of two rotations at once find it replaced.
    const row = await queries
      .updateTable('api_keys')
      .set({ replaced_by: '' })
      .where('organization_id', '=', caller.organizationId)
      .where('id', '=', id)
      .where('replaced_by', 'is', null)
      .where('revoked_at', 'is', null)
      .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', nowMs)]))
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return await whyNotRotated(queries, caller, id);
    const owner = await queries
      .selectFrom('users')
      .select(['id', 'kind', 'role'])
      .where('id', '=', row.user_id)
      .executeTakeFirstOrThrow();
    if (owner.kind === 'local') {
      return new Refusal('api.conflict', { detail: 'the local credential is made anew when its file is removed' });
    }
    if (owner.id !== caller.userId && owner.kind !== 'service_account') {
      return new Refusal('api.forbidden', { detail: 'a key acts as its user; only that user rotates it' });
    }
    const before = toApiKey({ ...row, replaced_by: null });
    const beyond = owner.kind === 'service_account' ? await checkActingAs(queries, caller, owner) : null;
    const refusal = beyond ?? (await checkKey(queries, caller, before));
    if (refusal !== null) return refusal;
    const expiresAtMs = row.expires_at === null ? null : nowMs + (row.expires_at - row.created_at);
    const created = await insertApiKey(
      queries,
      { organizationId: row.organization_id, userId: row.user_id },
      { name: row.name, role: row.role, scopes: before.scopes, expiresAtMs },
      nowMs,
    );
    const endsAt = Math.min(row.expires_at ?? Number.MAX_SAFE_INTEGER, nowMs + input.overlapSeconds * 1000);
    await queries
      .updateTable('api_keys')
      .set({ replaced_by: created.apiKey.id, expires_at: endsAt })
      .where('organization_id', '=', caller.organizationId)
      .where('id', '=', id)
      .execute();
    await appendAudit(queries, context, caller, {
      action: 'api_key.rotate',
      objectKind: 'api_key',
      objectId: id,
      before,
      after: { ...before, replacedBy: created.apiKey.id, expiresAt: isoTime(endsAt) },
    });
    return created;
  });
}

async function whyNotRotated(queries: Queries, caller: Caller, id: string): Promise<Refusal> {
  const row = await queries
    .selectFrom('api_keys')
    .select('replaced_by')
    .where('organization_id', '=', caller.organizationId)
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) return new Refusal('api.not_found');
  const what = row.replaced_by === null ? 'the key was revoked or has expired' : `${row.replaced_by} took its place`;
  return new Refusal('api.conflict', { detail: what });
}

/** Nobody hands on more than they hold. */
async function checkKey(
  queries: Queries,
  caller: Caller,
  input: { role: Role; scopes: string[] | null },
): Promise<Refusal | null> {
  const role = await lockRole(queries, caller.organizationId, input.role);
  if (role === null) return new Refusal('api.invalid', { errors: [{ path: '/role', message: 'no such role' }] });
  if (!roleWithin(role, { name: caller.role, permissions: caller.permissions })) {
    return new Refusal('api.forbidden', { detail: 'a key cannot do more than you may' });
  }
  if (!scopesWithin(input.scopes, caller.scopes)) {
    return new Refusal('api.scope_missing', { detail: 'a key cannot have scopes that your own credential lacks' });
  }
  return null;
}

export async function revokeApiKey(context: Context, caller: Caller, id: string): Promise<undefined | Refusal> {
  return await revoke(context, caller, id, {
    table: 'api_keys',
    objectKind: 'api_key',
    action: 'api_key.revoke',
    view: toApiKey,
    // No gateway knows API keys.
    inSnapshot: false,
  });
}
