import type { SnapshotUser } from '@zeronaut/model';
import { administrationPolicies, forbidAdministration, type LoadedPolicy } from '@zeronaut/policy';
import { Refusal } from '../../store/refusal.ts';
import type { Queries, Store } from '../../store/store.ts';
import type { Caller, Context } from '../context.ts';
import { getOrganization } from '../organizations/organizations.ts';
import { heldRole } from '../roles/held-role.ts';
import type { ProvedFactor } from '../sessions/sign-in-policy.ts';
import { countryOf } from './country-of.ts';
import { risksOf } from './risks.ts';

const ADVICE = 'advice';
const STEP_UP = 'step_up';
const MAX_ADVICE = 200;

/**
 * What a caller may do now: all that the role allows, or where a policy forbids to administer, what every member may; and why.
 * Asked at each call, so that it follows the time, the address and the risk. The local credential, which only who has the console's
 * machine has, is the way out of a policy that lets in nobody.
 */
export async function withholdAdministration(context: Context, caller: Caller): Promise<Caller> {
  if (caller.credential === 'local') return caller;
  const policies = await policiesOf(context.store, caller.organizationId);
  if (policies.length === 0) return caller;
  const holding = await holdingOf(context, context.store.db, caller, policies);
  const withheld = refusalOf(caller, holding);
  if (withheld === null) {
    const wouldWithhold = holding.map(({ id, name }) => ({ id, name }));
    return wouldWithhold.length === 0 ? caller : { ...caller, wouldWithhold };
  }
  const { name: role, permissions } = heldRole('member', null);
  return { ...caller, role, permissions, withheld };
}

/** Of a change of policies that would keep out who makes it, before it counts; null: it does not. */
export async function refuseToLockOut(queries: Queries, context: Context, caller: Caller): Promise<Refusal | null> {
  if (caller.credential === 'local') return null;
  const policies = await readPolicies(queries, caller.organizationId);
  const withheld =
    policies.length === 0 ? null : refusalOf(caller, await holdingOf(context, queries, caller, policies));
  if (withheld === null) return null;
  return new Refusal('api.conflict', {
    detail: `it would keep you out yourself (${withheld.detail}): make it from where it lets you in, or beside the console with --profile local`,
  });
}

/** Policies that forbid the caller to administer now, and those in report mode that would. */
async function holdingOf(
  context: Context,
  queries: Queries,
  caller: Caller,
  policies: readonly LoadedPolicy[],
): Promise<LoadedPolicy[]> {
  const { organizationId, userId } = caller;
  const row = await queries
    .selectFrom('users')
    .select(['id', 'email', 'name', 'role', 'groups'])
    .where('organization_id', '=', organizationId)
    .where('id', '=', userId)
    .executeTakeFirstOrThrow();
  const user: SnapshotUser = { ...row, organizationId, groups: JSON.parse(row.groups) as string[] };
  const session =
    caller.credential !== 'session'
      ? undefined
      : await queries
          .selectFrom('sessions')
          .select(['factors', 'authenticated_at'])
          .where('organization_id', '=', organizationId)
          .where('id', '=', caller.credentialId)
          .executeTakeFirst();
  const nowMs = context.clock();
  const risks = policies.some(({ facts }) => facts.has('risk') || facts.has('*'))
    ? await risksOf(queries, organizationId, nowMs)
    : [];
  return forbidAdministration(policies, user, {
    address: caller.address,
    get country() {
      return countryOf(caller.address);
    },
    nowMs,
    timeZone: (await getOrganization(queries, organizationId)).timeZone,
    risk: risks.find(({ id }) => id === userId)?.score ?? 0,
    factors: (JSON.parse(session?.factors ?? '[]') as ProvedFactor[]).map(({ kind }) => kind),
    factorsAtMs: session?.authenticated_at ?? null,
    by: caller.credential,
    granted: false,
    ...{ device: null, http: null, destination: null, gateway: null },
  });
}

export function refusalOf(caller: Pick<Caller, 'credential'>, holding: readonly LoadedPolicy[]): Refusal | null {
  const forbidding = holding.filter(({ mode }) => mode === 'enforce');
  const [first] = forbidding;
  if (first === undefined) return null;
  const advice = first.annotations.get(ADVICE)?.slice(0, MAX_ADVICE) ?? '';
  const detail = `the policy ${first.name} forbids to administer now${advice === '' ? '' : `: ${advice}`}`;
  const helps = caller.credential === 'session' && forbidding.every(({ annotations }) => annotations.has(STEP_UP));
  return new Refusal(helps ? 'access.step_up_required' : 'api.administration_forbidden', { detail });
}

/** By store: what each organization has in force, until something of it changes. */
const known = new WeakMap<Store, Map<string, Promise<LoadedPolicy[]>>>();

function policiesOf(store: Store, organizationId: string): Promise<LoadedPolicy[]> {
  let ofStore = known.get(store);
  if (ofStore === undefined) {
    const fresh = new Map<string, Promise<LoadedPolicy[]>>();
    known.set(store, fresh);
    store.onChange((changed) => {
      if (changed === null) fresh.clear();
      else fresh.delete(changed);
    });
    ofStore = fresh;
  }
  let policies = ofStore.get(organizationId);
  if (policies === undefined) {
    policies = readPolicies(store.db, organizationId);
    ofStore.set(organizationId, policies);
    // What could not be read is read again.
    policies.catch(() => ofStore.delete(organizationId));
  }
  return policies;
}

async function readPolicies(queries: Queries, organizationId: string): Promise<LoadedPolicy[]> {
  const rows = await queries
    .selectFrom('policies')
    .select(['id', 'name', 'mode', 'json'])
    .where('organization_id', '=', organizationId)
    .where('mode', '!=', 'off')
    .where('effect', '=', 'forbid')
    .where('json', 'like', '%"administer"%')
    .orderBy('name')
    .execute();
  return administrationPolicies(
    rows.map(({ id, name, mode, json }) => ({
      ...{ id, name, mode: mode === 'enforce' ? 'enforce' : 'report' },
      json: JSON.parse(json) as Record<string, unknown>,
    })),
  );
}
