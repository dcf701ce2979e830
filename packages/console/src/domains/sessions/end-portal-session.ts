import { appendAudit } from '../audit/audit.ts';
import type { Context, Origin } from '../context.ts';
import type { GatewayRow } from '../gateways/gateways.ts';

/** Somebody signed out at a gateway. Only what gateways opened: a console session is none of their business. */
export async function endPortalSession(
  context: Context,
  { organization_id: organizationId }: GatewayRow,
  sessionId: string,
  origin: Origin,
): Promise<void> {
  const { store, clock } = context;
  const open = await store.db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select(['users.id', 'users.email'])
    .where('sessions.id', '=', sessionId)
    .where('sessions.organization_id', '=', organizationId)
    .where('sessions.kind', '=', 'portal')
    .where('sessions.revoked_at', 'is', null)
    .executeTakeFirst();
  if (open === undefined) return;
  await store.change(organizationId, async (queries) => {
    await queries
      .updateTable('sessions')
      .set({ revoked_at: clock() })
      .where('id', '=', sessionId)
      .where('organization_id', '=', organizationId)
      .execute();
    await appendAudit(
      queries,
      context,
      {
        organizationId,
        actor: { kind: 'user', id: open.id, name: open.email, address: origin.address },
        requestId: origin.requestId,
      },
      { action: 'session.sign_out', objectKind: 'session', objectId: sessionId },
    );
  });
}
