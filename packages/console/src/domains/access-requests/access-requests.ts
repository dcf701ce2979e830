import type {
  AccessRequest,
  AccessRequestInput,
  AccessRequestStatus,
  ApprovalRuleInput,
  Snapshot,
  User,
} from '@zeronaut/model';
import { createId } from '@zeronaut/model';
import type { Selectable } from 'kysely';
import { Refusal } from '../../store/refusal.ts';
import type { Schema } from '../../store/schema.ts';
import type { Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { getOrganization } from '../organizations/organizations.ts';
import { isoTime, type Page, type PageQuery, parseCursor, toPage } from '../page.ts';
import { may } from '../roles/held-role.ts';
import { findObject, isApprover, rulesOf } from './approval-rules.ts';
import { approversToTell, tellApprovers } from './tell-approvers.ts';

/**
 * Access for a while: a user asks, n of m approvers agree, gateways let them in until the time is over. Who approvers are,
 * and how many are needed, is asked at each decision, so that a rule that was made stricter counts at once, and an approval
 * of somebody who is no approver any more does not.
 */
type Row = Selectable<Schema['access_requests']>;
type DecisionRow = Selectable<Schema['access_request_decisions']> & DecidingUser;
type DecidingUser = Pick<User, 'email' | 'role' | 'groups'> & { readonly active: boolean };

const MINUTE_MS = 60_000;
/** A request that nobody decides lapses, so that what was asked for long ago is not given by surprise. */
const OPEN_MS = 86_400_000;
const MAX_OPEN_REQUESTS = 20;
/** As many as a snapshot can carry. */
const MAX_GRANTS = 50_000;

/** What snapshots carry: what was approved and has not ended. Gateways end it by themselves, without the console. */
export async function accessGrantsOf(
  queries: Queries,
  organizationId: string,
  nowMs: number,
): Promise<Snapshot['accessGrants']> {
  const rows = await queries
    .selectFrom('access_requests')
    .innerJoin('users', 'users.id', 'access_requests.user_id')
    .select(['access_requests.user_id', 'access_requests.object_id', 'access_requests.ends_at'])
    .where('access_requests.organization_id', '=', organizationId)
    .where('access_requests.status', '=', 'approved')
    .where('access_requests.ends_at', '>', nowMs)
    .where('users.status', '=', 'active')
    .orderBy('access_requests.id')
    .limit(MAX_GRANTS)
    .execute();
  return rows.map((row) => ({ userId: row.user_id, objectId: row.object_id, expiresAt: isoTime(row.ends_at!) }));
}

function rowsOf(queries: Queries, organizationId: string) {
  return queries.selectFrom('access_requests').selectAll().where('organization_id', '=', organizationId);
}

function statusOf(row: Row, nowMs: number): AccessRequestStatus {
  if (row.status === 'pending' && row.closes_at <= nowMs) return 'expired';
  if (row.status === 'approved' && row.ends_at! <= nowMs) return 'ended';
  return row.status;
}

async function findUser(queries: Queries, organizationId: string, id: string): Promise<User | undefined> {
  const row = await queries
    .selectFrom('users')
    .select(['id', 'email', 'name', 'role', 'groups'])
    .where('organization_id', '=', organizationId)
    .where('id', '=', id)
    .where('status', '=', 'active')
    .executeTakeFirst();
  return row === undefined ? undefined : ({ ...row, groups: JSON.parse(row.groups) } as unknown as User);
}

/** Who calls, as far as this credential goes: the key of an administrator that may do less approves as one that may less. */
async function callingUser(queries: Queries, caller: Caller): Promise<User | undefined> {
  const user = await findUser(queries, caller.organizationId, caller.userId);
  return user === undefined ? undefined : { ...user, role: caller.role };
}

async function decisionsOf(queries: Queries, ids: readonly string[]): Promise<Map<string, DecisionRow[]>> {
  if (ids.length === 0) return new Map();
  const rows = await queries
    .selectFrom('access_request_decisions')
    .innerJoin('users', 'users.id', 'access_request_decisions.user_id')
    .selectAll('access_request_decisions')
    .select(['users.email', 'users.role', 'users.groups', 'users.status'])
    .where('request_id', 'in', ids)
    .orderBy('at')
    .orderBy('user_id')
    .execute();
  return Map.groupBy(
    rows.map(({ status, groups, ...row }) => ({ ...row, groups: JSON.parse(groups), active: status === 'active' })),
    ({ request_id }) => request_id,
  );
}

/** Who looks at requests, with what decides what they may see and do. */
interface Viewer {
  readonly caller: Caller;
  readonly nowMs: number;
  readonly self: User | undefined;
  readonly ruleOf: (objectId: string) => ApprovalRuleInput;
}

async function viewerOf(queries: Queries, caller: Caller, nowMs: number): Promise<Viewer> {
  const ruleOf = await rulesOf(queries, caller.organizationId);
  return { caller, nowMs, ruleOf, self: await callingUser(queries, caller) };
}

/** An approver of the object. Nobody decides their own request. */
function mayDecide({ caller, self, ruleOf }: Viewer, row: Row): boolean {
  return row.user_id !== caller.userId && self !== undefined && isApprover(ruleOf(row.object_id), self);
}

function maySee(viewer: Viewer, row: Row): boolean {
  const { caller } = viewer;
  return row.user_id === caller.userId || mayDecide(viewer, row) || may(caller, 'policies:read');
}

/** Turns rows into what is shown of them, with what was said of all of them read at once. */
async function viewsOf(queries: Queries, viewer: Viewer, rows: readonly Row[]): Promise<(row: Row) => AccessRequest> {
  const { caller, nowMs, ruleOf } = viewer;
  const decisions = await decisionsOf(
    queries,
    rows.map(({ id }) => id),
  );
  const emails = new Map<string, string>();
  if (rows.length > 0) {
    const users = await queries
      .selectFrom('users')
      .select(['id', 'email'])
      .where('organization_id', '=', caller.organizationId)
      .where('id', 'in', [...new Set(rows.map(({ user_id }) => user_id))])
      .execute();
    for (const { id, email } of users) emails.set(id, email);
  }
  return (row) => {
    const status = statusOf(row, nowMs);
    const made = decisions.get(row.id) ?? [];
    return {
      id: row.id,
      organizationId: row.organization_id,
      userId: row.user_id,
      email: emails.get(row.user_id) ?? '',
      objectId: row.object_id,
      object: row.object_name,
      kind: row.object_id.startsWith('site_') ? 'site' : 'resource',
      reason: row.reason,
      minutes: row.minutes,
      status,
      needed: row.needed ?? ruleOf(row.object_id).needed,
      decisions: made.map(({ user_id, email, effect, note, at }) => ({
        userId: user_id,
        email,
        effect,
        note,
        at: isoTime(at),
      })),
      mine: row.user_id === caller.userId,
      decidable:
        status === 'pending' && mayDecide(viewer, row) && !made.some(({ user_id }) => user_id === caller.userId),
      createdAt: isoTime(row.created_at),
      closesAt: isoTime(row.closes_at),
      endsAt: isoTime(row.ends_at),
    };
  };
}

async function viewOf(queries: Queries, viewer: Viewer, row: Row): Promise<AccessRequest> {
  return (await viewsOf(queries, viewer, [row]))(row);
}

export async function listRequests(
  context: Context,
  caller: Caller,
  query: PageQuery & { status?: AccessRequestStatus | undefined },
): Promise<Page<AccessRequest> | Refusal> {
  const after = parseCursor(query.cursor, ['string']);
  if (after instanceof Refusal) return after;
  const queries = context.store.db;
  const viewer = await viewerOf(queries, caller, context.clock());
  let select = rowsOf(queries, caller.organizationId).orderBy('id', 'desc');
  if (after !== null) select = select.where('id', '<', String(after[0]));
  select = ofStatus(select, query.status, viewer.nowMs);
  const { self, ruleOf } = viewer;
  if (!may(caller, 'policies:read')) {
    const objects = await queries
      .selectFrom('access_requests')
      .select('object_id')
      .distinct()
      .where('organization_id', '=', caller.organizationId)
      .execute();
    const decided = objects
      .map(({ object_id }) => object_id)
      .filter((id) => self !== undefined && isApprover(ruleOf(id), self));
    select = select.where((where) =>
      where.or([where('user_id', '=', caller.userId), where('object_id', 'in', [...decided, ''])]),
    );
  }
  const rows = await select.limit(query.limit + 1).execute();
  return toPage(rows, query.limit, await viewsOf(queries, viewer, rows), (row) => [row.id]);
}

function ofStatus(
  select: ReturnType<typeof rowsOf>,
  status: AccessRequestStatus | undefined,
  nowMs: number,
): ReturnType<typeof rowsOf> {
  switch (status) {
    case undefined:
      return select;
    case 'pending':
      return select.where('status', '=', 'pending').where('closes_at', '>', nowMs);
    case 'expired':
      return select.where('status', '=', 'pending').where('closes_at', '<=', nowMs);
    case 'approved':
      return select.where('status', '=', 'approved').where('ends_at', '>', nowMs);
    case 'ended':
      return select.where((where) =>
        where.or([
          where('status', '=', 'ended'),
          where.and([where('status', '=', 'approved'), where('ends_at', '<=', nowMs)]),
        ]),
      );
    default:
      return select.where('status', '=', status);
  }
}

export async function getRequest(context: Context, caller: Caller, id: string): Promise<AccessRequest | Refusal> {
  const queries = context.store.db;
  const row = await rowsOf(queries, caller.organizationId).where('id', '=', id).executeTakeFirst();
  if (row === undefined) return new Refusal('api.not_found');
  const viewer = await viewerOf(queries, caller, context.clock());
  return maySee(viewer, row) ? await viewOf(queries, viewer, row) : new Refusal('api.not_found');
}

/** Which of these requests wait for the word of this caller. */
export async function decidableBy(context: Context, caller: Caller, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0 || !may(caller, 'access_requests:decide')) return new Set();
  const queries = context.store.db;
  const viewer = await viewerOf(queries, caller, context.clock());
  const rows = await rowsOf(queries, caller.organizationId).where('id', 'in', ids).execute();
  const requests = rows.map(await viewsOf(queries, viewer, rows));
  return new Set(requests.filter(({ decidable }) => decidable).map(({ id }) => id));
}

export async function createRequest(
  context: Context,
  caller: Caller,
  input: AccessRequestInput,
  remember: (queries: Queries, response: AccessRequest) => Promise<void>,
): Promise<AccessRequest | Refusal> {
  const { organizationId } = caller;
  const nowMs = context.clock();
  const created = await context.store.transaction(async (queries) => {
    const object = await findObject(queries, organizationId, input.object);
    if (object instanceof Refusal) return object;
    const viewer = await viewerOf(queries, caller, nowMs);
    if (viewer.self === undefined) return new Refusal('api.forbidden');
    const { maxMinutes } = viewer.ruleOf(object.id);
    if (input.minutes > maxMinutes) {
      const message = `at most ${maxMinutes} minutes can be asked for`;
      return new Refusal('api.invalid', { errors: [{ path: '/minutes', message }] });
    }
    const open = await rowsOf(queries, organizationId)
      .where('user_id', '=', caller.userId)
      .where('status', '=', 'pending')
      .where('closes_at', '>', nowMs)
      .limit(MAX_OPEN_REQUESTS)
      .execute();
    if (open.length >= MAX_OPEN_REQUESTS) return new Refusal('request.too_many');
    const row: Row = {
      id: createId('accessRequest', nowMs),
      organization_id: organizationId,
      user_id: caller.userId,
      object_id: object.id,
      object_name: object.name,
      reason: input.reason,
      minutes: input.minutes,
      status: 'pending',
      needed: null,
      created_at: nowMs,
      closes_at: nowMs + OPEN_MS,
      ends_at: null,
    };
    await queries.insertInto('access_requests').values(row).execute();
    const request = await viewOf(queries, viewer, row);
    await audit(queries, context, caller, 'create', null, request);
    await remember(queries, request);
    const { language } = await getOrganization(queries, organizationId);
    return { request, language, approvers: await approversToTell(queries, context, request, viewer.ruleOf(object.id)) };
  });
  if (created instanceof Refusal) return created;
  void tellApprovers(context, created.request, created.approvers, created.language);
  return created.request;
}

export async function decideRequest(
  context: Context,
  caller: Caller,
  id: string,
  input: { effect: 'approve' | 'refuse'; note: string },
): Promise<AccessRequest | Refusal> {
  return await changing(context, caller, id, async (queries, row, viewer) => {
    const { nowMs } = viewer;
    if (row.user_id === caller.userId) return new Refusal('request.own');
    if (!mayDecide(viewer, row)) return new Refusal('request.not_approver');
    if (statusOf(row, nowMs) !== 'pending') return new Refusal('request.closed');
    if ((await findUser(queries, row.organization_id, row.user_id)) === undefined) {
      return new Refusal('request.closed');
    }
    const rule = viewer.ruleOf(row.object_id);
    const columns = { effect: input.effect, note: input.note, at: nowMs };
    await queries
      .insertInto('access_request_decisions')
      .values({ request_id: row.id, user_id: caller.userId, ...columns })
      .onConflict((conflict) => conflict.columns(['request_id', 'user_id']).doUpdateSet(columns))
      .execute();
    if (input.effect === 'refuse') return { status: 'refused', needed: rule.needed };
    const decisions = (await decisionsOf(queries, [row.id])).get(row.id) ?? [];
    const approvals = decisions.filter(
      (decision) => decision.effect === 'approve' && decision.active && isApprover(rule, decision),
    );
    if (approvals.length < rule.needed) return {};
    const { granted } = await queries
      .selectFrom('access_requests')
      .select(({ fn }) => fn.countAll<number | string>().as('granted'))
      .where('organization_id', '=', row.organization_id)
      .where('status', '=', 'approved')
      .where('ends_at', '>', nowMs)
      .executeTakeFirstOrThrow();
    if (Number(granted) >= MAX_GRANTS) return new Refusal('request.too_many');
    // A rule that became stricter since it was asked for counts.
    const minutes = Math.min(row.minutes, rule.maxMinutes);
    return { status: 'approved', needed: rule.needed, ends_at: nowMs + minutes * MINUTE_MS };
  });
}

/** Ends what was approved, or takes back what was asked for. Whoever could have refused it can end it as well. */
export async function endRequest(context: Context, caller: Caller, id: string): Promise<AccessRequest | Refusal> {
  return await changing(context, caller, id, async (_queries, row, viewer) => {
    const { nowMs } = viewer;
    const status = statusOf(row, nowMs);
    if (row.user_id === caller.userId) {
      if (status === 'pending') return { status: 'cancelled' };
    } else {
      const decides = mayDecide(viewer, row) && may(caller, 'access_requests:decide');
      if (!decides && !may(caller, 'policies:write')) return new Refusal('request.not_approver');
    }
    return status === 'approved' ? { status: 'ended', ends_at: nowMs } : new Refusal('request.closed');
  });
}

/** One change of one request, alone: two approvers at the same moment are one after the other. */
async function changing(
  context: Context,
  caller: Caller,
  id: string,
  change: (queries: Queries, row: Row, viewer: Viewer) => Promise<Partial<Row> | Refusal>,
): Promise<AccessRequest | Refusal> {
  return await context.store.change(caller.organizationId, async (queries) => {
    // An update that changes nothing takes the lock of the row, on both databases.
    const row = await queries
      .updateTable('access_requests')
      .set((where) => ({ status: where.ref('status') }))
      .where('organization_id', '=', caller.organizationId)
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return new Refusal('api.not_found');
    const viewer = await viewerOf(queries, caller, context.clock());
    if (!maySee(viewer, row)) return new Refusal('api.not_found');
    const before = await viewOf(queries, viewer, row);
    const columns = await change(queries, row, viewer);
    if (columns instanceof Refusal) return columns;
    if (Object.keys(columns).length > 0) {
      await queries.updateTable('access_requests').set(columns).where('id', '=', row.id).execute();
    }
    const after = await viewOf(queries, viewer, { ...row, ...columns });
    await audit(queries, context, caller, after.status === before.status ? 'approve' : after.status, before, after);
    return after;
  });
}

async function audit(
  queries: Queries,
  context: Context,
  caller: Caller,
  what: string,
  before: AccessRequest | null,
  after: AccessRequest,
): Promise<void> {
  await appendAudit(queries, context, caller, {
    action: `access_request.${what}`,
    objectKind: after.kind,
    objectId: after.objectId,
    before: before === null ? null : facts(before),
    after: facts(after),
  });
}

/** Without what depends on who looks. */
function facts({ mine: _m, decidable: _d, ...request }: AccessRequest) {
  return request;
}
