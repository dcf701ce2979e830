import type { Permission } from '@zeronaut/model';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { heldRole } from '../roles/held-role.ts';
import { RateLimit } from '../sessions/rate-limit.ts';

/** The same credential, policy and permission is told of once in so long. */
const AGAIN_MS = 3_600_000;
/** What was told; beyond it the oldest is forgotten, and told once more. */
const MAX_TOLD = 10_000;

const told = new RateLimit({ burst: 1, intervalMs: AGAIN_MS, maxKeys: MAX_TOLD });

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
  const nowMs = context.clock();
  const fresh = (caller.wouldWithhold ?? []).filter(
    ({ id }) => told.take(`${caller.credentialId} ${id} ${permission}`, nowMs) === 0,
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
