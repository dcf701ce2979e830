import { Refusal } from '../../store/refusal.ts';
import type { Queries } from '../../store/store.ts';
import type { Caller, Context } from '../context.ts';
import { getSignInPolicy } from './sign-in-policy.ts';

/**
 * For what a stolen session must not do: the person showed who they are not longer ago than the organization's policy says.
 * Null: so it is. Credentials that are no sessions have nothing to show anew, and have limits of their own.
 */
export async function requireFreshSession(queries: Queries, context: Context, caller: Caller): Promise<Refusal | null> {
  if (caller.credential !== 'session') return null;
  const row = await queries
    .selectFrom('sessions')
    .select(['authenticated_at', 'created_at'])
    .where('id', '=', caller.credentialId)
    .where('organization_id', '=', caller.organizationId)
    .executeTakeFirst();
  if (row === undefined) return new Refusal('factor.expired');
  const policy = await getSignInPolicy(queries, caller.organizationId);
  const shownAtMs = row.authenticated_at ?? row.created_at;
  return shownAtMs > context.clock() - policy.factorMaxAgeSeconds * 1000 ? null : new Refusal('factor.expired');
}
