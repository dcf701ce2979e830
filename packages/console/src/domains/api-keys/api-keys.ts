import { type ApiKey, createId, type Role } from '@zeronaut/model';
import type { Selectable } from 'kysely';
import { Refusal } from '../../store/refusal.ts';
import type { Schema } from '../../store/schema.ts';
import type { Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { isoTime, type Page, type PageQuery, parseCursor, toPage } from '../page.ts';
import { createToken, hashToken } from '../random-token.ts';
import { revoke } from '../revoke.ts';
import { roleWithin } from '../sessions/authenticate.ts';

/** Characters of a key that lists show, to recognise it by: the kind and 48 of its 256 bits. */
const PREFIX_LENGTH = 12;

type Row = Selectable<Schema['api_keys']>;

function toApiKey(row: Row): ApiKey {
  return {
    id: row.id,
    organizationId: row.organization_id,
    userId: row.user_id,
    name: row.name,
    prefix: row.prefix,
    role: row.role,
    createdAt: isoTime(row.created_at),
    expiresAt: isoTime(row.expires_at),
    lastUsedAt: isoTime(row.last_used_at),
    revokedAt: isoTime(row.revoked_at),
  };
}

export async function insertApiKey(
  queries: Queries,
  owner: { organizationId: string; userId: string },
  input: { name: string; role: Role; expiresAtMs: number | null },
  nowMs: number,
): Promise<{ apiKey: ApiKey; key: string }> {
  const key = createToken('apiKey');
  const row: Row = {
    id: createId('apiKey', nowMs),
    organization_id: owner.organizationId,
    user_id: owner.userId,
    name: input.name,
    prefix: key.slice(0, PREFIX_LENGTH),
    key_hash: hashToken(key),
    role: input.role,
    created_at: nowMs,
    expires_at: input.expiresAtMs,
    last_used_at: null,
    revoked_at: null,
  };
  await queries.insertInto('api_keys').values(row).execute();
  return { apiKey: toApiKey(row), key };
}

export async function listApiKeys(context: Context, caller: Caller, query: PageQuery): Promise<Page<ApiKey> | Refusal> {
  const after = parseCursor(query.cursor, ['string']);
  if (after instanceof Refusal) return after;
  let select = context.store.db
    .selectFrom('api_keys')
    .selectAll()
    .where('organization_id', '=', caller.organizationId)
    .orderBy('id')
    .limit(query.limit + 1);
  if (after !== null) select = select.where('id', '>', String(after[0]));
  return toPage(await select.execute(), query.limit, toApiKey, (row) => [row.id]);
}

export async function createApiKey(
  context: Context,
  caller: Caller,
  input: { name: string; role: Role; expiresInSeconds: number | null },
): Promise<{ apiKey: ApiKey; key: string } | Refusal> {
  if (!roleWithin(input.role, caller.role)) {
    return new Refusal('api.forbidden', { detail: 'a key cannot do more than you may' });
  }
  const nowMs = context.clock();
  return await context.store.transaction(async (queries) => {
    const expiresAtMs = input.expiresInSeconds === null ? null : nowMs + input.expiresInSeconds * 1000;
    const created = await insertApiKey(queries, caller, { name: input.name, role: input.role, expiresAtMs }, nowMs);
    await appendAudit(queries, context, caller, {
      action: 'api_key.create',
      objectKind: 'api_key',
      objectId: created.apiKey.id,
      after: created.apiKey,
    });
    return created;
  });
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
