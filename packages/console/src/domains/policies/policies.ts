import type {
  BrokenAssertions,
  Policy,
  PolicyInput,
  PolicyMode,
  PolicyVersion,
  Proposal,
  SnapshotPolicy,
} from '@zeronaut/model';
import { createId, policyInput } from '@zeronaut/model';
import { checkPolicy, type PolicyProblem } from '@zeronaut/policy/authoring';
import type { Selectable } from 'kysely';
import { Refusal } from '../../store/refusal.ts';
import type { Schema } from '../../store/schema.ts';
import { isUniqueViolation, type Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { contains, type ListQuery, listPage } from '../list.ts';
import { isoTime, type Page, type PageQuery, parseCursor, toPage } from '../page.ts';
import { refuseToLockOut } from './administration.ts';
import { compareAssertions, NONE_BROKEN, refuseToBreak, testAssertions } from './assertions.ts';
import { warningsOfText } from './warnings.ts';

/**
 * Policies of an organization. Whatever changes them goes through `changing`, which asks the assertions over the whole set before anything
 * is committed, and ends in `save`, which keeps the version.
 */
export type PolicyRow = Selectable<Schema['policies']>;

/** Every gateway holds all of them. */
const MAX_POLICIES = 2_000;

export function toPolicy(row: PolicyRow): Policy {
  return {
    id: row.id,
    organizationId: row.organization_id,
    name: row.name,
    description: row.description,
    text: row.text,
    mode: row.mode,
    effect: row.effect,
    createdAt: isoTime(row.created_at),
    updatedAt: isoTime(row.updated_at),
    version: row.version,
  };
}

export async function listPolicies(
  context: Context,
  caller: Caller,
  query: ListQuery<keyof typeof POLICY_SORTS> & {
    readonly mode?: Policy['mode'] | undefined;
    readonly effect?: Policy['effect'] | undefined;
  },
): Promise<Page<Policy> | Refusal> {
  let select = rowsOf(context.store.db, caller.organizationId);
  if (query.q) select = select.where(contains(query.q, ['name', 'description', 'text']));
  if (query.mode !== undefined) select = select.where('mode', '=', query.mode);
  if (query.effect !== undefined) select = select.where('effect', '=', query.effect);
  return await listPage(select, query, POLICY_SORTS, toPolicy);
}

const POLICY_SORTS = {
  created: { column: 'id', type: 'string' },
  name: { column: 'name', type: 'string' },
  updated: { column: 'updated_at', type: 'number' },
} as const;

export function rowsOf(queries: Queries, organizationId: string) {
  return queries.selectFrom('policies').selectAll().where('organization_id', '=', organizationId);
}

async function findRow(queries: Queries, organizationId: string, idOrName: string): Promise<PolicyRow | Refusal> {
  const row = await rowsOf(queries, organizationId)
    // An id has an underscore and a name never has one.
    .where(idOrName.includes('_') ? 'id' : 'name', '=', idOrName)
    .executeTakeFirst();
  return row ?? new Refusal('api.not_found');
}

export async function getPolicy(context: Context, caller: Caller, idOrName: string): Promise<Policy | Refusal> {
  const row = await findRow(context.store.db, caller.organizationId, idOrName);
  return row instanceof Refusal ? row : toPolicy(row);
}

export async function createPolicy(
  context: Context,
  caller: Caller,
  input: PolicyInput,
  remember: (queries: Queries, response: Policy) => Promise<void>,
): Promise<Policy | Refusal> {
  const row = prepare(context, caller, input, null);
  if (row instanceof Refusal) return row;
  return await changing(context, caller, async (queries) => {
    const policy = await save(queries, context, caller, row, null);
    await remember(queries, policy);
    return policy;
  });
}

export async function updatePolicy(
  context: Context,
  caller: Caller,
  idOrName: string,
  version: number,
  input: { description?: string | undefined; text?: string | undefined; mode?: PolicyMode | undefined },
): Promise<Policy | Refusal> {
  return await changing(context, caller, async (queries) => {
    const before = await findRow(queries, caller.organizationId, idOrName);
    if (before instanceof Refusal) return before;
    if (before.version !== version) return new Refusal('api.precondition_failed');
    return await change(queries, context, caller, before, input);
  });
}

async function change(
  queries: Queries,
  context: Context,
  caller: Caller,
  before: PolicyRow,
  input: { description?: string | undefined; text?: string | undefined; mode?: PolicyMode | undefined },
): Promise<Policy | Refusal> {
  const row = prepare(
    context,
    caller,
    {
      name: before.name,
      description: input.description ?? before.description,
      text: input.text ?? before.text,
      mode: input.mode ?? before.mode,
    },
    before,
  );
  if (row instanceof Refusal) return row;
  return await save(queries, context, caller, row, before);
}

export async function deletePolicy(context: Context, caller: Caller, idOrName: string): Promise<undefined | Refusal> {
  return await changing(context, caller, async (queries) => {
    const row = await findRow(queries, caller.organizationId, idOrName);
    if (row instanceof Refusal) return row;
    await remove(queries, context, caller, row);
    return undefined;
  });
}

export async function listVersions(
  context: Context,
  caller: Caller,
  idOrName: string,
  query: PageQuery,
): Promise<Page<PolicyVersion> | Refusal> {
  const row = await findRow(context.store.db, caller.organizationId, idOrName);
  if (row instanceof Refusal) return row;
  const after = parseCursor(query.cursor, ['number']);
  if (after instanceof Refusal) return after;
  let select = context.store.db
    .selectFrom('policy_versions')
    .selectAll()
    .where('organization_id', '=', caller.organizationId)
    .where('policy_id', '=', row.id)
    .orderBy('version', 'desc')
    .limit(query.limit + 1);
  if (after !== null) select = select.where('version', '<', Number(after[0]));
  return toPage(
    await select.execute(),
    query.limit,
    ({ version, body, at, by }) => ({ ...policyInput.parse(JSON.parse(body)), version, at: isoTime(at), by }),
    ({ version }) => [version],
  );
}

export async function rollBack(
  context: Context,
  caller: Caller,
  idOrName: string,
  version: number,
): Promise<Policy | Refusal> {
  return await changing(context, caller, async (queries) => {
    const before = await findRow(queries, caller.organizationId, idOrName);
    if (before instanceof Refusal) return before;
    const old = await queries
      .selectFrom('policy_versions')
      .select('body')
      .where('organization_id', '=', caller.organizationId)
      .where('policy_id', '=', before.id)
      .where('version', '=', version)
      .executeTakeFirst();
    if (old === undefined) return new Refusal('api.not_found', { detail: `there is no version ${version}` });
    return await change(queries, context, caller, before, policyInput.parse(JSON.parse(old.body)));
  });
}

export interface PolicyChange {
  readonly name: string;
  readonly action: 'create' | 'update' | 'delete' | 'none';
  readonly before: { text: string; mode: PolicyMode } | null;
  readonly after: { text: string; mode: PolicyMode } | null;
  warnings: PolicyProblem[];
}

/** Everything or nothing, in one transaction; `dryRun` makes all checks and changes nothing. */
export async function applyPolicies(
  context: Context,
  caller: Caller,
  input: Proposal & { dryRun: boolean },
): Promise<{ dryRun: boolean; changes: PolicyChange[]; brokenAssertions: BrokenAssertions } | Refusal> {
  const { dryRun } = input;
  let brokenAssertions = NONE_BROKEN;
  let changes: PolicyChange[] = [];
  const make = async (queries: Queries): Promise<Refusal | undefined> => {
    const plan = await planProposal(queries, context, caller, input);
    if (plan instanceof Refusal) return plan;
    changes = plan.map(({ before, after, name }) => ({
      name,
      action: after === null ? 'delete' : before === null ? 'create' : sameContent(before, after) ? 'none' : 'update',
      before: before === null ? null : { text: before.text, mode: before.mode },
      after: after === null ? null : { text: after.text, mode: after.mode },
      warnings: [],
    }));
    for (const [index, { before, after }] of plan.entries()) {
      if (changes[index]!.action === 'none') continue;
      if (after === null) await remove(queries, context, caller, before!);
      else await save(queries, context, caller, after, before);
    }
    return undefined;
  };
  const done = await changing(context, caller, make, (broken) => {
    brokenAssertions = broken;
    // A refusal rolls back: the only way out of a transaction that leaves nothing behind.
    return dryRun ? DRY_RUN : null;
  });
  if (done instanceof Refusal && done !== DRY_RUN) return done;
  for (const change of changes) {
    if (change.after !== null) change.warnings = await warningsOfText(context, caller, change.after.text);
  }
  return { dryRun, changes, brokenAssertions };
}

const DRY_RUN = new Refusal('api.conflict', { detail: 'dry run' });

/** What a proposal would make of the policies that there are. */
export async function planProposal(
  queries: Queries,
  context: Context,
  caller: Caller,
  proposal: Proposal,
): Promise<{ name: string; before: PolicyRow | null; after: PolicyRow | null }[] | Refusal> {
  const existing = new Map((await rowsOf(queries, caller.organizationId).execute()).map((row) => [row.name, row]));
  const plan: { name: string; before: PolicyRow | null; after: PolicyRow | null }[] = [];
  const seen = new Set<string>();
  for (const [index, input] of proposal.policies.entries()) {
    const path = `/policies/${index}`;
    if (seen.has(input.name)) {
      return new Refusal('api.invalid', {
        errors: [{ path: `${path}/name`, message: `${input.name} is there twice` }],
      });
    }
    seen.add(input.name);
    const before = existing.get(input.name) ?? null;
    const after = prepare(context, caller, input, before, path);
    if (after instanceof Refusal) return after;
    plan.push({ name: input.name, before, after });
  }
  if (proposal.prune) {
    for (const [name, before] of existing) if (!seen.has(name)) plan.push({ name, before, after: null });
  }
  return plan;
}

/** All policies as they would be, in the form of snapshots. */
export async function proposedSet(
  db: Queries,
  context: Context,
  caller: Caller,
  proposal: Proposal,
): Promise<SnapshotPolicy[] | Refusal> {
  const plan = await planProposal(db, context, caller, proposal);
  if (plan instanceof Refusal) return plan;
  const rows = new Map((await rowsOf(db, caller.organizationId).execute()).map((row) => [row.name, row]));
  for (const { name, after } of plan) {
    if (after === null) rows.delete(name);
    else rows.set(name, after);
  }
  return [...rows.values()].flatMap(({ id, name, mode, json }) =>
    mode === 'off' ? [] : [{ id, name, mode, json: JSON.parse(json) }],
  );
}

function sameContent(a: PolicyRow, b: PolicyRow): boolean {
  return a.text === b.text && a.mode === b.mode && a.description === b.description;
}

/** The row as it shall be, or what is wrong with the text. */
function prepare(
  context: Context,
  caller: Caller,
  input: PolicyInput,
  before: PolicyRow | null,
  path = '',
): PolicyRow | Refusal {
  // What was taken once can still be switched off and described, though a newer check would refuse its text.
  const kept = before?.text === input.text ? { json: before.json, effect: before.effect } : null;
  const check = checkPolicy(input.text, context.clock());
  if (!check.ok && kept === null) {
    return new Refusal('policy.invalid', {
      errors: check.problems.map(({ message, help, line, column }) => ({
        path: `${path}/text`,
        message: `${input.name}:${line}:${column}: ${message}${help === '' ? '' : ` (${help})`}`,
      })),
    });
  }
  const nowMs = context.clock();
  const checked = check.ok ? { json: JSON.stringify(check.json), effect: check.effect } : kept!;
  return {
    id: before?.id ?? createId('policy', nowMs),
    organization_id: caller.organizationId,
    name: input.name,
    description: input.description,
    text: input.text,
    ...checked,
    mode: input.mode,
    created_at: before?.created_at ?? nowMs,
    updated_at: nowMs,
    version: (before?.version ?? 0) + 1,
  };
}

async function save(
  queries: Queries,
  context: Context,
  caller: Caller,
  row: PolicyRow,
  before: PolicyRow | null,
): Promise<Policy> {
  const { id, organization_id: organizationId, ...columns } = row;
  if (before === null) await queries.insertInto('policies').values(row).execute();
  else {
    await queries
      .updateTable('policies')
      .set(columns)
      .where('organization_id', '=', organizationId)
      .where('id', '=', id)
      .execute();
  }
  const { name, description, text, mode, version } = row;
  await queries
    .insertInto('policy_versions')
    .values({
      organization_id: organizationId,
      policy_id: id,
      version,
      body: JSON.stringify({ name, description, text, mode }),
      at: row.updated_at,
      by: caller.actor.name,
    })
    .execute();
  const after = toPolicy(row);
  await appendAudit(queries, context, caller, {
    action: before === null ? 'policy.create' : 'policy.update',
    objectKind: 'policy',
    objectId: id,
    before: before === null ? null : toPolicy(before),
    after,
  });
  return after;
}

async function remove(queries: Queries, context: Context, caller: Caller, row: PolicyRow): Promise<void> {
  await queries
    .deleteFrom('policies')
    .where('organization_id', '=', caller.organizationId)
    .where('id', '=', row.id)
    .execute();
  await appendAudit(queries, context, caller, {
    action: 'policy.delete',
    objectKind: 'policy',
    objectId: row.id,
    before: toPolicy(row),
  });
}

/** One change of the set at a time; too many, two that collide, and what breaks an assertion that holds are refused. */
async function changing<T>(
  context: Context,
  caller: Caller,
  run: (queries: Queries) => Promise<T | Refusal>,
  /** Told of what was broken before, when all else is well; may refuse even then. */
  last: (broken: BrokenAssertions) => Refusal | null = () => null,
): Promise<T | Refusal> {
  const test = (queries: Queries) => testAssertions(queries, context, caller.organizationId);
  try {
    return await context.store.change(caller.organizationId, async (queries) => {
      const before = await test(queries);
      const result = await run(queries);
      if (result instanceof Refusal) return result;
      const { count } = await queries
        .selectFrom('policies')
        .select((select) => select.fn.countAll<number>().as('count'))
        .where('organization_id', '=', caller.organizationId)
        .executeTakeFirstOrThrow();
      if (Number(count) > MAX_POLICIES) {
        return new Refusal('api.conflict', { detail: `an organization has at most ${MAX_POLICIES} policies` });
      }
      const after = await test(queries);
      const refused = refuseToBreak(before, after) ?? (await refuseToLockOut(queries, context, caller));
      return refused ?? last(compareAssertions(before, after)) ?? result;
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    return new Refusal('api.conflict', { errors: [{ path: '/name', message: 'a policy has this name' }] });
  }
}
