import {
  createId,
  type NoticeKind,
  type Notification,
  type NotificationChange,
  type NotificationInput,
} from '@zeronaut/model';
import type { Selectable } from 'kysely';
import { parseOutboundUrl } from '../../outbound/outbound.ts';
import { Refusal } from '../../store/refusal.ts';
import type { Schema } from '../../store/schema.ts';
import { isUniqueViolation, type Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { isoTime } from '../page.ts';

/** Who is told of an organization's alarms and of what waits. What tells them is `notify.ts`. */

const MAX_NOTIFICATIONS = 10;

export type NotificationRow = Selectable<Schema['notifications']>;
export type StoredSettings = Notification['settings'];

/** What the seal is bound to: the secret of one cannot stand in for another's. */
const secretName = (id: string) => `notification ${id}`;

/** The URL of a Slack channel, or the signing key of a webhook. */
export function secretOf(context: Context, row: NotificationRow): string | null {
  return row.sealed_secret === null ? null : context.authority.sealer.open(secretName(row.id), row.sealed_secret);
}

function toNotification(row: NotificationRow): Notification {
  return {
    ...{ id: row.id, organizationId: row.organization_id, name: row.name },
    settings: JSON.parse(row.settings) as StoredSettings,
    hasSecret: row.sealed_secret !== null,
    kinds: JSON.parse(row.kinds) as NoticeKind[],
    version: row.version,
    createdAt: isoTime(row.created_at),
    lastDeliveredAt: isoTime(row.last_delivered_at),
    ...{ failures: row.failures, lastError: row.last_error },
  };
}

/** As the audit log keeps it: what it is, not how it goes. */
function facts({ lastDeliveredAt: _at, failures: _failures, lastError: _error, ...rest }: Notification) {
  return rest;
}

function rowsOf(queries: Queries, organizationId: string) {
  return queries.selectFrom('notifications').selectAll().where('organization_id', '=', organizationId);
}

export async function listNotifications(context: Context, caller: Caller): Promise<{ items: Notification[] }> {
  const rows = await rowsOf(context.store.db, caller.organizationId).orderBy('name').execute();
  return { items: rows.map(toNotification) };
}

export async function findNotification(
  queries: Queries,
  organizationId: string,
  idOrName: string,
): Promise<NotificationRow | Refusal> {
  const row = await rowsOf(queries, organizationId)
    .where((eb) => eb.or([eb('id', '=', idOrName), eb('name', '=', idOrName)]))
    .executeTakeFirst();
  return row ?? new Refusal('api.not_found');
}

export async function createNotification(
  context: Context,
  caller: Caller,
  input: NotificationInput,
): Promise<Notification | Refusal> {
  const checked = checkInput(context, input);
  if (checked instanceof Refusal) return checked;
  const nowMs = context.clock();
  const id = createId('notification', nowMs);
  const { organizationId } = caller;
  const row: NotificationRow = {
    ...{ id, organization_id: organizationId, name: input.name, settings: JSON.stringify(checked.settings) },
    sealed_secret: checked.secret === null ? null : context.authority.sealer.seal(secretName(id), checked.secret),
    kinds: JSON.stringify([...new Set(input.kinds)]),
    ...{ version: 1, created_at: nowMs, last_delivered_at: null, failures: 0, last_error: null, next_try_at: nowMs },
  };
  try {
    return await context.store.transaction(async (queries) => {
      // Counting and adding are one.
      await queries
        .updateTable('organizations')
        .set((eb) => ({ audit_seq: eb.ref('audit_seq') }))
        .where('id', '=', organizationId)
        .execute();
      if ((await rowsOf(queries, organizationId).execute()).length >= MAX_NOTIFICATIONS) {
        return new Refusal('api.conflict', {
          detail: `an organization has at most ${MAX_NOTIFICATIONS} notifications`,
        });
      }
      await queries.insertInto('notifications').values(row).execute();
      const created = toNotification(row);
      await appendAudit(queries, context, caller, {
        ...{ action: 'notification.create', objectKind: 'notification', objectId: id, after: facts(created) },
      });
      return created;
    });
  } catch (error) {
    if (isUniqueViolation(error)) return new Refusal('api.name_taken');
    throw error;
  }
}

export async function updateNotification(
  context: Context,
  caller: Caller,
  idOrName: string,
  version: number,
  change: NotificationChange,
): Promise<Notification | Refusal> {
  try {
    return await context.store.transaction(async (queries) => {
      const row = await findNotification(queries, caller.organizationId, idOrName);
      if (row instanceof Refusal) return row;
      if (row.version !== version) return new Refusal('api.precondition_failed');
      const target = changedTarget(context, row, change);
      if (target instanceof Refusal) return target;
      const columns = {
        name: change.name ?? row.name,
        kinds: change.kinds === undefined ? row.kinds : JSON.stringify([...new Set(change.kinds)]),
        ...target,
        version: version + 1,
      };
      const { numUpdatedRows } = await queries
        .updateTable('notifications')
        .set(columns)
        .where('id', '=', row.id)
        .where('version', '=', version)
        .executeTakeFirst();
      if (numUpdatedRows !== 1n) return new Refusal('api.precondition_failed');
      const changed = toNotification({ ...row, ...columns });
      await appendAudit(queries, context, caller, {
        ...{ action: 'notification.update', objectKind: 'notification', objectId: row.id },
        ...{ before: facts(toNotification(row)), after: facts(changed) },
      });
      return changed;
    });
  } catch (error) {
    if (isUniqueViolation(error)) return new Refusal('api.name_taken');
    throw error;
  }
}

/** Columns of where to. What failed there before says nothing of another place, which is tried at once. */
function changedTarget(
  context: Context,
  row: NotificationRow,
  { settings, secret }: NotificationChange,
): Partial<NotificationRow> | Refusal {
  if (settings === undefined && secret === undefined) return {};
  const known = toNotification(row).settings;
  const kept = secretOf(context, row);
  const wanted = settings ?? (known.kind === 'slack' ? ({ kind: 'slack', url: kept ?? '' } as const) : known);
  // The key stays with a webhook; of a channel the secret is its URL.
  const staysSigned = wanted.kind === 'webhook' && known.kind === 'webhook';
  const checked = checkInput(context, {
    settings: wanted,
    secret: secret ?? (secret === undefined && staysSigned ? kept : null),
  });
  if (checked instanceof Refusal) return checked;
  return {
    settings: JSON.stringify(checked.settings),
    sealed_secret: checked.secret === null ? null : context.authority.sealer.seal(secretName(row.id), checked.secret),
    ...(settings === undefined ? {} : { failures: 0, last_error: null, next_try_at: context.clock() }),
  };
}

export async function deleteNotification(
  context: Context,
  caller: Caller,
  idOrName: string,
): Promise<undefined | Refusal> {
  return await context.store.transaction(async (queries) => {
    const row = await findNotification(queries, caller.organizationId, idOrName);
    if (row instanceof Refusal) return row;
    await queries.deleteFrom('notifications').where('id', '=', row.id).execute();
    await appendAudit(queries, context, caller, {
      ...{ action: 'notification.delete', objectKind: 'notification', objectId: row.id },
      before: facts(toNotification(row)),
    });
    return undefined;
  });
}

/** What is shown, and what is sealed: of a Slack channel the URL, which is all that it takes to write there. */
function checkInput(
  context: Context,
  { settings, secret }: Pick<NotificationInput, 'settings' | 'secret'>,
): { settings: StoredSettings; secret: string | null } | Refusal {
  const invalid = (path: string, message: string) => new Refusal('api.invalid', { errors: [{ path, message }] });
  if (settings.kind !== 'webhook' && secret !== null) return invalid('/secret', 'only webhooks are signed');
  if (settings.kind === 'mail') {
    return context.mailer === null
      ? invalid('/settings', 'this console has no mail server')
      : { settings, secret: null };
  }
  const url = parseOutboundUrl(settings.url);
  if (url instanceof Refusal) return invalid('/settings/url', url.detail ?? 'not a URL');
  const denied = context.outbound.refuseWritten(url.hostname);
  if (denied !== null) return denied;
  return settings.kind === 'slack'
    ? { settings: { kind: 'slack', host: url.hostname }, secret: settings.url }
    : { settings, secret };
}
