import { type AddressGrantView, SNAPSHOT_MAX_ENDED_GRANTS } from '@zeronaut/model';
import type { ExpressionBuilder, Selectable } from 'kysely';
import type { Refusal } from '../../store/refusal.ts';
import type { Schema } from '../../store/schema.ts';
import type { Queries } from '../../store/store.ts';
import { appendAuditEntries } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { contains, type ListQuery, listPage } from '../list.ts';
import { isoTime, type Page } from '../page.ts';
import { revoke } from '../revoke.ts';

type Row = Selectable<Schema['address_grants']>;

/** What the audit log keeps of one: whose it is and, sealed, where they came from. */
export function auditedAddressGrant(row: Row) {
  return {
    userId: row.user_id,
    resourceId: row.resource_id,
    gatewayId: row.gateway_id,
    sourceAddress: row.address,
    createdAt: isoTime(row.created_at),
    expiresAt: isoTime(row.expires_at),
  };
}

/** It counts at its gateway, as far as the console knows. */
export function isOpen(eb: ExpressionBuilder<Schema, 'address_grants'>, nowMs: number) {
  return eb.and([eb('revoked_at', 'is', null), eb('ended_at', 'is', null), eb('expires_at', '>', nowMs)]);
}

export async function listAddressGrants(
  context: Context,
  caller: Caller,
  query: ListQuery<keyof typeof SORTS> & {
    readonly userId?: string | undefined;
    readonly resourceId?: string | undefined;
    readonly gatewayId?: string | undefined;
    readonly open?: boolean | undefined;
  },
): Promise<Page<AddressGrantView> | Refusal> {
  let select = context.store.db
    .selectFrom('address_grants')
    .selectAll()
    .select((eb) => [
      eb
        .selectFrom('resources')
        .select('name')
        .whereRef('resources.id', '=', 'address_grants.resource_id')
        .whereRef('resources.organization_id', '=', 'address_grants.organization_id')
        .as('resource_name'),
      eb
        .selectFrom('gateways')
        .select('name')
        .whereRef('gateways.id', '=', 'address_grants.gateway_id')
        .as('gateway_name'),
    ])
    .where('organization_id', '=', caller.organizationId);
  if (query.q) select = select.where(contains(query.q, ['address']));
  if (query.userId !== undefined) select = select.where('user_id', '=', query.userId);
  if (query.resourceId !== undefined) select = select.where('resource_id', '=', query.resourceId);
  if (query.gatewayId !== undefined) select = select.where('gateway_id', '=', query.gatewayId);
  if (query.open !== undefined) {
    const nowMs = context.clock();
    select = select.where((eb) => (query.open === true ? isOpen(eb, nowMs) : eb.not(isOpen(eb, nowMs))));
  }
  return await listPage(select, query, SORTS, (row) => ({
    id: row.id,
    organizationId: row.organization_id,
    userId: row.user_id,
    resourceId: row.resource_id,
    resource: row.resource_name,
    gatewayId: row.gateway_id,
    gateway: row.gateway_name ?? '',
    sessionId: row.session_id,
    address: row.address,
    createdAt: isoTime(row.created_at),
    expiresAt: isoTime(row.expires_at),
    endedAt: isoTime(row.revoked_at ?? row.ended_at),
  }));
}

const SORTS = { created: { column: 'id', type: 'string' } } as const;

/** Ends one of the caller's organization, or of `ownerId` alone. Ending twice is no error. */
export async function revokeAddressGrant(
  context: Context,
  caller: Caller,
  id: string,
  ownerId?: string,
): Promise<undefined | Refusal> {
  return await revoke(context, caller, id, {
    table: 'address_grants',
    objectKind: 'address_grant',
    action: 'address_grant.revoke',
    view: auditedAddressGrant,
    inSnapshot: true,
    ...(ownerId === undefined ? {} : { ownerId }),
  });
}

/** Ends all that the caller has open. */
export async function revokeOwnAddressGrants(context: Context, caller: Caller): Promise<{ ended: number }> {
  return await context.store.change(caller.organizationId, async (queries) => {
    const nowMs = context.clock();
    const ended = await queries
      .updateTable('address_grants')
      .set({ revoked_at: nowMs })
      .where('organization_id', '=', caller.organizationId)
      .where('user_id', '=', caller.userId)
      .where((eb) => isOpen(eb, nowMs))
      .returningAll()
      .execute();
    const deeds = ended.map((row) => ({
      actor: caller.actor,
      requestId: caller.requestId,
      userId: caller.userId,
      action: 'address_grant.revoke',
      objectKind: 'address_grant',
      objectId: row.id,
      before: auditedAddressGrant(row),
    }));
    await appendAuditEntries(queries, context, caller.organizationId, deeds);
    return { ended: ended.length };
  });
}

/**
 * What gateways must not let count, by gateway, for snapshots. Until their time is over, whatever a gateway says of them: it may have been
 * put back to an older disk.
 */
export async function endedAddressGrantsOf(
  queries: Queries,
  organizationId: string,
  nowMs: number,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await queries
    .selectFrom('address_grants')
    .select(['id', 'gateway_id'])
    .where('organization_id', '=', organizationId)
    .where('revoked_at', 'is not', null)
    .where('expires_at', '>', nowMs)
    .orderBy('id')
    .execute();
  const byGateway = Map.groupBy(rows, (row) => row.gateway_id);
  return new Map([...byGateway].map(([id, own]) => [id, own.slice(-SNAPSHOT_MAX_ENDED_GRANTS).map((row) => row.id)]));
}
