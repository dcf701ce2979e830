import { type AccessEvent, createId, type PersonalAccessToken, type Snapshot } from '@zeronaut/model';
import type { Selectable } from 'kysely';
import { Refusal } from '../../store/refusal.ts';
import type { Schema } from '../../store/schema.ts';
import type { Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { checkNotLinked } from '../memberships/home.ts';
import { isoTime, type Page, type PageQuery, parseCursor, toPage } from '../page.ts';
import { createToken, hashToken } from '../random-token.ts';
import { findResource } from '../resources/resources.ts';
import { revoke } from '../revoke.ts';

/** Tokens of one user that work. Every gateway holds all of them, so nobody may make up any number. */
const MAX_TOKENS_PER_USER = 100;
/** Characters that lists show: the kind and 48 of 256 bits. */
const PREFIX_LENGTH = 12;
/** `last_used_at` is exact to this. */
const LAST_USED_STEP_MS = 60_000;

type Row = Selectable<Schema['personal_access_tokens']>;

function toToken(row: Row): PersonalAccessToken {
  return {
    id: row.id,
    organizationId: row.organization_id,
    userId: row.user_id,
    name: row.name,
    prefix: row.prefix,
    resourceIds: JSON.parse(row.resource_ids),
    createdAt: isoTime(row.created_at),
    expiresAt: isoTime(row.expires_at),
    lastUsedAt: isoTime(row.last_used_at),
    lastUsedAddress: row.last_used_address,
    revokedAt: isoTime(row.revoked_at),
  };
}

/** `ownerId`: only this user's; null: of everybody in the organization. */
export async function listPersonalAccessTokens(
  context: Context,
  caller: Caller,
  ownerId: string | null,
  query: PageQuery,
): Promise<Page<PersonalAccessToken> | Refusal> {
  const after = parseCursor(query.cursor, ['string']);
  if (after instanceof Refusal) return after;
  let select = context.store.db
    .selectFrom('personal_access_tokens')
    .selectAll()
    .where('organization_id', '=', caller.organizationId)
    .orderBy('id')
    .limit(query.limit + 1);
  if (ownerId !== null) select = select.where('user_id', '=', ownerId);
  if (after !== null) select = select.where('id', '>', String(after[0]));
  return toPage(await select.execute(), query.limit, toToken, (row) => [row.id]);
}

/**
 * A token of the caller for HTTP resources of the organization. Whether the caller may use them is decided by gateways at
 * each request, as for a session: a token opens no door that its user cannot open.
 */
export async function createPersonalAccessToken(
  context: Context,
  caller: Caller,
  input: { name: string; resources: string[]; expiresInSeconds: number },
): Promise<{ personalAccessToken: PersonalAccessToken; token: string } | Refusal> {
  const linked = checkNotLinked(caller);
  if (linked !== null) return linked;
  const nowMs = context.clock();
  return await context.store.change(caller.organizationId, async (queries) => {
    const { count } = await queries
      .selectFrom('personal_access_tokens')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('organization_id', '=', caller.organizationId)
      .where('user_id', '=', caller.userId)
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', nowMs)
      .executeTakeFirstOrThrow();
    if (Number(count) >= MAX_TOKENS_PER_USER) {
      return new Refusal('api.conflict', { detail: `a user has at most ${MAX_TOKENS_PER_USER} tokens; revoke some` });
    }
    const resourceIds = new Set<string>();
    for (const [index, idOrName] of input.resources.entries()) {
      const resource = await findResource(queries, caller.organizationId, idOrName);
      if (resource instanceof Refusal || resource.protocol !== 'http') {
        const message = resource instanceof Refusal ? 'no such resource' : 'only HTTP resources take tokens';
        return new Refusal('api.invalid', { errors: [{ path: `/resources/${index}`, message }] });
      }
      resourceIds.add(resource.id);
    }
    const token = createToken('personalAccessToken');
    const row: Row = {
      id: createId('personalAccessToken', nowMs),
      organization_id: caller.organizationId,
      user_id: caller.userId,
      name: input.name,
      prefix: token.slice(0, PREFIX_LENGTH),
      token_hash: hashToken(token),
      resource_ids: JSON.stringify([...resourceIds]),
      created_at: nowMs,
      expires_at: nowMs + input.expiresInSeconds * 1000,
      last_used_at: null,
      last_used_address: null,
      revoked_at: null,
    };
    await queries.insertInto('personal_access_tokens').values(row).execute();
    const created = toToken(row);
    await appendAudit(queries, context, caller, {
      action: 'personal_access_token.create',
      objectKind: 'personal_access_token',
      objectId: row.id,
      after: created,
    });
    return { personalAccessToken: created, token };
  });
}

export async function revokePersonalAccessToken(
  context: Context,
  caller: Caller,
  id: string,
  ownerId: string | null,
): Promise<undefined | Refusal> {
  return await revoke(context, caller, id, {
    table: 'personal_access_tokens',
    objectKind: 'personal_access_token',
    action: 'personal_access_token.revoke',
    view: toToken,
    inSnapshot: true,
    ...(ownerId === null ? {} : { ownerId }),
  });
}

/** What gateways check tokens against: those that work, of users who are active. Hashes only. */
export async function personalAccessTokensOf(
  queries: Queries,
  organizationId: string,
  nowMs: number,
  /** Of this user alone; default: of everybody. */
  userId?: string,
): Promise<Snapshot['personalAccessTokens']> {
  const rows = await queries
    .selectFrom('personal_access_tokens')
    .select(['id', 'user_id', 'token_hash', 'resource_ids', 'expires_at'])
    .where('organization_id', '=', organizationId)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', nowMs)
    .$if(userId !== undefined, (select) => select.where('user_id', '=', userId!))
    .orderBy('id')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    userId: row.user_id,
    hash: row.token_hash,
    resourceIds: JSON.parse(row.resource_ids),
    expiresAt: isoTime(row.expires_at),
  }));
}

/** Keeps when and from where each token let a request through last. */
export async function notePersonalAccessTokenUse(
  queries: Queries,
  organizationId: string,
  events: readonly AccessEvent[],
): Promise<void> {
  const last = new Map<string, AccessEvent>();
  for (const event of events) {
    if (event.reason !== 'access.personal_access_token' || event.effect !== 'pass') continue;
    const known = last.get(event.credentialId);
    if (known === undefined || known.at < event.at) last.set(event.credentialId, event);
  }
  for (const [id, event] of last) {
    const usedAt = Date.parse(event.at);
    await queries
      .updateTable('personal_access_tokens')
      .set({ last_used_at: usedAt, last_used_address: event.sourceAddress })
      .where('organization_id', '=', organizationId)
      .where('id', '=', id)
      .where((eb) => eb.or([eb('last_used_at', 'is', null), eb('last_used_at', '<', usedAt - LAST_USED_STEP_MS)]))
      .execute();
  }
}
