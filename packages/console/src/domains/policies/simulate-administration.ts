import {
  type AccessAnswer,
  type AccessQuestionInput,
  ASSUMED_ADDRESS,
  PERMISSIONS,
  type Permission,
  REASONS,
  type SnapshotPolicy,
  type SnapshotUser,
} from '@zeronaut/model';
import {
  administrationPolicies,
  type Circumstances,
  explainAdministration,
  momentAlternatives,
  type PolicyStatement,
} from '@zeronaut/policy';
import { Refusal } from '../../store/refusal.ts';
import type { Context } from '../context.ts';
import type { OrganizationFacts } from '../organizations/organization-facts.ts';
import { findRole, heldRole } from '../roles/held-role.ts';
import { refusalOf } from './administration.ts';
import { addressTaken, countryOf, countryTaken } from './country-of.ts';

/** Facts that a policy of administration knows. */
const KNOWN: ReadonlySet<string> = new Set([...['factors', 'factorMinutesAgo', 'address', 'country', 'risk', 'time']]);

/**
 * Whether somebody might make a call of the API that takes this permission: as role and policies say, with the same functions that
 * each call asks. The rule of the answer is the role.
 */
export async function simulateAdministration(
  context: Context,
  facts: OrganizationFacts,
  policies: readonly SnapshotPolicy[],
  input: Omit<AccessQuestionInput, 'action'> & { readonly by: 'session' | 'api_key' | 'workload' },
): Promise<AccessAnswer | Refusal> {
  const user = facts.users.find(({ id, email }) => id === input.user || email === input.user);
  if (user === undefined) {
    return new Refusal('api.not_found', { errors: [{ path: '/user', message: `no active user ${input.user}` }] });
  }
  if (!Object.hasOwn(PERMISSIONS, input.object)) {
    return new Refusal('api.not_found', { errors: [{ path: '/object', message: `no permission ${input.object}` }] });
  }
  const permission = input.object as Permission;
  const { permissions } = await findRole(context.store.db, facts.organizationId, user.role);
  const rule = permissions.has(permission)
    ? ({ effect: 'pass', reason: 'access.session' } as const)
    : ({ effect: 'deny', reason: 'api.forbidden' } as const);
  const everybodys = heldRole('member', null).permissions.has(permission);
  const ours = everybodys ? [] : administrationPolicies(policies);
  const circumstances = circumstancesOf(context, facts, user, input);
  const judge = (moment: Circumstances) => {
    const statements = explainAdministration(ours, user, moment);
    return { statements, ...verdictOf(rule, input.by, statements) };
  };
  const { statements, effect, reason } = judge(circumstances);
  const changes: AccessAnswer['wouldChange'] = [];
  for (const { fact, value, change } of momentAlternatives(circumstances, ours.length > 0 ? policies : [])) {
    if (!KNOWN.has(fact) || changes.some((one) => one.fact === fact)) continue;
    const other = judge({ ...circumstances, ...change }).effect;
    if (other !== effect) changes.push({ fact, value, effect: other, also: [] });
  }
  const { title, next } = REASONS[reason];
  return {
    ...{ effect, reason, title, next },
    rule: { ...rule, mode: null, allow: [] },
    policies: statements.map(({ policy, holds, decides, facts: read }) => {
      const { id, name, effect, mode } = policy;
      return { id, name, effect, mode, holds, decides, facts: read };
    }),
    address: addressTaken(input.circumstances.address),
    country: countryTaken(input.circumstances.country, circumstances.address),
    wouldChange: changes,
  };
}

function verdictOf(
  rule:
    | ({ readonly effect: 'pass' } & { readonly reason: 'access.session' })
    | { readonly effect: 'deny'; readonly reason: 'api.forbidden' },
  credential: 'session' | 'api_key' | 'workload',
  statements: readonly PolicyStatement[],
): { effect: AccessAnswer['effect']; reason: 'access.session' | 'api.forbidden' | Refusal['reason'] } {
  if (rule.effect === 'deny') return rule;
  const holding = statements.filter(({ holds }) => holds !== 'no').map(({ policy }) => policy);
  const refusal = refusalOf({ credential }, holding);
  if (refusal === null) return rule;
  return { effect: refusal.reason === 'access.step_up_required' ? 'challenge' : 'deny', reason: refusal.reason };
}

function circumstancesOf(
  context: Context,
  facts: OrganizationFacts,
  user: SnapshotUser,
  { by, circumstances: assumed }: Pick<AccessQuestionInput, 'circumstances'> & { readonly by: string },
): Circumstances {
  const nowMs = assumed.at === undefined ? context.clock() : Date.parse(assumed.at);
  const address = assumed.address ?? ASSUMED_ADDRESS;
  const session = by === 'session';
  return {
    address,
    get country() {
      return assumed.country ?? countryOf(address);
    },
    nowMs,
    timeZone: facts.timeZone,
    risk: assumed.risk ?? facts.risks.find(({ id }) => id === user.id)?.score ?? 0,
    factors: session ? (assumed.factors ?? ['password']) : [],
    factorsAtMs: session ? nowMs - (assumed.factorMinutesAgo ?? 0) * 60_000 : null,
    by,
    granted: false,
    ...{ device: null, http: null, destination: null, gateway: null },
  };
}
