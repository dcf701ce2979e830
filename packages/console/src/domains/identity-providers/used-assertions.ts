import { isUniqueViolation } from '../../store/store.ts';
import type { Context } from '../context.ts';
import { hashToken } from '../random-token.ts';
import type { Provider } from './provider-rows.ts';

/** Remembers an id until `expiresAtMs`. False when it was seen before. One statement, so that of two at once one wins. */
export async function useOnce(context: Context, provider: Provider, id: string, expiresAtMs: number): Promise<boolean> {
  try {
    await context.store.db
      .insertInto('used_assertions')
      .values({
        organization_id: provider.organizationId,
        provider_id: provider.id,
        assertion_id: hashToken(id),
        expires_at: expiresAtMs,
      })
      .execute();
    return true;
  } catch (error) {
    if (isUniqueViolation(error)) return false;
    throw error;
  }
}
