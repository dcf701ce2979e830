import { createId, scopesWithin, type WorkloadTrust, type WorkloadTrustInput } from '@zeronaut/model';
import type { Selectable } from 'kysely';
import { Refusal } from '../../store/refusal.ts';
import type { Schema } from '../../store/schema.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { isoTime, type Page, type PageQuery, parseCursor, toPage } from '../page.ts';
import { revoke } from '../revoke.ts';
import { checkActingAs, findServiceAccount } from '../service-accounts/service-accounts.ts';

const MAX_TRUSTS = 1_000;

type Row = Selectable<Schema['workload_trusts']>;

export function toTrust(row: Row): WorkloadTrust {
  return {
    ...JSON.parse(row.settings),
    id: row.id,
    organizationId: row.organization_id,
    serviceAccountId: row.user_id,
    name: row.name,
    issuer: row.issuer,
    audience: row.audience,
    createdAt: isoTime(row.created_at),
    lastUsedAt: isoTime(row.last_used_at),
    revokedAt: isoTime(row.revoked_at),
  };
}

export async function listWorkloadTrusts(
  context: Context,
  caller: Caller,
  query: PageQuery,
): Promise<Page<WorkloadTrust> | Refusal> {
  const after = parseCursor(query.cursor, ['string']);
  if (after instanceof Refusal) return after;
  let select = context.store.db
    .selectFrom('workload_trusts')
    .selectAll()
    .where('organization_id', '=', caller.organizationId)
    .orderBy('id')
    .limit(query.limit + 1);
  if (after !== null) select = select.where('id', '>', String(after[0]));
  return toPage(await select.execute(), query.limit, toTrust, (row) => [row.id]);
}

export async function createWorkloadTrust(
  context: Context,
  caller: Caller,
  input: WorkloadTrustInput,
): Promise<WorkloadTrust | Refusal> {
  if (!scopesWithin(input.scopes, caller.scopes)) {
    return new Refusal('api.scope_missing', { detail: 'a trust cannot have scopes that your own credential lacks' });
  }
  const nowMs = context.clock();
  return await context.store.transaction(async (queries) => {
    const { serviceAccountId, name, issuer, audience, ...settings } = input;
    const account = await findServiceAccount(queries, caller.organizationId, serviceAccountId);
    if (account instanceof Refusal) {
      return new Refusal('api.invalid', {
        errors: [{ path: '/serviceAccountId', message: 'no such service account' }],
      });
    }
    // Whoever can name an issuer can become the account.
    const beyond = await checkActingAs(queries, caller, account);
    if (beyond !== null) return beyond;
    const { count } = await queries
      .selectFrom('workload_trusts')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('organization_id', '=', caller.organizationId)
      .where('revoked_at', 'is', null)
      .executeTakeFirstOrThrow();
    if (Number(count) >= MAX_TRUSTS) return new Refusal('api.conflict', { detail: `at most ${MAX_TRUSTS} trusts` });
    const id = createId('workloadTrust', nowMs);
    const row: Row = {
      id,
      organization_id: caller.organizationId,
      user_id: account.id,
      name,
      issuer,
      audience: audience ?? `${context.settings.publicUrl()}/workload/${id}`,
      settings: JSON.stringify(settings),
      created_at: nowMs,
      last_used_at: null,
      revoked_at: null,
    };
    await queries.insertInto('workload_trusts').values(row).execute();
    const trust = toTrust(row);
    await appendAudit(queries, context, caller, {
      action: 'workload_trust.create',
      objectKind: 'workload_trust',
      objectId: id,
      after: trust,
    });
    return trust;
  });
}

/** Access tokens that came of it end with it: each is checked against its trust. */
export async function revokeWorkloadTrust(context: Context, caller: Caller, id: string): Promise<undefined | Refusal> {
  return await revoke(context, caller, id, {
    table: 'workload_trusts',
    objectKind: 'workload_trust',
    action: 'workload_trust.revoke',
    view: toTrust,
    inSnapshot: false,
  });
}
