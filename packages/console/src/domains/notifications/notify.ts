import { createHmac } from 'node:crypto';
import type { Language, Notice, NoticeKind } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import type { Caller, Context } from '../context.ts';
import { keyOfAlarm } from '../incidents/incidents.ts';
import { getOrganization } from '../organizations/organizations.ts';
import { isoTime } from '../page.ts';
import { tellBrowsers } from '../push/tell-browsers.ts';
import { linesOf, type News, newsOf, retryAfterMs, takeTest } from './messages.ts';
import { findNotification, type NotificationRow, type StoredSettings, secretOf } from './notifications.ts';

/**
 * Tells what is wrong or waits, once, and that it is mended or decided, once. Of what somebody was told is stored when the message was taken, so
 * that nothing is lost by a receiver that is away or by a restart; it is tried again, ever more rarely.
 */

/** A message of ours is small, and so is an answer that says that it was taken. */
const MAX_ANSWER_BYTES = 65_536;
const TIMEOUT_MS = 10_000;

/** Tells those of an organization who want to be told and whose turn it is. `present`: keys of all that is so now. */
export async function notifyOrganization(
  context: Context,
  organizationId: string,
  lasting: readonly Notice[],
  present: ReadonlySet<string>,
): Promise<void> {
  const { language } = await getOrganization(context.store.db, organizationId);
  const due = await context.store.db
    .selectFrom('notifications')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('next_try_at', '<=', context.clock())
    .execute();
  await Promise.all([
    ...due.map((row) => notify(context, row, language, lasting, present)),
    tellBrowsers(context, organizationId, language, lasting, present),
  ]);
}

async function notify(
  context: Context,
  row: NotificationRow,
  language: Language,
  lasting: readonly Notice[],
  present: ReadonlySet<string>,
): Promise<void> {
  const { db } = context.store;
  const wanted = new Set(JSON.parse(row.kinds) as NoticeKind[]);
  const rows = await db.selectFrom('notified_alarms').select('alarm').where('notification_id', '=', row.id).execute();
  const told = rows.map(({ alarm }) => JSON.parse(alarm) as Notice);
  const news = newsOf(told, lasting, present, ({ kind }) => wanted.has(kind));
  const { raised, mended } = news;
  if (raised.length === 0 && mended.length === 0) return;
  if (!(await claim(context, row))) return;
  const error = await send(context, row, language, news);
  const nowMs = context.clock();
  if (error !== null) {
    await db
      .updateTable('notifications')
      .set({
        failures: row.failures + 1,
        last_error: error.slice(0, 500),
        next_try_at: nowMs + retryAfterMs(row.failures),
      })
      .where('id', '=', row.id)
      .execute();
    return;
  }
  await context.store.transaction(async (queries) => {
    const keys = new Set(raised.map(keyOfAlarm));
    for (const key of keys) {
      const alarm = raised.find((one) => keyOfAlarm(one) === key)!;
      await queries
        .insertInto('notified_alarms')
        .values({ notification_id: row.id, alarm_key: key, alarm: JSON.stringify(alarm) })
        .onConflict((conflict) => conflict.columns(['notification_id', 'alarm_key']).doNothing())
        .execute();
    }
    for (const alarm of mended) {
      await queries
        .deleteFrom('notified_alarms')
        .where('notification_id', '=', row.id)
        .where('alarm_key', '=', keyOfAlarm(alarm))
        .execute();
    }
    await queries
      .updateTable('notifications')
      .set({ failures: 0, last_error: null, last_delivered_at: nowMs, next_try_at: nowMs })
      .where('id', '=', row.id)
      .execute();
  });
}

/** Of several consoles on one database, one tells it. */
async function claim(context: Context, row: NotificationRow): Promise<boolean> {
  const claimed = await context.store.db
    .updateTable('notifications')
    .set({ next_try_at: context.clock() + 2 * TIMEOUT_MS })
    .where('id', '=', row.id)
    .where('next_try_at', '=', row.next_try_at)
    .returning('id')
    .executeTakeFirst();
  return claimed !== undefined;
}

/** One message that says what it is. */
export async function testNotification(
  context: Context,
  caller: Caller,
  idOrName: string,
): Promise<{ delivered: boolean; error: string | null } | Refusal> {
  const row = await findNotification(context.store.db, caller.organizationId, idOrName);
  if (row instanceof Refusal) return row;
  const tooMany = takeTest(caller.organizationId, context.clock());
  if (tooMany !== null) return tooMany;
  const { language } = await getOrganization(context.store.db, caller.organizationId);
  const error = await send(context, row, language, { raised: [], mended: [] });
  return { delivered: error === null, error: error?.slice(0, 500) ?? null };
}

/** Null: it was taken; else why not. */
async function send(context: Context, row: NotificationRow, language: Language, news: News): Promise<string | null> {
  const settings = JSON.parse(row.settings) as StoredSettings;
  const secret = secretOf(context, row);
  const lines = linesOf(news, language);
  switch (settings.kind) {
    case 'mail': {
      const [subject] = lines;
      const text = `${lines.join('\n')}\n\n${context.settings.publicUrl()}\n`;
      const sent = await Promise.all(
        settings.to.map((to) => context.mailer?.send({ to, subject: subject!, text }) ?? Promise.resolve(false)),
      );
      return sent.every(Boolean) ? null : 'the mail server did not take it';
    }
    case 'slack':
      return await post(context, secret!, JSON.stringify({ text: lines.map(slackText).join('\n') }), {});
    case 'webhook': {
      const at = isoTime(context.clock());
      const type = news.raised.length + news.mended.length === 0 ? 'test' : 'alarms';
      const body = JSON.stringify({ type, organizationId: row.organization_id, at, ...news });
      const headers: Record<string, string> = { 'x-zeronaut-at': at };
      if (secret !== null) headers['x-zeronaut-signature'] = sign(secret, at, body);
      return await post(context, settings.url, body, headers);
    }
  }
}

/** HMAC-SHA256 over time and body, so that an old message cannot be sent again as a new one. */
function sign(secret: string, at: string, body: string): string {
  return `sha256=${createHmac('sha256', secret).update(`${at}.${body}`).digest('hex')}`;
}

async function post(
  context: Context,
  url: string,
  body: string,
  headers: Record<string, string>,
): Promise<string | null> {
  const answer = await context.outbound.fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
    maxBytes: MAX_ANSWER_BYTES,
    timeoutMs: TIMEOUT_MS,
  });
  if (answer instanceof Refusal) return `${answer.reason}${answer.detail === undefined ? '' : `: ${answer.detail}`}`;
  return answer.status >= 200 && answer.status < 300 ? null : `it answered ${answer.status}`;
}

/** The three characters that make a mention or a link. */
function slackText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
