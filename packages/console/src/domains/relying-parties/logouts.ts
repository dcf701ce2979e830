/**
 * OpenID Connect Back-Channel Logout 1.0, the provider's side: with a session that was ended, the services are told to which
 * it signed somebody in. What is to be told is in the store, with the grant that came of the session, so that neither a
 * restart nor a service that is away for a while loses it.
 */

import { appendAudit } from '../audit/audit.ts';
import type { Context } from '../context.ts';
import { openidProvider } from './openid-providers.ts';
import { toRelyingParty } from './relying-parties.ts';

/** Between the tries for one service; after the last it is given up. */
const RETRY_DELAYS_MS = [10_000, 60_000, 600_000, 3_600_000, 21_600_000] as const;
/** How long one try is another console's business. */
const CLAIM_MS = 60_000;
/** Of one round. */
const BATCH = 50;

/** One round: everything that is due. Resolves to how many services were told. */
export async function sendLogouts(context: Context): Promise<number> {
  let told = 0;
  for (const due of await dueLogouts(context)) if (await tell(context, due)) told++;
  return told;
}

async function dueLogouts(context: Context) {
  const nowMs = context.clock();
  return await context.store.db
    .selectFrom('openid_records')
    .innerJoin('sessions', 'sessions.id', 'openid_records.session_id')
    .innerJoin('relying_parties', 'relying_parties.id', 'openid_records.relying_party_id')
    .selectAll('relying_parties')
    .select([
      'openid_records.id_hash',
      'openid_records.sid',
      'openid_records.session_id',
      'openid_records.logout_tries',
      'sessions.user_id',
    ])
    .where('openid_records.model', '=', 'Grant')
    .where('openid_records.logged_out_at', 'is', null)
    .where('openid_records.expires_at', '>', nowMs)
    .where('sessions.revoked_at', 'is not', null)
    .where('relying_parties.revoked_at', 'is', null)
    .where((eb) => eb.or([eb('openid_records.logout_at', 'is', null), eb('openid_records.logout_at', '<=', nowMs)]))
    .limit(BATCH)
    .execute();
}

type Due = Awaited<ReturnType<typeof dueLogouts>>[number];

async function tell(context: Context, due: Due): Promise<boolean> {
  const { db } = context.store;
  const party = toRelyingParty(context, due);
  const tries = due.logout_tries ?? 0;
  const done = { logged_out_at: context.clock() };
  const grant = () => db.updateTable('openid_records').where('model', '=', 'Grant').where('id_hash', '=', due.id_hash);
  if (party.logoutUri === null || due.sid === null) {
    await grant().set(done).execute();
    return false;
  }
  // Of several consoles, one.
  const claimed = await grant()
    .set({ logout_at: context.clock() + CLAIM_MS, logout_tries: tries + 1 })
    .where((eb) =>
      tries === 0
        ? eb.or([eb('logout_tries', 'is', null), eb('logout_tries', '=', 0)])
        : eb('logout_tries', '=', tries),
    )
    .where('logged_out_at', 'is', null)
    .returning('id_hash')
    .executeTakeFirst();
  if (claimed === undefined) return false;
  const failure = await post(context, party.id, due.user_id, due.sid);
  const delayMs = RETRY_DELAYS_MS[tries];
  if (failure !== null && delayMs !== undefined) {
    await grant()
      .set({ logout_at: context.clock() + delayMs })
      .execute();
    return false;
  }
  await context.store.transaction(async (queries) => {
    await queries
      .updateTable('openid_records')
      .set(done)
      .where('model', '=', 'Grant')
      .where('id_hash', '=', due.id_hash)
      .execute();
    await appendAudit(
      queries,
      context,
      {
        organizationId: party.organizationId,
        actor: { kind: 'system', id: 'console', name: 'console', address: '' },
        requestId: '',
      },
      {
        action: 'relying_party.logout',
        objectKind: 'relying_party',
        objectId: party.id,
        after: {
          userId: due.user_id,
          sessionId: due.session_id,
          told: failure === null,
          ...(failure === null ? {} : { failure }),
        },
      },
    );
  });
  return failure === null;
}

/** Null when the service has heard; else what went wrong, for a person. */
async function post(context: Context, partyId: string, userId: string, sid: string): Promise<string | null> {
  const client = await (await openidProvider(context)).Client.find(partyId);
  if (client === undefined) return 'the service is gone';
  try {
    // Signs and sends, through our guarded way out; not in the library's types.
    await (client as unknown as { backchannelLogout(sub: string, sid: string): Promise<void> }).backchannelLogout(
      userId,
      sid,
    );
    return null;
  } catch (error) {
    return (error as Error).message.slice(0, 300);
  }
}
