import type { FactorKind, MissingFactor, SignInPolicy, SignInPolicyInput } from '@zeronaut/model';
import { signInPolicyInput } from '@zeronaut/model';
import { parseRoots } from '@zeronaut/passkeys';
import { Refusal } from '../../store/refusal.ts';
import type { Queries } from '../../store/store.ts';
import type { Caller, Context } from '../context.ts';
import { replaceSettings } from '../replace-settings.ts';

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
  const roots = parseRoots(input.passkeyRoots);
  if (roots === null || (roots.length === 0 && input.passkeyAttestation === 'verified')) {
    return new Refusal('passkey.roots');
  }
  const changed = await replaceSettings(context, caller, version, {
    table: 'sign_in_policies',
    column: 'policy',
    action: 'sign_in_policy.update',
    read: getSignInPolicy,
    next: input,
    stored: input,
  });
  // How long sessions last and what is asked of passkeys is in snapshots.
  if (!(changed instanceof Refusal)) await context.store.change(caller.organizationId, async () => undefined);
  return changed;
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
