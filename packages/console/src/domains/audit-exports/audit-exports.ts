import {
  type AuditExport,
  type AuditExportChange,
  type AuditExportInput,
  type AuditExportSettings,
  auditExportSettings,
  createId,
} from '@zeronaut/model';
import type { Selectable } from 'kysely';
import { parseOutboundUrl } from '../../outbound/outbound.ts';
import { Refusal } from '../../store/refusal.ts';
import type { Schema } from '../../store/schema.ts';
import { isUniqueViolation, type Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { isoTime } from '../page.ts';

/** Receivers of an organization's audit entries. What sends to them is `deliver.ts`. */

const MAX_EXPORTS = 5;

export type ExportRow = Selectable<Schema['audit_exports']>;

export const settingsOf = (row: ExportRow) => auditExportSettings.parse(JSON.parse(row.settings));

/** What the seal is bound to: the secret of one export cannot stand in for another's. */
const secretName = (id: string) => `audit export ${id}`;

export function secretOf(context: Context, row: ExportRow): string | null {
  return row.sealed_secret === null ? null : context.authority.sealer.open(secretName(row.id), row.sealed_secret);
}

async function rowsOf(queries: Queries, organizationId: string): Promise<ExportRow[]> {
  return await queries
    .selectFrom('audit_exports')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .orderBy('name')
    .execute();
}

export async function findExport(
  queries: Queries,
  organizationId: string,
  idOrName: string,
): Promise<ExportRow | Refusal> {
  const row = await queries
    .selectFrom('audit_exports')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where((eb) => eb.or([eb('id', '=', idOrName), eb('name', '=', idOrName)]))
    .executeTakeFirst();
  return row ?? new Refusal('api.not_found');
}

async function toView(context: Context, queries: Queries, row: ExportRow): Promise<AuditExport> {
  const { audit_seq: entries } = await queries
    .selectFrom('organizations')
    .select('audit_seq')
    .where('id', '=', row.organization_id)
    .executeTakeFirstOrThrow();
  const oldest = await queries
    .selectFrom('audit_entries')
    .select('at')
    .where('organization_id', '=', row.organization_id)
    .where('seq', '>', row.delivered)
    .orderBy('seq')
    .limit(1)
    .executeTakeFirst();
  return {
    ...{ id: row.id, organizationId: row.organization_id, name: row.name, settings: settingsOf(row) },
    hasSecret: row.sealed_secret !== null,
    version: row.version,
    createdAt: isoTime(row.created_at),
    progress: {
      ...{ delivered: row.delivered, entries, behind: Math.max(0, entries - row.delivered) },
      behindSeconds: oldest === undefined ? 0 : Math.max(0, Math.floor((context.clock() - oldest.at) / 1000)),
      lastDeliveredAt: isoTime(row.last_delivered_at),
      ...{ rejected: row.rejected, failures: row.failures, lastError: row.last_error },
      nextTryAt: row.failures === 0 ? null : isoTime(row.next_try_at),
    },
  };
}

export async function listExports(context: Context, caller: Caller): Promise<{ items: AuditExport[] }> {
  const { db } = context.store;
  const items: AuditExport[] = [];
  for (const row of await rowsOf(db, caller.organizationId)) items.push(await toView(context, db, row));
  return { items };
}

export async function getExport(context: Context, caller: Caller, idOrName: string): Promise<AuditExport | Refusal> {
  const { db } = context.store;
  const row = await findExport(db, caller.organizationId, idOrName);
  return row instanceof Refusal ? row : await toView(context, db, row);
}

export async function createExport(
  context: Context,
  caller: Caller,
  input: AuditExportInput,
): Promise<AuditExport | Refusal> {
  const invalid = checkInput(input);
  if (invalid !== null) return invalid;
  const nowMs = context.clock();
  const id = createId('auditExport', nowMs);
  const { organizationId } = caller;
  try {
    return await context.store.transaction(async (queries) => {
      // Locks the organization's log, so that "now" is one place in it, and counting and adding are one.
      const { audit_seq: last } = await queries
        .updateTable('organizations')
        .set((eb) => ({ audit_seq: eb.ref('audit_seq') }))
        .where('id', '=', organizationId)
        .returning('audit_seq')
        .executeTakeFirstOrThrow();
      if ((await rowsOf(queries, organizationId)).length >= MAX_EXPORTS) {
        return new Refusal('api.conflict', { detail: `an organization has at most ${MAX_EXPORTS} audit exports` });
      }
      const row: ExportRow = {
        ...{ id, organization_id: organizationId, name: input.name, settings: JSON.stringify(input.settings) },
        version: 1,
        sealed_secret: input.secret === null ? null : context.authority.sealer.seal(secretName(id), input.secret),
        ...{ created_at: nowMs, delivered: input.from === 'now' ? last : 0, rejected: 0, failures: 0 },
        ...{ last_error: null, last_delivered_at: null, next_try_at: nowMs },
      };
      await queries.insertInto('audit_exports').values(row).execute();
      const { progress: _, ...after } = await toView(context, queries, row);
      await appendAudit(queries, context, caller, {
        action: 'audit_export.create',
        objectKind: 'audit_export',
        objectId: id,
        after: { ...after, after: row.delivered },
      });
      return await toView(context, queries, row);
    });
  } catch (error) {
    if (isUniqueViolation(error)) return new Refusal('api.name_taken');
    throw error;
  }
}

/**
 * The place in the log stays, and whatever is on its way to the old address does not move it: what comes next goes to the new one.
 * Tried at once, however long it failed before.
 */
export async function updateExport(
  context: Context,
  caller: Caller,
  idOrName: string,
  version: number,
  change: AuditExportChange,
): Promise<AuditExport | Refusal> {
  try {
    return await context.store.transaction(async (queries) => {
      const row = await findExport(queries, caller.organizationId, idOrName);
      if (row instanceof Refusal) return row;
      if (row.version !== version) return new Refusal('api.precondition_failed');
      const before = settingsOf(row);
      const settings = change.settings ?? before;
      const invalid = checkInput({ settings, secret: change.secret ?? null });
      if (invalid !== null) return invalid;
      const keepsSecret = change.secret === undefined && row.sealed_secret !== null && settings.kind === 'otlp';
      if (keepsSecret && secretGoesTo(settings) !== secretGoesTo(before)) {
        const message = 'must be given again with another address or header; null: none';
        return new Refusal('api.invalid', { errors: [{ path: '/secret', message }] });
      }
      const { progress: _before, ...shownBefore } = await toView(context, queries, row);
      const given = change.secret ?? null;
      const values = {
        name: change.name ?? row.name,
        settings: JSON.stringify(settings),
        sealed_secret: keepsSecret
          ? row.sealed_secret
          : given === null
            ? null
            : context.authority.sealer.seal(secretName(row.id), given),
        ...{ failures: 0, last_error: null, next_try_at: context.clock() },
        version: version + 1,
      };
      const after = await queries
        .updateTable('audit_exports')
        .set(values)
        .where('id', '=', row.id)
        .where('version', '=', version)
        .returningAll()
        .executeTakeFirst();
      if (after === undefined) return new Refusal('api.precondition_failed');
      const view = await toView(context, queries, after);
      const { progress, ...shownAfter } = view;
      await appendAudit(queries, context, caller, {
        action: 'audit_export.update',
        objectKind: 'audit_export',
        objectId: row.id,
        before: shownBefore,
        after: { ...shownAfter, secretChanged: change.secret !== undefined, after: progress.delivered },
      });
      return view;
    });
  } catch (error) {
    if (isUniqueViolation(error)) return new Refusal('api.name_taken');
    throw error;
  }
}

/** Whoever changed this could read the secret. */
function secretGoesTo(settings: AuditExportSettings): string {
  return settings.kind === 'syslog'
    ? ''
    : JSON.stringify([settings.url, settings.header, settings.certificateAuthority]);
}

export async function deleteExport(context: Context, caller: Caller, idOrName: string): Promise<undefined | Refusal> {
  return await context.store.transaction(async (queries) => {
    const row = await findExport(queries, caller.organizationId, idOrName);
    if (row instanceof Refusal) return row;
    const { progress, ...before } = await toView(context, queries, row);
    await queries.deleteFrom('audit_exports').where('id', '=', row.id).execute();
    await appendAudit(queries, context, caller, {
      action: 'audit_export.delete',
      objectKind: 'audit_export',
      objectId: row.id,
      before: { ...before, delivered: progress.delivered },
    });
    return undefined;
  });
}

function checkInput({ settings, secret }: Pick<AuditExportInput, 'settings' | 'secret'>): Refusal | null {
  const invalid = (path: string, message: string) => new Refusal('api.invalid', { errors: [{ path, message }] });
  if (settings.kind === 'syslog') {
    return secret === null ? null : invalid('/secret', 'syslog has no header that could carry it');
  }
  const url = parseOutboundUrl(settings.url);
  return url instanceof Refusal ? invalid('/settings/url', url.detail ?? 'not a URL') : null;
}
