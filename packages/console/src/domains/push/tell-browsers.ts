import type { Language, Notice, Role } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import { decidableBy } from '../access-requests/access-requests.ts';
import type { Caller, Context } from '../context.ts';
import { linesOf, type News, newsOf, retryAfterMs, takeTest } from '../notifications/messages.ts';
import { getOrganization } from '../organizations/organizations.ts';
import { withholdAdministration } from '../policies/administration.ts';
import { findRole, may } from '../roles/held-role.ts';
import { findPush, kindsOf, type PushRow, pushSecretName } from './push-subscriptions.ts';
import { encryptPush, MAX_MESSAGE_BYTES, type PushTarget, vapidOf } from './web-push.ts';

/** How long a push service keeps a message for a browser that is away: an alarm of yesterday is none (seconds). */
const KEPT_SECONDS = 14_400;
const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 65_536;
/** RFC 8030, 5.7 and 7.3: the subscription is no more. */
const GONE = new Set([404, 410]);

/**
 * Subscriptions whose session or user has ended go: signed out, revoked, past its longest life, disabled, removed. One that merely goes unused
 * opens nothing any more, but who closed the page is who wanted to be told.
 */
export async function endPush(context: Context): Promise<void> {
  const { db } = context.store;
  const nowMs = context.clock();
  const open = db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    // A linked user's session ends with the one at home that it came of, whose end is written there alone.
    .leftJoin('sessions as homes', 'homes.id', 'sessions.home_session_id')
    .leftJoin('users as people', 'people.id', 'homes.user_id')
    .select('sessions.id')
    .where('sessions.revoked_at', 'is', null)
    .where('sessions.expires_at', '>', nowMs)
    .where('users.status', '=', 'active')
    .where((eb) =>
      eb.or([
        eb('users.home_user_id', 'is', null),
        eb.and([
          eb('homes.revoked_at', 'is', null),
          eb('homes.expires_at', '>', nowMs),
          eb('people.status', '=', 'active'),
        ]),
      ]),
    );
  await db.deleteFrom('push_subscriptions').where('session_id', 'not in', open).execute();
}

type Row = PushRow & { readonly role: Role; readonly email: string; readonly address: string };

/** What is wrong or waits at two looks, to the browsers of those who may see or decide it; and that it is mended or decided. */
export async function tellBrowsers(
  context: Context,
  organizationId: string,
  language: Language,
  lasting: readonly Notice[],
  present: ReadonlySet<string>,
): Promise<void> {
  const rows = await context.store.db
    .selectFrom('push_subscriptions')
    .innerJoin('users', 'users.id', 'push_subscriptions.user_id')
    .innerJoin('sessions', 'sessions.id', 'push_subscriptions.session_id')
    .selectAll('push_subscriptions')
    .select(['users.role', 'users.email', 'sessions.address'])
    .where('push_subscriptions.organization_id', '=', organizationId)
    .where('next_try_at', '<=', context.clock())
    .execute();
  for (const row of rows) await tell(context, row, language, lasting, present);
}

async function tell(
  context: Context,
  row: Row,
  language: Language,
  lasting: readonly Notice[],
  present: ReadonlySet<string>,
): Promise<void> {
  const told = JSON.parse(row.told) as Notice[];
  const wanted = new Set(kindsOf(row));
  // Looked at first because it costs nothing; who may see what of it is asked only where there is something.
  const wished = newsOf(told, lasting, present, ({ kind }) => wanted.has(kind));
  if (wished.raised.length === 0 && wished.mended.length === 0) return;
  const news = await visibleOf(context, await callerOf(context, row), wished);
  const { db } = context.store;
  const kept = JSON.stringify([...told.filter((notice) => !wished.mended.includes(notice)), ...news.raised]);
  if (news.raised.length === 0 && news.mended.length === 0) {
    await db.updateTable('push_subscriptions').set({ told: kept }).where('id', '=', row.id).execute();
    return;
  }
  // Of several consoles on one database, one tells it.
  const claimed = await db
    .updateTable('push_subscriptions')
    .set({ next_try_at: context.clock() + 2 * TIMEOUT_MS })
    .where('id', '=', row.id)
    .where('next_try_at', '=', row.next_try_at)
    .returning('id')
    .executeTakeFirst();
  if (claimed === undefined) return;
  const error = await send(context, row, language, news);
  if (error === 'gone') return;
  const nowMs = context.clock();
  const failed = { failures: row.failures + 1, last_error: error, next_try_at: nowMs + retryAfterMs(row.failures) };
  const taken = {
    told: kept,
    failures: 0,
    last_error: null,
    last_delivered_at: nowMs,
    next_try_at: nowMs,
  };
  await db
    .updateTable('push_subscriptions')
    .set(error === null ? taken : failed)
    .where('id', '=', row.id)
    .execute();
}

/**
 * Whom a message is for, as if they looked at the page now, from where they signed in: what a policy withholds there (0018) is not told here
 * either.
 */
async function callerOf(context: Context, row: Row): Promise<Caller> {
  const { organization_id: organizationId, user_id: userId, address } = row;
  const { permissions } = await findRole(context.store.db, organizationId, row.role);
  return await withholdAdministration(context, {
    ...{ organizationId, userId, role: row.role, permissions, scopes: null, home: null },
    ...{ credential: 'session', credentialId: row.session_id, address, userAgent: row.user_agent, requestId: '' },
    actor: { kind: 'user', id: userId, name: row.email, address },
  });
}

async function visibleOf(context: Context, caller: Caller, { raised, mended }: News): Promise<News> {
  const requests = raised.flatMap(({ kind, object: { id } }) => (kind === 'access_request_waiting' ? [id] : []));
  const decidable = await decidableBy(context, caller, requests);
  const maySee = ({ kind }: Notice) => {
    // Those of others were not told to begin with.
    if (kind === 'access_request_waiting') return may(caller, 'access_requests:decide');
    return may(caller, kind === 'device_waiting' ? 'devices:write' : 'events:read');
  };
  const isTheirs = ({ kind, object: { id } }: Notice) => kind !== 'access_request_waiting' || decidable.has(id);
  return { raised: raised.filter((notice) => maySee(notice) && isTheirs(notice)), mended: mended.filter(maySee) };
}

/** One message that says what it is. */
export async function testPush(
  context: Context,
  caller: Caller,
  id: string,
): Promise<{ delivered: boolean; error: string | null } | Refusal> {
  const row = await findPush(context, caller, id);
  if (row instanceof Refusal) return row;
  const tooMany = takeTest(caller.userId, context.clock());
  if (tooMany !== null) return tooMany;
  const { language } = await getOrganization(context.store.db, caller.organizationId);
  const error = await send(context, row, language, { raised: [], mended: [] });
  return { delivered: error === null, error };
}

/** Null: it was taken; else why not. One that is gone is removed. */
async function send(context: Context, row: PushRow, language: Language, news: News): Promise<string | null> {
  const { authority, store, settings } = context;
  const target = JSON.parse(authority.sealer.open(pushSecretName(row.id), row.sealed)) as PushTarget & {
    readonly language?: Language | null;
  };
  const body = encryptPush(messageOf(linesOf(news, target.language ?? language)), target.keys);
  if (body === null) return 'the key of the browser is no key';
  const answer = await context.outbound.fetch(target.endpoint, {
    method: 'POST',
    headers: {
      authorization: vapidOf(await authority.pushKey(), target.endpoint, settings.publicUrl(), context.clock()),
      'content-encoding': 'aes128gcm',
      'content-type': 'application/octet-stream',
      ttl: String(KEPT_SECONDS),
      urgency: 'high',
    },
    body,
    maxBytes: MAX_ANSWER_BYTES,
    timeoutMs: TIMEOUT_MS,
  });
  // The address of a subscription is a secret of its browser: of what failed the reason is said, not where.
  if (answer instanceof Refusal) return answer.reason;
  if (GONE.has(answer.status)) {
    await store.db.deleteFrom('push_subscriptions').where('id', '=', row.id).execute();
    return 'gone';
  }
  return answer.status >= 200 && answer.status < 300 ? null : `it answered ${answer.status}`;
}

/** What the service worker of the web console shows. As many lines as fit. */
function messageOf([title, ...lines]: readonly string[]): Uint8Array {
  for (let count = lines.length; ; count--) {
    const body = lines.slice(0, count).map((line) => line.slice(0, 200));
    const bytes = Buffer.from(JSON.stringify({ title, lines: body }));
    if (bytes.length <= MAX_MESSAGE_BYTES || count === 0) return bytes;
  }
}
