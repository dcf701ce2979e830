import { type AssertionResult, type BrokenAssertions, type PolicyAssertion, scopesCover } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import type { Queries } from '../../store/store.ts';
import type { Caller, Context } from '../context.ts';
import { readFacts } from '../organizations/organization-facts.ts';
import { replaceSettings } from '../replace-settings.ts';
import { Judge } from './judge.ts';

/**
 * Questions with the answer that is expected. A change of policies may not break one that holds; one that is broken already says so and
 * stands in nobody's way, as what broke it (a rule, a group) may be what an emergency is about. Changes of anything else are told which
 * ones they break, and are not refused.
 */
export interface Assertions {
  readonly assertions: PolicyAssertion[];
  readonly version: number;
}

/** In an answer; the names of more are only counted. */
const MAX_TOLD = 50;

export const NONE_BROKEN: BrokenAssertions = { newly: 0, before: 0, items: [] };

/** Who may not read assertions is told of none. */
export function mayReadAssertions({ permissions, scopes }: Caller): boolean {
  return permissions.has('policies:read') && scopesCover(scopes, 'policies:read', null);
}

export async function getAssertions(queries: Queries, organizationId: string): Promise<Assertions> {
  const row = await queries
    .selectFrom('policy_assertions')
    .select(['assertions', 'version'])
    .where('organization_id', '=', organizationId)
    .executeTakeFirst();
  return { assertions: JSON.parse(row?.assertions ?? '[]'), version: row?.version ?? 1 };
}

/** Refused where one that is new or changed does not hold; what was broken before may stay as it is. */
export async function updateAssertions(
  context: Context,
  caller: Caller,
  version: number,
  assertions: PolicyAssertion[],
): Promise<Assertions | Refusal> {
  return await replaceSettings(context, caller, version, {
    table: 'policy_assertions',
    column: 'assertions',
    action: 'policy_assertions.update',
    read: getAssertions,
    next: { assertions },
    stored: assertions,
    check: async (queries, before) => {
      const kept = new Set(before.assertions.map((assertion) => JSON.stringify(assertion)));
      const results = await testAssertions(queries, context, caller.organizationId);
      return refusalOf(results, (index) => !kept.has(JSON.stringify(assertions[index])));
    },
  });
}

/** How each of them stands, with everything as it is within this transaction. */
export async function testAssertions(
  queries: Queries,
  context: Context,
  organizationId: string,
): Promise<AssertionResult[]> {
  const { assertions } = await getAssertions(queries, organizationId);
  if (assertions.length === 0) return [];
  const judge = new Judge(await readFacts(queries, organizationId, context.clock()), context.clock());
  const names = new Map(judge.policies.policies.map(({ id, name }) => [id, name]));
  return assertions.map(({ name, expect, ...input }) => {
    // What is approved at this moment must not decide what may be saved.
    const circumstances = { granted: false, ...input.circumstances };
    const question = judge.prepare({ ...input, circumstances });
    if (question instanceof Refusal) {
      const problem = question.errors?.[0]?.message ?? 'cannot be asked';
      return { name, expect, holds: false, effect: null, reason: null, policies: [], problem };
    }
    const { verdict, explanation } = judge.decide(question);
    const { effect, reason } = verdict;
    const policies = (explanation?.policies ?? []).map((id) => ({ id, name: names.get(id)! }));
    return { name, expect, holds: effect === expect, effect, reason, policies, problem: null };
  });
}

/** The same, in a transaction of its own. */
export async function askAssertions(
  context: Context,
  caller: Caller,
): Promise<{ version: number; results: AssertionResult[] }> {
  return await context.store.transaction(async (queries) => ({
    version: (await getAssertions(queries, caller.organizationId)).version,
    results: await testAssertions(queries, context, caller.organizationId),
  }));
}

/** Refuses a change of policies that breaks what held. Both lists are of the same assertions. */
export function refuseToBreak(before: readonly AssertionResult[], after: readonly AssertionResult[]): Refusal | null {
  return refusalOf(after, (index) => before[index]?.holds === true);
}

/** What does not hold after a change, and what of it the change did. The lists may be of different assertions. */
export function compareAssertions(
  before: readonly AssertionResult[],
  after: readonly AssertionResult[],
): BrokenAssertions {
  const namesOf = (results: readonly AssertionResult[], holding: boolean) =>
    new Set(results.filter(({ holds }) => holds === holding).map(({ name }) => name));
  const held = namesOf(before, true).difference(namesOf(before, false));
  const items = after
    .filter(({ holds }) => !holds)
    .map((result) => ({ name: result.name, message: whatIs(result), newly: held.has(result.name) }))
    .sort((a, b) => Number(b.newly) - Number(a.newly));
  const newly = items.filter((item) => item.newly).length;
  return { newly, before: items.length - newly, items: items.slice(0, MAX_TOLD) };
}

function refusalOf(results: readonly AssertionResult[], counts: (index: number) => boolean): Refusal | null {
  const errors = results.flatMap((result, index) =>
    result.holds || !counts(index)
      ? []
      : [{ path: `/assertions/${index}`, message: `${result.name}: ${whatIs(result)}` }],
  );
  return errors.length === 0 ? null : new Refusal('policy.assertion_failed', { errors: errors.slice(0, MAX_TOLD) });
}

function whatIs({ expect, effect, reason, problem }: AssertionResult): string {
  return problem ?? `${expect} was expected, it is ${effect} (${reason})`;
}
