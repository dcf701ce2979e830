import type { AccessAnswer, AccessQuestionInput, Proposal } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import type { Caller, Context } from '../context.ts';
import { readFacts } from '../organizations/organization-facts.ts';
import { Judge } from './judge.ts';
import { proposedSet } from './policies.ts';
import { simulateAdministration } from './simulate-administration.ts';

/** What would happen to one request, why, and what would change it; with a proposed change if one is given. */
export async function simulate(
  context: Context,
  caller: Caller,
  input: Omit<AccessQuestionInput, 'action'> & {
    readonly action: AccessQuestionInput['action'] | 'administer';
    readonly by: 'session' | 'api_key' | 'workload';
    readonly proposal?: Proposal | undefined;
  },
): Promise<AccessAnswer | Refusal> {
  const { proposal, by, action, ...asked } = input;
  const { db } = context.store;
  const facts = await readFacts(db, caller.organizationId, context.clock());
  const policies = proposal === undefined ? facts.policies : await proposedSet(db, context, caller, proposal);
  if (policies instanceof Refusal) return policies;
  if (action === 'administer') return await simulateAdministration(context, facts, policies, { ...asked, by });
  const judge = new Judge(facts, context.clock(), policies);
  const question = judge.prepare({ ...asked, action });
  return question instanceof Refusal ? question : judge.answer(question);
}
