import type { AccessEvent } from '@zeronaut/model';
import { sql } from 'kysely';
import { Refusal } from '../../store/refusal.ts';
import type { Queries } from '../../store/store.ts';
import { countDecisions } from '../audit/decisions.ts';
import type { Caller, Context } from '../context.ts';
import { type Page, type PageQuery, parseCursor, toPage } from '../page.ts';
import { notePersonalAccessTokenUse } from '../personal-access-tokens/personal-access-tokens.ts';
import { countTraffic } from '../traffic/count-traffic.ts';

/** Rows per insert: eight columns each, well below the 32,766 parameters that both databases take. */
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

export async function listAccessEvents(
  context: Context,
  caller: Caller,
  query: PageQuery & {
    resourceId?: string | undefined;
    gatewayId?: string | undefined;
    effect?: AccessEvent['effect'] | undefined;
  },
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
    .limit(query.limit + 1);
  if (query.resourceId !== undefined) select = select.where('resource_id', '=', query.resourceId);
  if (query.gatewayId !== undefined) select = select.where('gateway_id', '=', query.gatewayId);
  if (query.effect !== undefined) select = select.where('effect', '=', query.effect);
  if (after !== null) {
    select = select.where(sql<boolean>`(at, gateway_id, epoch, seq) < (${sql.join(after)})`);
  }
  return toPage(
    await select.execute(),
    query.limit,
    (row) => JSON.parse(row.body) as AccessEvent,
    (row) => [row.at, row.gateway_id, row.epoch, row.seq],
  );
}
