import type { AccessEvent, DecidedBy, DecisionClass } from '@zeronaut/model';
import type { Queries } from '../../store/store.ts';

/** Policies that an entry names. All that decided make its class. */
const MAX_NAMED = 20;

export type Deciders = Pick<DecisionClass, 'policies' | 'morePolicies'> & { readonly decidedBy: DecidedBy };

/** Reasons of doors and pages that no rule was asked about. */
const BEFORE_ANY_RULE: ReadonlySet<string> = new Set([
  'access.portal',
  'access.no_rule',
  'access.too_many_grants',
  'access.rate_limited',
  'access.state_invalid',
  'access.csrf',
  'access.device_unknown',
  'access.device_pending',
  'access.device_revoked',
  'access.unavailable',
]);

/** Each once, in one order, so that a class is the same however they were found. */
export function policiesOf({ explanation }: Pick<AccessEvent, 'explanation'>): readonly string[] {
  const policies = explanation?.policies ?? [];
  return policies.length < 2 ? policies : [...new Set(policies)].sort();
}

export function deciderOf(reason: string, policies: readonly string[]): DecidedBy {
  const isAccess = reason.startsWith('access.') || reason === 'forward.denied';
  if (!isAccess || BEFORE_ANY_RULE.has(reason)) return 'gateway';
  if (policies.length > 0) return 'policies';
  if (reason === 'access.granted') return 'request';
  return reason === 'access.segments_apart' ? 'segments' : 'rule';
}

export function decidersOf(reason: string, policies: readonly string[], names: ReadonlyMap<string, string>): Deciders {
  const decidedBy = deciderOf(reason, policies);
  if (policies.length === 0) return { decidedBy };
  const named = policies.slice(0, MAX_NAMED).map((id) => ({ id, name: names.get(id) ?? '' }));
  const more = policies.length - named.length;
  return { decidedBy, policies: named, ...(more > 0 && { morePolicies: more }) };
}

/** By id. A policy is never renamed; of one that was removed before its decisions were told here, nothing is known but its id. */
export async function policyNames(
  queries: Queries,
  organizationId: string,
  decisions: readonly { readonly policies: readonly string[] }[],
): Promise<ReadonlyMap<string, string>> {
  const ids = new Set(decisions.flatMap(({ policies }) => policies.slice(0, MAX_NAMED)));
  if (ids.size === 0) return new Map();
  const rows = await queries
    .selectFrom('policies')
    .select(['id', 'name'])
    .where('organization_id', '=', organizationId)
    .where('id', 'in', [...ids])
    .execute();
  return new Map(rows.map(({ id, name }) => [id, name]));
}
