import type { Permission } from '@zeronaut/model';
import type { Store } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { heldRole } from '../roles/held-role.ts';

/** The same credential, policy and permission is told of once in so long. */
const AGAIN_MS = 3_600_000;
/** What was told; beyond it all is forgotten, and told once more. */
const MAX_TOLD = 10_000;

const told = new WeakMap<Store, Map<string, number>>();

/**
 * A call that policies in report mode would have refused, in the audit log: whose, and what it takes. What every member may is no
 * administration. It goes on as if they were not there.
 */
export async function reportAdministration(
  context: Context,
  caller: Caller,
  route: string,
  permission: Permission,
): Promise<void> {
  if (heldRole('member', null).permissions.has(permission)) return;
  const fresh = (caller.wouldWithhold ?? []).filter(({ id }) =>
    isNew(context, `${caller.credentialId} ${id} ${permission}`),
  );
  if (fresh.length === 0) return;
  await context.store.transaction(async (queries) => {
    for (const { id, name } of fresh) {
      await appendAudit(queries, context, caller, {
        action: 'policy.would_refuse',
        objectKind: 'policy',
        objectId: id,
        after: { policy: name, route, permission, by: caller.credential },
      });
    }
  });
}

function isNew(context: Context, key: string): boolean {
  let ofStore = told.get(context.store);
  if (ofStore === undefined) {
    ofStore = new Map();
    told.set(context.store, ofStore);
  }
  const nowMs = context.clock();
  const before = ofStore.get(key);
  if (before !== undefined && nowMs - before < AGAIN_MS) return false;
  if (ofStore.size >= MAX_TOLD) ofStore.clear();
  ofStore.set(key, nowMs);
  return true;
}
