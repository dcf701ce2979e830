import type { ApprovalRule, ApprovalRuleInput, User } from '@zeronaut/model';
import type { Selectable } from 'kysely';
import { Refusal } from '../../store/refusal.ts';
import type { Schema } from '../../store/schema.ts';
import type { Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { locking, NOTHING, refuseStale, versionOf } from '../if-match.ts';
import { type Page, type PageQuery, parseCursor, toPage } from '../page.ts';

/** What can be asked for: a resource or a site. */
export interface RequestedObject {
  readonly id: string;
  readonly name: string;
}

/** Where nobody set a rule. Whoever may change policies could let somebody in anyway. */
export const DEFAULT_RULE: ApprovalRuleInput = { approvers: ['role:owner', 'role:admin'], needed: 1, maxMinutes: 480 };

/** By name, a resource is meant before a site. */
export async function findObject(
  queries: Queries,
  organizationId: string,
  idOrName: string,
): Promise<RequestedObject | Refusal> {
  // An id has an underscore and a name never has one.
  const column = idOrName.includes('_') ? 'id' : 'name';
  for (const table of ['resources', 'sites'] as const) {
    const row = await queries
      .selectFrom(table)
      .select(['id', 'name'])
      .where('organization_id', '=', organizationId)
      .where(column, '=', idOrName)
      .orderBy('id', 'desc')
      .executeTakeFirst();
    if (row !== undefined) return row;
  }
  return new Refusal('api.not_found');
}

function toInput(row: Selectable<Schema['approval_rules']>): ApprovalRuleInput {
  return { approvers: JSON.parse(row.approvers), needed: row.needed, maxMinutes: row.max_minutes };
}

function toRule(input: ApprovalRuleInput, object: RequestedObject): ApprovalRule {
  return { ...input, objectId: object.id, object: object.name, version: versionOf(input) };
}

/** Rules of an organization by object; what has none is decided by `DEFAULT_RULE`. */
export async function rulesOf(
  queries: Queries,
  organizationId: string,
): Promise<(objectId: string) => ApprovalRuleInput> {
  const rows = await queries
    .selectFrom('approval_rules')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .execute();
  const rules = new Map(rows.map((row) => [row.object_id, toInput(row)]));
  return (objectId) => rules.get(objectId) ?? DEFAULT_RULE;
}

export function isApprover(rule: ApprovalRuleInput, user: Pick<User, 'email' | 'role' | 'groups'>): boolean {
  return rule.approvers.some((approver) => {
    if (approver.startsWith('group:')) return user.groups.includes(approver.slice('group:'.length));
    if (approver.startsWith('role:')) return user.role === approver.slice('role:'.length);
    return approver.toLowerCase() === user.email;
  });
}

export async function listRules(
  context: Context,
  caller: Caller,
  query: PageQuery,
): Promise<Page<ApprovalRule> | Refusal> {
  const after = parseCursor(query.cursor, ['string']);
  if (after instanceof Refusal) return after;
  const { db } = context.store;
  let select = db
    .selectFrom('approval_rules')
    .selectAll()
    .where('organization_id', '=', caller.organizationId)
    .orderBy('object_id')
    .limit(query.limit + 1);
  if (after !== null) select = select.where('object_id', '>', String(after[0]));
  const rows = await select.execute();
  const names = new Map<string, string>();
  for (const table of ['resources', 'sites'] as const) {
    const objects = await db
      .selectFrom(table)
      .select(['id', 'name'])
      .where('organization_id', '=', caller.organizationId)
      .where('id', 'in', [...rows.map(({ object_id }) => object_id), ''])
      .execute();
    for (const { id, name } of objects) names.set(id, name);
  }
  // A rule can outlive what it was for; it then says nothing.
  const page = toPage(
    rows,
    query.limit,
    (row) => row,
    (row) => [row.object_id],
  );
  const items = page.items.flatMap((row) => {
    const object = names.get(row.object_id);
    return object === undefined ? [] : [toRule(toInput(row), { id: row.object_id, name: object })];
  });
  return { items, nextCursor: page.nextCursor };
}

export async function setRule(
  context: Context,
  caller: Caller,
  idOrName: string,
  version: number | null,
  input: ApprovalRuleInput,
): Promise<ApprovalRule | Refusal> {
  const { organizationId } = caller;
  const people = new Set(input.approvers.map((approver) => approver.toLowerCase()));
  if (people.size < input.needed && ![...people].some((approver) => /^(?:group|role):/.test(approver))) {
    const message = `${people.size} approvers can never be ${input.needed}`;
    return new Refusal('api.invalid', { errors: [{ path: '/needed', message }] });
  }
  return await context.store.transaction(async (queries) => {
    const object = await findObject(queries, organizationId, idOrName);
    if (object instanceof Refusal) return object;
    // The object is locked, as there may be no rule yet.
    const table = object.id.startsWith('site_') ? 'sites' : 'resources';
    await queries
      .selectFrom(table)
      .select('id')
      .where('organization_id', '=', organizationId)
      .where('id', '=', object.id)
      .$call(locking(context))
      .execute();
    const before = await findRule(queries, organizationId, object.id);
    const stale = refuseStale(version, before === null ? NOTHING : versionOf(before));
    if (stale !== null) return stale;
    const columns = {
      approvers: JSON.stringify(input.approvers),
      needed: input.needed,
      max_minutes: input.maxMinutes,
    };
    await queries
      .insertInto('approval_rules')
      .values({ organization_id: organizationId, object_id: object.id, ...columns })
      .onConflict((conflict) => conflict.columns(['organization_id', 'object_id']).doUpdateSet(columns))
      .execute();
    await auditRule(queries, context, caller, object.id, before, input);
    return toRule(input, object);
  });
}

export async function deleteRule(context: Context, caller: Caller, idOrName: string): Promise<undefined | Refusal> {
  const { organizationId } = caller;
  return await context.store.transaction(async (queries) => {
    const object = await findObject(queries, organizationId, idOrName);
    if (object instanceof Refusal) return object;
    const before = await findRule(queries, organizationId, object.id);
    if (before === null) return new Refusal('api.not_found');
    await queries
      .deleteFrom('approval_rules')
      .where('organization_id', '=', organizationId)
      .where('object_id', '=', object.id)
      .execute();
    await auditRule(queries, context, caller, object.id, before, null);
    return undefined;
  });
}

async function findRule(queries: Queries, organizationId: string, objectId: string): Promise<ApprovalRuleInput | null> {
  const row = await queries
    .selectFrom('approval_rules')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('object_id', '=', objectId)
    .executeTakeFirst();
  return row === undefined ? null : toInput(row);
}

async function auditRule(
  queries: Queries,
  context: Context,
  caller: Caller,
  objectId: string,
  before: ApprovalRuleInput | null,
  after: ApprovalRuleInput | null,
): Promise<void> {
  await appendAudit(queries, context, caller, {
    action: after === null ? 'approval_rule.delete' : 'approval_rule.set',
    objectKind: objectId.startsWith('site_') ? 'site' : 'resource',
    objectId,
    before,
    after,
  });
}
