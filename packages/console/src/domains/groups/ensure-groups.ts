import { createId } from '@zeronaut/model';
import type { Queries } from '../../store/store.ts';

/**
 * Makes the groups of somebody whose list is about to be written, where there are none of these names, and locks all of them, so that
 * none goes meanwhile. Within that transaction; sorted, so that two of these wait for one another in one order.
 */
export async function ensureGroups(
  queries: Queries,
  organizationId: string,
  names: readonly string[],
  nowMs: number,
): Promise<void> {
  for (const name of [...new Set(names)].sort()) {
    await queries
      .insertInto('groups')
      .values({
        id: createId('group', nowMs),
        organization_id: organizationId,
        name,
        description: '',
        created_at: nowMs,
        version: 1,
      })
      .onConflict((conflict) =>
        conflict.columns(['organization_id', 'name']).doUpdateSet((eb) => ({ version: eb.ref('groups.version') })),
      )
      .execute();
  }
}
