import type { AccessEvent } from '@zeronaut/model';
import { sql } from 'kysely';
import { Refusal } from '../../store/refusal.ts';
import type { Queries } from '../../store/store.ts';
import { countDecisions } from '../audit/decisions.ts';
import type { Caller, Context } from '../context.ts';
import { bodyText, type Page, type PageQuery, parseCursor, searchPage, toPage } from '../page.ts';
import { notePersonalAccessTokenUse } from '../personal-access-tokens/personal-access-tokens.ts';
import { countTraffic } from '../traffic/count-traffic.ts';

/** Events that a search looks through for one page. */
const SEARCHED_EVENTS = 2_000;
/** Reasons of events that passed. */
const PASSED =
  /^access\.(?:public|session|address|address_authorised|basic|share|token|personal_access_token|portal|device)$/;
/** Rows per insert: eleven columns each, well below the 32,766 parameters that both databases take. */
const INSERT_BATCH = 500;

/** Stores events once each, whatever is sent again, and moves the head of their epoch up. One gateway, one epoch. */
export async function storeEvents(
  queries: Queries,
  context: Context,
  organizationId: string,
  gatewayId: string,
  epoch: string,
  events: readonly AccessEvent[],
): Promise<number> {
  for (let i = 0; i < events.length; i += INSERT_BATCH) {
    await queries
      .insertInto('access_events')
      .values(
        events.slice(i, i + INSERT_BATCH).map((event) => ({
          organization_id: organizationId,
          gateway_id: gatewayId,
          epoch,
          seq: event.seq,
          at: Date.parse(event.at),
          resource_id: event.resourceId,
          effect: event.effect,
          reason: event.reason,
          subject: event.subject,
          source_address: event.sourceAddress,
          body: JSON.stringify(event),
        })),
      )
      .onConflict((conflict) => conflict.columns(['gateway_id', 'epoch', 'seq']).doNothing())
      .execute();
  }
  await notePersonalAccessTokenUse(queries, organizationId, events);
  const head = await queries
    .selectFrom('event_heads')
    .select('seq')
    .where('gateway_id', '=', gatewayId)
    .where('epoch', '=', epoch)
    .executeTakeFirst();
  // What is sent again was counted when it came first.
  const fresh = events.filter(({ seq }) => seq > Number(head?.seq ?? 0));
  await countDecisions(queries, organizationId, gatewayId, epoch, fresh);
  await countTraffic(queries, organizationId, gatewayId, fresh, context.clock());
  context.store.afterCommit(queries, () => context.live.accessed(organizationId, fresh));
  const last = events.at(-1)!.seq;
  const { seq } = await queries
    .insertInto('event_heads')
    .values({ organization_id: organizationId, gateway_id: gatewayId, epoch, seq: last })
    .onConflict((conflict) =>
      conflict.columns(['gateway_id', 'epoch']).doUpdateSet({
        seq: sql<number>`case when event_heads.seq > excluded.seq then event_heads.seq else excluded.seq end`,
      }),
    )
    .returning('seq')
    .executeTakeFirstOrThrow();
  return seq;
}

export interface AccessEventFilter {
  readonly q?: string | undefined;
  readonly resourceId?: string | undefined;
  readonly gatewayId?: string | undefined;
  readonly effect?: AccessEvent['effect'] | undefined;
  readonly reason?: string | undefined;
  readonly subject?: string | undefined;
  readonly sourceAddress?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Newest first. A search looks through so many events; a page with few or none may then still have a next one. */
export async function listAccessEvents(
  context: Context,
  caller: Caller,
  query: PageQuery & AccessEventFilter,
): Promise<Page<AccessEvent> | Refusal> {
  const after = parseCursor(query.cursor, ['number', 'string', 'string', 'number']);
  if (after instanceof Refusal) return after;
  let select = context.store.db
    .selectFrom('access_events')
    .select(['at', 'gateway_id', 'epoch', 'seq', 'body'])
    .where('organization_id', '=', caller.organizationId)
    .orderBy('at', 'desc')
    .orderBy('gateway_id', 'desc')
    .orderBy('epoch', 'desc')
    .orderBy('seq', 'desc')
    .limit(query.q ? SEARCHED_EVENTS : query.limit + 1);
  if (query.resourceId !== undefined) select = select.where('resource_id', '=', query.resourceId);
  if (query.gatewayId !== undefined) select = select.where('gateway_id', '=', query.gatewayId);
  if (query.effect !== undefined) select = select.where('effect', '=', query.effect);
  // Said as the index is, which holds only those.
  if (query.effect === 'deny' || query.effect === 'challenge') select = select.where('effect', '<>', sql.lit('pass'));
  if (query.reason !== undefined) {
    select = select.where('reason', '=', query.reason);
    if (!PASSED.test(query.reason)) select = select.where('effect', '<>', sql.lit('pass'));
  }
  if (query.subject !== undefined)
    select = select.where('subject', '=', query.subject).where('subject', '<>', sql.lit(''));
  if (query.sourceAddress !== undefined) select = select.where('source_address', '=', query.sourceAddress);
  if (query.from !== undefined) select = select.where('at', '>=', Date.parse(query.from));
  if (query.to !== undefined) select = select.where('at', '<', Date.parse(query.to));
  if (after !== null) {
    select = select.where(sql<boolean>`(at, gateway_id, epoch, seq) < (${sql.join(after)})`);
    // The same once more, in the words of the indexes.
    select = select.where('at', '<=', after[0] as number);
  }
  const cursorOf = (row: { at: number; gateway_id: string; epoch: string; seq: number }) => [
    ...[row.at, row.gateway_id, row.epoch, row.seq],
  ];
  const view = (row: { body: string }) => JSON.parse(row.body) as AccessEvent;
  if (!query.q) return toPage(await select.execute(), query.limit, view, cursorOf);
  const pattern = `%${bodyText(query.q).replaceAll(/[\\%_]/g, '\\$&')}%`;
  const found = await context.store.db
    .selectFrom(select.as('scanned'))
    .selectAll()
    .where(sql<boolean>`lower(body) like ${pattern} escape '\\'`)
    .orderBy('at', 'desc')
    .orderBy('gateway_id', 'desc')
    .orderBy('epoch', 'desc')
    .orderBy('seq', 'desc')
    .limit(query.limit + 1)
    .execute();
  const last = found.length > query.limit ? undefined : await select.offset(SEARCHED_EVENTS - 1).executeTakeFirst();
  return searchPage(found, query.limit, last === undefined ? null : cursorOf(last), view, cursorOf);
}
