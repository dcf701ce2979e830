import type { FactorKind, MissingFactor, SignInPolicy, SignInPolicyInput } from '@zeronaut/model';
import { signInPolicyInput } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import { isUniqueViolation, type Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';

/** One factor that somebody showed, and when (ms). */
export interface ProvedFactor {
  readonly kind: FactorKind;
  readonly atMs: number;
}

/** Second factors that a user could show. */
export type EnrolledFactors = Readonly<Record<'passkey' | 'totp' | 'recovery_code', boolean>>;

/** The policy of an organization; the defaults of the model where nobody set one. */
export async function getSignInPolicy(queries: Queries, organizationId: string): Promise<SignInPolicy> {
  const row = await queries
    .selectFrom('sign_in_policies')
    .select(['policy', 'version'])
    .where('organization_id', '=', organizationId)
    .executeTakeFirst();
  // Parsed, so that what a later version adds gets its default.
  return { ...signInPolicyInput.parse(JSON.parse(row?.policy ?? '{}')), version: row?.version ?? 1 };
}

export async function updateSignInPolicy(
  context: Context,
  caller: Caller,
  version: number,
  input: SignInPolicyInput,
): Promise<SignInPolicy | Refusal> {
  const { organizationId } = caller;
  const policy = JSON.stringify(input);
  try {
    return await context.store.transaction(async (queries) => {
      const before = await getSignInPolicy(queries, organizationId);
      if (before.version !== version) return new Refusal('api.precondition_failed');
      if (version === 1) {
        await queries
          .insertInto('sign_in_policies')
          .values({ organization_id: organizationId, policy, version: 2 })
          .execute();
      } else {
        const updated = await queries
          .updateTable('sign_in_policies')
          .set({ policy, version: version + 1 })
          .where('organization_id', '=', organizationId)
          .where('version', '=', version)
          .returning('version')
          .executeTakeFirst();
        if (updated === undefined) return new Refusal('api.precondition_failed');
      }
      const after = { ...input, version: version + 1 };
      await appendAudit(queries, context, caller, {
        action: 'sign_in_policy.update',
        objectKind: 'organization',
        objectId: organizationId,
        before,
        after,
      });
      return after;
    });
  } catch (error) {
    // Two first changes at once.
    if (isUniqueViolation(error)) return new Refusal('api.precondition_failed');
    throw error;
  }
}

/**
 * What is missing before these factors open a session: nothing (empty), or one of those listed. Refuses when not even
 * the first one counts any more. Factors older than the policy allows at `atMs` count for nothing.
 */
export function missingFactors(
  policy: SignInPolicyInput,
  proved: readonly ProvedFactor[],
  enrolled: EnrolledFactors,
  atMs: number,
): readonly MissingFactor[] | Refusal {
  const fresh = proved.filter((factor) => factor.atMs > atMs - policy.factorMaxAgeSeconds * 1000);
  const has = (...kinds: FactorKind[]) => fresh.some(({ kind }) => kinds.includes(kind));
  if (!has('password', 'provider', 'passkey', 'mail')) return new Refusal('factor.expired');
  if (has('passkey', 'totp', 'recovery_code')) return [];
  if (policy.trustProviders && has('provider')) return [];
  const own = (['passkey', 'totp', 'recovery_code'] as const).filter((kind) => enrolled[kind]);
  // Recovery codes stand in for another factor and are none by themselves.
  if (enrolled.passkey || enrolled.totp) return own;
  return policy.secondFactor === 'required' ? ['enrolment'] : [];
}
