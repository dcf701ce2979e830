import type { PolicyAssertion } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import type { Queries } from '../../store/store.ts';
import type { Caller, Context } from '../context.ts';
import { readFacts } from '../organizations/organization-facts.ts';
import { replaceSettings } from '../replace-settings.ts';
import { Judge } from './judge.ts';

/** What must hold before a change of policies is accepted: questions with the answer that is expected. */
export interface Assertions {
  readonly assertions: PolicyAssertion[];
  readonly version: number;
}

export async function getAssertions(queries: Queries, organizationId: string): Promise<Assertions> {
  const row = await queries
    .selectFrom('policy_assertions')
    .select(['assertions', 'version'])
    .where('organization_id', '=', organizationId)
    .executeTakeFirst();
  return { assertions: JSON.parse(row?.assertions ?? '[]'), version: row?.version ?? 1 };
}

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
    check: (queries) => checkAssertions(queries, context, caller.organizationId),
  });
}

/** Null: all of them hold, with everything as it is within this transaction. */
export async function checkAssertions(
  queries: Queries,
  context: Context,
  organizationId: string,
): Promise<Refusal | null> {
  const { assertions } = await getAssertions(queries, organizationId);
  if (assertions.length === 0) return null;
  const judge = new Judge(await readFacts(queries, organizationId, context.clock()), context.clock());
  const errors = assertions.flatMap(({ name, expect, ...input }, index) => {
    const path = `/assertions/${index}`;
    // What is approved at this moment must not decide what may be saved.
    const circumstances = { granted: false, ...input.circumstances };
    const question = judge.prepare({ ...input, circumstances });
    if (question instanceof Refusal) {
      return [{ path, message: `${name}: ${question.errors?.[0]?.message ?? 'cannot be asked'}` }];
    }
    const { effect, reason } = judge.decide(question).verdict;
    return effect === expect ? [] : [{ path, message: `${name}: ${expect} was expected, it is ${effect} (${reason})` }];
  });
  return errors.length === 0 ? null : new Refusal('policy.assertion_failed', { errors: errors.slice(0, 50) });
}
