import {
  createId,
  type NoticeKind,
  type PushSubscriptionInput,
  type PushSubscriptionView,
  toldKinds,
} from '@zeronaut/model';
import type { Selectable } from 'kysely';
import { parseOutboundUrl } from '../../outbound/outbound.ts';
import { Refusal } from '../../store/refusal.ts';
import type { Schema } from '../../store/schema.ts';
import type { Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { isoTime } from '../page.ts';
import { hashToken } from '../random-token.ts';
import { publicPointOf } from './web-push.ts';

/** Which browsers somebody wants to be told in, and of what. What tells them is `tell-browsers.ts`. */

const MAX_SUBSCRIPTIONS = 10;

export type PushRow = Selectable<Schema['push_subscriptions']>;

export function kindsOf({ kinds }: PushRow): NoticeKind[] {
  return toldKinds.parse(kinds === null ? undefined : JSON.parse(kinds));
}

/** What the seal is bound to. */
export const pushSecretName = (id: string) => `push subscription ${id}`;

function view(row: PushRow): PushSubscriptionView {
  return {
    ...{ id: row.id, sessionId: row.session_id, host: row.host, userAgent: row.user_agent },
    kinds: kindsOf(row),
    createdAt: isoTime(row.created_at),
    lastDeliveredAt: isoTime(row.last_delivered_at),
    ...{ failures: row.failures, lastError: row.last_error },
  };
}

function ownOf(queries: Queries, caller: Caller) {
  return queries
    .selectFrom('push_subscriptions')
    .selectAll()
    .where('organization_id', '=', caller.organizationId)
    .where('user_id', '=', caller.userId);
}

export async function listPush(context: Context, caller: Caller) {
  const rows = await ownOf(context.store.db, caller).orderBy('id').execute();
  const key = publicPointOf(await context.authority.pushKey());
  return { publicKey: key.toString('base64url'), items: rows.map(view) };
}

/** For a session alone: it goes with it. The same browser again is one that begins anew. */
export async function subscribePush(
  context: Context,
  caller: Caller,
  input: PushSubscriptionInput,
): Promise<PushSubscriptionView | Refusal> {
  if (caller.credential !== 'session') return new Refusal('factor.session_needed');
  const url = parseOutboundUrl(input.endpoint);
  const invalid = (message: string) => new Refusal('api.invalid', { errors: [{ path: '/endpoint', message }] });
  if (url instanceof Refusal) return invalid(url.detail ?? 'not a URL');
  const nowMs = context.clock();
  const id = createId('pushSubscription', nowMs);
  const row: PushRow = {
    ...{ id, organization_id: caller.organizationId, user_id: caller.userId, session_id: caller.credentialId },
    ...{ endpoint_hash: hashToken(input.endpoint), host: url.hostname },
    sealed: context.authority.sealer.seal(pushSecretName(id), JSON.stringify(input)),
    ...{
      user_agent: caller.userAgent,
      kinds: input.kinds === undefined ? null : JSON.stringify([...new Set(input.kinds)]),
      told: '[]',
      created_at: nowMs,
      last_delivered_at: null,
    },
    ...{ failures: 0, last_error: null, next_try_at: nowMs },
  };
  return await context.store.transaction(async (queries) => {
    // Counting and adding are one.
    await queries
      .updateTable('users')
      .set((eb) => ({ version: eb.ref('version') }))
      .where('id', '=', caller.userId)
      .execute();
    const before = await queries
      .deleteFrom('push_subscriptions')
      .where('endpoint_hash', '=', row.endpoint_hash)
      .returning(['user_id', 'told'])
      .executeTakeFirst();
    // Who chooses anew of what to be told knows what they were told already.
    const told = before?.user_id === row.user_id ? before.told : row.told;
    if ((await ownOf(queries, caller).execute()).length >= MAX_SUBSCRIPTIONS) {
      return new Refusal('api.conflict', { detail: `at most ${MAX_SUBSCRIPTIONS} browsers of one person` });
    }
    await queries
      .insertInto('push_subscriptions')
      .values({ ...row, told })
      .execute();
    await appendAudit(queries, context, caller, {
      ...{
        action: 'push.subscribe',
        objectKind: 'push_subscription',
        objectId: id,
        after: { host: row.host, kinds: kindsOf(row) },
      },
    });
    return view(row);
  });
}

export async function findPush(context: Context, caller: Caller, id: string): Promise<PushRow | Refusal> {
  const row = await ownOf(context.store.db, caller).where('id', '=', id).executeTakeFirst();
  return row ?? new Refusal('api.not_found');
}

export async function unsubscribePush(context: Context, caller: Caller, id: string): Promise<undefined | Refusal> {
  return await context.store.transaction(async (queries) => {
    const gone = await queries
      .deleteFrom('push_subscriptions')
      .where('organization_id', '=', caller.organizationId)
      .where('user_id', '=', caller.userId)
      .where('id', '=', id)
      .returning('host')
      .executeTakeFirst();
    if (gone === undefined) return new Refusal('api.not_found');
    await appendAudit(queries, context, caller, {
      ...{ action: 'push.unsubscribe', objectKind: 'push_subscription', objectId: id, before: gone },
    });
    return undefined;
  });
}
