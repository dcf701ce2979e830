import { CHAIN_START, canonicalJson, chainHash, type SealedPart } from '@zeronaut/audit';
import { type AuditEntry, createId } from '@zeronaut/model';
import { sql } from 'kysely';
import { changeOf, type ToldChange } from '../../live/live-feed.ts';
import { insertRows } from '../../store/insert-rows.ts';
import type { Refusal } from '../../store/refusal.ts';
import type { Queries } from '../../store/store.ts';
import type { Actor, Caller, Context, Origin } from '../context.ts';
import { bodyText, type Page, type PageQuery, parseCursor, searchPage, toPage } from '../page.ts';
import { separatePersonal } from './personal-data.ts';
import { openEntries, sealParts, subjectsOf } from './subjects.ts';

/** Entries that a search looks through for one page. */
const SEARCHED_ENTRIES = 1_000;
/** Entries read at a time while a chain is checked. */
const VERIFY_BATCH = 1000;

export interface AuditInput {
  readonly action: string;
  readonly objectKind: string;
  readonly objectId: string;
  /** As people may see it: no secrets, no hashes of secrets. */
  readonly before?: unknown;
  readonly after?: unknown;
}

/** One entry to add, and whose deed it was. */
export type AuditDeed = AuditInput & {
  readonly actor: Actor;
  readonly requestId: string;
  /** Whose key it was done with, where the actor is a key. */
  readonly userId?: string | undefined;
};

const COLUMNS = {
  organization_id: 'text',
  seq: 'bigint',
  id: 'text',
  at: 'bigint',
  body: 'text',
  previous_hash: 'text',
  hash: 'text',
  action: 'text',
  object_id: 'text',
  actor_id: 'text',
} as const;

/**
 * Adds one entry to the organization's chain, within the transaction of the change that it tells of. Taking the next
 * number locks the organization's row, so that concurrent writers form one line.
 */
export async function appendAudit(
  queries: Queries,
  context: Context,
  who: { organizationId: string; actor: Actor; requestId: string; userId?: string },
  input: AuditInput,
): Promise<void> {
  const { organizationId, actor, requestId, userId } = who;
  await appendAuditEntries(queries, context, organizationId, [{ ...input, actor, requestId, userId }]);
}

/** Adds entries in their order, for the price of little more than one. */
export async function appendAuditEntries(
  queries: Queries,
  context: Context,
  organizationId: string,
  deeds: readonly AuditDeed[],
): Promise<void> {
  if (deeds.length === 0) return;
  const { kind } = context.store;
  // In SQLite a transaction is alone.
  const { audit_seq: seqBefore, audit_head: head } = await queries
    .selectFrom('organizations')
    .select(['audit_seq', 'audit_head'])
    .where('id', '=', organizationId)
    .$if(kind === 'postgres', (select) => select.forNoKeyUpdate())
    .executeTakeFirstOrThrow();
  const at = context.clock();
  const separated = deeds.map(separatePersonal);
  const refs = new Set(separated.flatMap(({ personal }) => personal.map(({ ref }) => ref)));
  const subjects = await subjectsOf(queries, context, organizationId, refs);
  const atText = new Date(at).toISOString();
  let previousHash = head;
  const changes: ToldChange[] = [];
  const rows = deeds.map((deed, index) => {
    const seq = seqBefore + 1 + index;
    const id = createId('audit', at);
    const { actor, before, after, personal } = separated[index]!;
    const entry: Omit<AuditEntry, 'previousHash' | 'hash'> & { readonly personal?: readonly SealedPart[] } = {
      seq,
      id,
      organizationId,
      at: atText,
      actor,
      action: deed.action,
      objectKind: deed.objectKind,
      objectId: deed.objectId,
      before: before ?? null,
      after: after ?? null,
      requestId: deed.requestId,
      ...(personal.length === 0 ? {} : { personal: sealParts(organizationId, id, personal, subjects) }),
    };
    const change = changeOf(entry);
    if (change !== null) changes.push(change);
    const body = canonicalJson(entry);
    const hash = chainHash(previousHash, body);
    const found = { action: deed.action, object_id: deed.objectId, actor_id: deed.actor.id };
    const row = { organization_id: organizationId, seq, id, at, body, previous_hash: previousHash, hash, ...found };
    previousHash = hash;
    return row;
  });
  await insertRows(queries, kind, 'audit_entries', COLUMNS, rows, {
    beside: sql`update organizations set audit_seq = ${seqBefore + rows.length}, audit_head = ${previousHash} where id = ${organizationId}`,
  });
  const last = rows.at(-1)!;
  changes.push({
    ...{ noun: 'audit-entries', id: last.id, version: last.seq, action: deeds.at(-1)!.action },
    ...{ at: atText, ownerId: null, actorId: deeds.at(-1)!.actor.id },
  });
  context.store.afterCommit(queries, () => {
    for (const change of changes) context.live.changed(organizationId, change);
  });
}

export function callerOf(organizationId: string, actor: Actor, origin: Origin) {
  return { organizationId, actor, requestId: origin.requestId };
}

export interface AuditFilter {
  readonly q?: string | undefined;
  /** One, or all that begin with what is before `*`. */
  readonly action?: string | undefined;
  readonly objectId?: string | undefined;
  readonly actorId?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Newest first. A search looks through so many entries for one page. */
export async function listAudit(
  context: Context,
  caller: Caller,
  query: PageQuery & AuditFilter,
): Promise<Page<AuditEntry> | Refusal> {
  const after = parseCursor(query.cursor, ['number']);
  if (after !== null && !Array.isArray(after)) return after;
  let select = context.store.db
    .selectFrom('audit_entries')
    .select(['seq', 'body', 'previous_hash', 'hash'])
    .where('organization_id', '=', caller.organizationId)
    .where('body', '<>', '')
    .orderBy('seq', 'desc')
    .limit(query.q ? SEARCHED_ENTRIES : query.limit + 1);
  if (after !== null) select = select.where('seq', '<', after[0] as number);
  if (query.action?.endsWith('*')) {
    const begin = `${query.action.slice(0, -1).replaceAll(/[\\%_]/g, '\\$&')}%`;
    select = select.where(sql<boolean>`action like ${begin} escape '\\'`);
  } else if (query.action !== undefined) {
    select = select.where('action', '=', query.action);
  }
  if (query.objectId !== undefined) select = select.where('object_id', '=', query.objectId);
  if (query.actorId !== undefined) select = select.where('actor_id', '=', query.actorId);
  if (query.from !== undefined) select = select.where('at', '>=', Date.parse(query.from));
  if (query.to !== undefined) select = select.where('at', '<', Date.parse(query.to));
  const found = await select.execute();
  const entries = await openEntries(context, caller.organizationId, found);
  const rows = found.map((row, index) => {
    const { readable } = entries[index]!;
    // What is looked through is what people see, not what was hashed.
    return { ...row, readable, body: query.q ? canonicalJson(readable) : row.body };
  });
  type Row = (typeof rows)[number];
  const view = (row: Row) => row.readable;
  const cursorOf = (row: Row) => [row.seq];
  if (!query.q) return toPage(rows, query.limit, view, cursorOf);
  const text = bodyText(query.q);
  const matches = rows.filter(({ body }) => body.toLowerCase().includes(text));
  const last = rows.length < SEARCHED_ENTRIES ? null : cursorOf(rows.at(-1)!);
  return searchPage(matches, query.limit, last, view, cursorOf);
}

/** Walks the whole chain: numbers without holes, each hash over its body and the hash before, and the head as kept. */
export async function verifyAudit(
  context: Context,
  caller: Caller,
): Promise<{ valid: boolean; entries: number; firstBadSeq: number | null; head: string; prunedUpTo: number }> {
  return await context.store.transaction(async (queries) => {
    const organization = await queries
      .selectFrom('organizations')
      .select(['audit_seq', 'audit_head'])
      .where('id', '=', caller.organizationId)
      .executeTakeFirstOrThrow();
    const pruning = await queries
      .selectFrom('audit_prunings')
      .select('up_to')
      .where('organization_id', '=', caller.organizationId)
      .executeTakeFirst();
    const prunedUpTo = pruning?.up_to ?? 0;
    let previousHash = CHAIN_START;
    let entries = 0;
    for (;;) {
      const rows = await queries
        .selectFrom('audit_entries')
        .select(['seq', 'at', 'id', 'body', 'previous_hash', 'hash', 'action', 'object_id', 'actor_id'])
        .where('organization_id', '=', caller.organizationId)
        .where('seq', '>', entries)
        // In PostgreSQL a statement sees what others committed since the head was read.
        .where('seq', '<=', organization.audit_seq)
        .orderBy('seq')
        .limit(VERIFY_BATCH)
        .execute();
      for (const row of rows) {
        const bad =
          row.seq !== entries + 1 ||
          row.previous_hash !== previousHash ||
          (row.body === ''
            ? row.seq > prunedUpTo
            : row.hash !== chainHash(previousHash, row.body) || !sameFacts(row, caller.organizationId));
        if (bad) return { valid: false, entries, firstBadSeq: entries + 1, head: previousHash, prunedUpTo };
        previousHash = row.hash;
        entries++;
      }
      if (rows.length < VERIFY_BATCH) break;
    }
    const whole = entries === organization.audit_seq && previousHash === organization.audit_head;
    return { valid: whole, entries, firstBadSeq: whole ? null : entries + 1, head: previousHash, prunedUpTo };
  });
}

/** The columns that lists are sorted and found by must say what the hashed body says. */
function sameFacts(
  row: { seq: number; at: number; id: string; body: string; action: string; object_id: string; actor_id: string },
  organizationId: string,
): boolean {
  const body = JSON.parse(row.body) as AuditEntry;
  return (
    body.seq === row.seq &&
    body.id === row.id &&
    body.action === row.action &&
    body.objectId === row.object_id &&
    body.actor.id === row.actor_id &&
    Date.parse(body.at) === row.at &&
    body.organizationId === organizationId
  );
}
