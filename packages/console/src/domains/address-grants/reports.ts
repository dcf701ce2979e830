/**
 * What a gateway tells of address grants. It is believed in what only it can know (that somebody authorised an address there), about people
 * and resources of its own organization, and so often: whoever has its key fills neither the table nor the audit log.
 */
import { createId, parseAddress, type ReportedAddressGrant } from '@zeronaut/model';
import type { Selectable } from 'kysely';
import type { Schema } from '../../store/schema.ts';
import type { Queries } from '../../store/store.ts';
import { type AuditDeed, appendAuditEntries } from '../audit/audit.ts';
import type { Context } from '../context.ts';
import type { GatewayRow } from '../gateways/gateways.ts';
import { actorOf } from '../sessions/complete-sign-in.ts';
import { RateLimit } from '../sessions/rate-limit.ts';
import { auditedAddressGrant, isOpen } from './address-grants.ts';

/** No gateway lets one last longer. */
const MAX_LIFETIME_MS = 86_400_000;
/** Grants that begin or end which one gateway may tell of at once, and how long until one more: each becomes a row or an audit entry. */
const REPORTS_AT_ONCE = 10_000;
const REPORT_INTERVAL_MS = 10_000;

type Gateway = Pick<GatewayRow, 'id' | 'organization_id'>;
type Row = Selectable<Schema['address_grants']>;

export function createReportLimit(): RateLimit {
  return new RateLimit({ burst: REPORTS_AT_ONCE, intervalMs: REPORT_INTERVAL_MS });
}

export interface AddressGrantReport {
  readonly grants: readonly ReportedAddressGrant[];
  /** All that count there. */
  readonly open?: readonly string[] | undefined;
}

export interface TakenReport {
  /** The first so many are stored; the others are too many for now. */
  readonly taken: number;
  /** Those said to count that must not. */
  readonly ended: string[];
}

/** Once: what is told again changes nothing. Writes the audit entries of what people did there. */
export async function takeAddressGrants(
  context: Context,
  gateway: Gateway,
  report: AddressGrantReport,
  limit: RateLimit,
): Promise<TakenReport> {
  return await context.store.transaction(async (queries) => {
    const taking = new Taking(context, gateway, limit, await readFacts(queries, gateway, report.grants));
    let taken = 0;
    while (taken < report.grants.length && taking.take(report.grants[taken]!)) taken++;
    if (taking.begun.length > 0) await queries.insertInto('address_grants').values(taking.begun).execute();
    for (const [id, endedAtMs] of taking.over) await end(queries, gateway, [id], endedAtMs);
    const gone = report.open === undefined ? [] : await endOthers(queries, context, gateway, new Set(report.open));
    await appendAuditEntries(queries, context, gateway.organization_id, taking.deeds);
    context.store.afterCommit(queries, () => {
      for (const { id, userId } of [...taking.quiet, ...gone]) tellEnded(context, gateway, id, userId);
    });
    return { taken, ended: taking.ended };
  });
}

interface Facts {
  readonly rows: Map<string, Row>;
  readonly users: ReadonlyMap<string, Pick<Selectable<Schema['users']>, 'id' | 'kind' | 'email' | 'status'>>;
  readonly ports: ReadonlySet<string>;
  readonly revokedSessions: ReadonlySet<string>;
}

/** One report on its way to the database. */
class Taking {
  readonly begun: Row[] = [];
  /** Id and when it ended. */
  readonly over = new Map<string, number>();
  readonly ended: string[] = [];
  readonly deeds: AuditDeed[] = [];
  /** Ends that nobody did, which have no entry in the audit log. */
  readonly quiet: { readonly id: string; readonly userId: string }[] = [];
  readonly #context: Context;
  readonly #gateway: Gateway;
  readonly #limit: RateLimit;
  readonly #facts: Facts;

  constructor(context: Context, gateway: Gateway, limit: RateLimit, facts: Facts) {
    this.#context = context;
    this.#gateway = gateway;
    this.#limit = limit;
    this.#facts = facts;
  }

  /** False: too many for now. */
  take(told: ReportedAddressGrant): boolean {
    const { rows, users, ports, revokedSessions } = this.#facts;
    const known = rows.get(told.id);
    const user = users.get(told.userId);
    const address = parseAddress(told.address);
    // Of another organization, of another gateway, or of nothing that there is.
    const isOurs = known === undefined ? ports.has(told.resourceId) : known.gateway_id === this.#gateway.id;
    if (!isOurs || user === undefined || address === null || (known !== undefined && known.user_id !== user.id)) {
      if (told.ended === null) this.ended.push(told.id);
      return true;
    }
    const isNew = known === undefined;
    const ends = told.ended !== null && (known?.ended_at ?? null) === null;
    if ((isNew || ends) && this.#limit.take(this.#gateway.id, this.#context.clock()) > 0) return false;
    const row = known ?? this.#begin(told, address);
    if (isNew) this.#note('address_grant.create', row, user);
    if (ends) this.#end(row, told.ended!, user);
    if (told.ended !== null) return true;
    // What it ended once does not begin again, whatever an older file of the gateway says.
    const mayCount =
      row.ended_at === null &&
      row.revoked_at === null &&
      user.status === 'active' &&
      !revokedSessions.has(row.session_id);
    if (!mayCount) this.ended.push(row.id);
    return true;
  }

  /** The clock of a gateway may be wrong; what it says moves nothing beyond a day from now. */
  #begin(told: ReportedAddressGrant, address: string): Row {
    const nowMs = this.#context.clock();
    const createdAt = Math.max(0, Math.min(Date.parse(told.createdAt), nowMs));
    const row: Row = {
      organization_id: this.#gateway.organization_id,
      id: told.id,
      gateway_id: this.#gateway.id,
      user_id: told.userId,
      resource_id: told.resourceId,
      session_id: told.sessionId,
      address,
      created_at: createdAt,
      expires_at: Math.max(createdAt, Math.min(Date.parse(told.expiresAt), nowMs + MAX_LIFETIME_MS)),
      received_at: nowMs,
      ended_at: null,
      revoked_at: null,
    };
    this.begun.push(row);
    this.#facts.rows.set(row.id, row);
    return row;
  }

  #end(row: Row, { at, why }: NonNullable<ReportedAddressGrant['ended']>, user: Parameters<typeof actorOf>[0]): void {
    const endedAt = Math.max(row.created_at, Math.min(Date.parse(at), this.#context.clock()));
    const { revoked_at: revokedAt } = row;
    const isNew = this.begun.includes(row);
    row.ended_at = endedAt;
    if (!isNew) this.over.set(row.id, endedAt);
    // Whoever ended it at the console is in the log already.
    if (why === 'revoked' && revokedAt === null) this.#note('address_grant.revoke', row, user);
    else if (!isNew) this.quiet.push({ id: row.id, userId: row.user_id });
  }

  #note(action: 'address_grant.create' | 'address_grant.revoke', row: Row, user: Parameters<typeof actorOf>[0]): void {
    const actor = actorOf(user, { address: row.address, userAgent: '', requestId: '' });
    const shown = auditedAddressGrant(row);
    this.deeds.push({
      ...{ actor, action, objectKind: 'address_grant', objectId: row.id, requestId: createId('request') },
      ...(action === 'address_grant.create' ? { after: shown } : { before: shown }),
    });
  }
}

async function readFacts(
  queries: Queries,
  { organization_id: organizationId }: Gateway,
  grants: readonly ReportedAddressGrant[],
): Promise<Facts> {
  const values = (of: (grant: ReportedAddressGrant) => string) => [...new Set(grants.map(of)), ''];
  const rows = await queries
    .selectFrom('address_grants')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where(
      'id',
      'in',
      values(({ id }) => id),
    )
    .execute();
  const users = await queries
    .selectFrom('users')
    .select(['id', 'kind', 'email', 'status'])
    .where('organization_id', '=', organizationId)
    .where(
      'id',
      'in',
      values(({ userId }) => userId),
    )
    .execute();
  const ports = await queries
    .selectFrom('resources')
    .select('id')
    .where('organization_id', '=', organizationId)
    .where('protocol', '!=', 'http')
    .where(
      'id',
      'in',
      values(({ resourceId }) => resourceId),
    )
    .execute();
  const revoked = await queries
    .selectFrom('sessions')
    .select('id')
    .where('organization_id', '=', organizationId)
    .where('revoked_at', 'is not', null)
    .where(
      'id',
      'in',
      values(({ sessionId }) => sessionId),
    )
    .execute();
  return {
    rows: new Map(rows.map((row) => [row.id, row])),
    users: new Map(users.map((user) => [user.id, user])),
    ports: new Set(ports.map(({ id }) => id)),
    revokedSessions: new Set(revoked.map(({ id }) => id)),
  };
}

async function end(queries: Queries, gateway: Gateway, ids: readonly string[], endedAtMs: number): Promise<void> {
  await queries
    .updateTable('address_grants')
    .set({ ended_at: endedAtMs })
    .where('organization_id', '=', gateway.organization_id)
    .where('gateway_id', '=', gateway.id)
    .where('id', 'in', ids)
    .execute();
}

/** Rows of one statement, below what both databases take as parameters. */
const END_BATCH = 500;

/** What counted when the gateway was heard last and is not among what counts now: its state was lost, or the report of an end. */
async function endOthers(
  queries: Queries,
  context: Context,
  gateway: Gateway,
  open: ReadonlySet<string>,
): Promise<{ id: string; userId: string }[]> {
  const nowMs = context.clock();
  const known = await queries
    .selectFrom('address_grants')
    .select(['id', 'user_id'])
    .where('organization_id', '=', gateway.organization_id)
    .where('gateway_id', '=', gateway.id)
    .where((eb) => isOpen(eb, nowMs))
    .execute();
  const gone = known.filter(({ id }) => !open.has(id)).map(({ id, user_id }) => ({ id, userId: user_id }));
  for (let from = 0; from < gone.length; from += END_BATCH) {
    const ids = gone.slice(from, from + END_BATCH).map(({ id }) => id);
    await end(queries, gateway, ids, nowMs);
  }
  return gone;
}

/** An end without an entry in the audit log, to open pages. */
function tellEnded(context: Context, gateway: Gateway, id: string, ownerId: string): void {
  context.live.changed(gateway.organization_id, {
    ...{ noun: 'addresses', id, version: null, action: 'address_grant.end', ownerId, actorId: gateway.id },
    at: new Date(context.clock()).toISOString(),
  });
}
