import { Refusal } from '../store/refusal.ts';
import { isUniqueViolation, type Queries } from '../store/store.ts';
import { appendAudit } from './audit/audit.ts';
import type { Caller, Context } from './context.ts';

/** Something that an organization has once, as JSON. Where nobody set it there is no row, and its version is 1. */
export interface Settings<T extends object> {
  readonly table: 'sign_in_policies' | 'device_policies' | 'policy_assertions' | 'audit_retentions';
  /** Where the JSON is. */
  readonly column: 'policy' | 'assertions';
  /** In the audit chain. */
  readonly action: string;
  readonly read: (queries: Queries, organizationId: string) => Promise<T & { version: number }>;
  /** The whole of it, without its version. */
  readonly next: T;
  /** What goes into the column. */
  readonly stored: unknown;
  /** Refuses what must not stay; asked when it is written already, within the transaction. */
  readonly check?: (queries: Queries, before: T) => Promise<Refusal | null>;
}

/** Replaces it if it still is the version that the caller saw. Of two at once one comes too late. */
export async function replaceSettings<T extends object>(
  context: Context,
  caller: Caller,
  version: number,
  settings: Settings<T>,
): Promise<(T & { version: number }) | Refusal> {
  const { organizationId } = caller;
  // All these tables share the columns used here but one, which Kysely cannot see.
  const table = settings.table as 'sign_in_policies';
  const values = { [settings.column]: JSON.stringify(settings.stored), version: version + 1 } as {
    policy: string;
    version: number;
  };
  try {
    return await context.store.transaction(async (queries) => {
      const before = await settings.read(queries, organizationId);
      if (before.version !== version) return new Refusal('api.precondition_failed');
      const changed =
        version === 1
          ? await queries
              .insertInto(table)
              .values({ organization_id: organizationId, ...values })
              .returning('version')
              .executeTakeFirst()
          : await queries
              .updateTable(table)
              .set(values)
              .where('organization_id', '=', organizationId)
              .where('version', '=', version)
              .returning('version')
              .executeTakeFirst();
      if (changed === undefined) return new Refusal('api.precondition_failed');
      const refused = await settings.check?.(queries, before);
      if (refused) return refused;
      const after = { ...settings.next, version: version + 1 };
      await appendAudit(queries, context, caller, {
        action: settings.action,
        objectKind: 'organization',
        objectId: organizationId,
        before,
        after,
      });
      return after;
    });
  } catch (error) {
    // Two first changes at once.
    if (isUniqueViolation(error)) return new Refusal('api.precondition_failed');
    throw error;
  }
}
