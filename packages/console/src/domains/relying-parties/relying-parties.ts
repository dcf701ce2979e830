import { createId, type RelyingParty, type RelyingPartyChange, type RelyingPartyInput } from '@zeronaut/model';
import type { Selectable } from 'kysely';
import { Refusal } from '../../store/refusal.ts';
import type { Schema } from '../../store/schema.ts';
import type { Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { locking, refuseStale, versionOf } from '../if-match.ts';
import { isoTime, type Page, type PageQuery, parseCursor, toPage } from '../page.ts';
import { createToken, hashToken } from '../random-token.ts';
import { revoke } from '../revoke.ts';

const MAX_PARTIES = 1_000;

type Row = Selectable<Schema['relying_parties']>;

/** The issuer of all: below it are discovery, keys and the other endpoints. */
export function openidIssuer(context: Context): string {
  return `${context.settings.publicUrl()}/oidc`;
}

export function toRelyingParty(context: Context, row: Row): RelyingParty {
  // Of rows from before there was one.
  const settings = { logoutUri: null, ...JSON.parse(row.settings) };
  return {
    ...settings,
    id: row.id,
    organizationId: row.organization_id,
    name: row.name,
    issuer: openidIssuer(context),
    createdAt: isoTime(row.created_at),
    lastUsedAt: isoTime(row.last_used_at),
    revokedAt: isoTime(row.revoked_at),
    version: versionOf({ name: row.name, settings }),
  };
}

export async function listRelyingParties(
  context: Context,
  caller: Caller,
  query: PageQuery,
): Promise<Page<RelyingParty> | Refusal> {
  const after = parseCursor(query.cursor, ['string']);
  if (after instanceof Refusal) return after;
  let select = context.store.db
    .selectFrom('relying_parties')
    .selectAll()
    .where('organization_id', '=', caller.organizationId)
    .orderBy('id')
    .limit(query.limit + 1);
  if (after !== null) select = select.where('id', '>', String(after[0]));
  return toPage(
    await select.execute(),
    query.limit,
    (row) => toRelyingParty(context, row),
    (row) => [row.id],
  );
}

export async function createRelyingParty(
  context: Context,
  caller: Caller,
  input: RelyingPartyInput,
): Promise<{ relyingParty: RelyingParty; secret: string | null } | Refusal> {
  const { name, ...settings } = input;
  const nowMs = context.clock();
  return await context.store.transaction(async (queries) => {
    const { count } = await queries
      .selectFrom('relying_parties')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('organization_id', '=', caller.organizationId)
      .where('revoked_at', 'is', null)
      .executeTakeFirstOrThrow();
    if (Number(count) >= MAX_PARTIES) {
      return new Refusal('api.conflict', { detail: `an organization has at most ${MAX_PARTIES} relying parties` });
    }
    const secret = input.authentication === 'none' ? null : createToken('relyingParty');
    const row: Row = {
      id: createId('relyingParty', nowMs),
      organization_id: caller.organizationId,
      name,
      settings: JSON.stringify(settings),
      secret_hash: secret === null ? null : hashToken(secret),
      created_at: nowMs,
      last_used_at: null,
      revoked_at: null,
    };
    await queries.insertInto('relying_parties').values(row).execute();
    const relyingParty = toRelyingParty(context, row);
    await appendAudit(queries, context, caller, {
      action: 'relying_party.create',
      objectKind: 'relying_party',
      objectId: row.id,
      after: relyingParty,
    });
    return { relyingParty, secret };
  });
}

/** It counts from the next request of a service on: a code on its way to an address that was taken out is still redeemed. */
export async function updateRelyingParty(
  context: Context,
  caller: Caller,
  id: string,
  version: number | null,
  change: RelyingPartyChange,
): Promise<RelyingParty | Refusal> {
  return await context.store.transaction(async (queries) => {
    // Locked, so that two changes at once do not undo each other.
    const row = await queries
      .selectFrom('relying_parties')
      .selectAll()
      .where('organization_id', '=', caller.organizationId)
      .where('id', '=', id)
      .where('revoked_at', 'is', null)
      .$call(locking(context))
      .executeTakeFirst();
    if (row === undefined) return new Refusal('api.not_found');
    const before = toRelyingParty(context, row);
    const stale = refuseStale(version, before.version);
    if (stale !== null) return stale;
    const { name = row.name, ...settings } = change;
    const changed = { ...row, name, settings: JSON.stringify({ ...JSON.parse(row.settings), ...settings }) };
    const after = toRelyingParty(context, changed);
    await queries
      .updateTable('relying_parties')
      .set({ name, settings: changed.settings })
      .where('organization_id', '=', caller.organizationId)
      .where('id', '=', id)
      .execute();
    if (before.consent === 'skip' && after.consent === 'ask') {
      await queries.deleteFrom('openid_records').where('relying_party_id', '=', id).execute();
    }
    await appendAudit(queries, context, caller, {
      ...{ action: 'relying_party.update', objectKind: 'relying_party', objectId: id, before, after },
    });
    return after;
  });
}

export async function renewRelyingPartySecret(
  context: Context,
  caller: Caller,
  id: string,
): Promise<{ relyingParty: RelyingParty; secret: string } | Refusal> {
  return await context.store.transaction(async (queries) => {
    const secret = createToken('relyingParty');
    const row = await queries
      .updateTable('relying_parties')
      .set({ secret_hash: hashToken(secret) })
      .where('organization_id', '=', caller.organizationId)
      .where('id', '=', id)
      .where('revoked_at', 'is', null)
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return new Refusal('api.not_found');
    const relyingParty = toRelyingParty(context, row);
    if (relyingParty.authentication === 'none') {
      return new Refusal('api.conflict', { detail: 'it proves itself by PKCE alone and has no secret' });
    }
    await appendAudit(queries, context, caller, {
      action: 'relying_party.renew_secret',
      objectKind: 'relying_party',
      objectId: id,
    });
    return { relyingParty, secret };
  });
}

export async function revokeRelyingParty(context: Context, caller: Caller, id: string): Promise<undefined | Refusal> {
  return await revoke(context, caller, id, {
    table: 'relying_parties',
    objectKind: 'relying_party',
    action: 'relying_party.revoke',
    view: (row) => toRelyingParty(context, row),
    inSnapshot: false,
    also: async (queries: Queries) => {
      await queries.deleteFrom('openid_records').where('relying_party_id', '=', id).execute();
    },
  });
}

/** Somebody signed in to it: in the chain of its organization, and in its list. */
export async function recordSignIn(context: Context, caller: Caller, party: RelyingParty): Promise<void> {
  await context.store.transaction(async (queries) => {
    await queries
      .updateTable('relying_parties')
      .set({ last_used_at: context.clock() })
      .where('organization_id', '=', party.organizationId)
      .where('id', '=', party.id)
      .execute();
    await appendAudit(queries, context, caller, {
      action: 'relying_party.sign_in',
      objectKind: 'relying_party',
      objectId: party.id,
      after: { userId: caller.userId },
    });
  });
}

/** Null: there is none that works. */
export async function findRelyingParty(
  context: Context,
  id: string,
): Promise<(RelyingParty & { secretHash: string | null }) | null> {
  const row = await context.store.db
    .selectFrom('relying_parties')
    .selectAll()
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  return row === undefined ? null : { ...toRelyingParty(context, row), secretHash: row.secret_hash };
}
