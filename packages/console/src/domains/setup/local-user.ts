import { userInfo } from 'node:os';
import { createId, type LocalCredential, localCredential } from '@zeronaut/model';
import { insertApiKey } from '../api-keys/api-keys.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Actor, Context } from '../context.ts';
import { hashToken } from '../random-token.ts';

const SYSTEM: Actor = { kind: 'system', id: 'console', name: 'console', address: '' };
/** `.invalid` can never be somebody's address (RFC 6761, 6.4). */
const LOCAL_EMAIL = 'local@zeronaut.invalid';

/**
 * The key of the OS user beside the console: owner, no expiry, in a file that only this user reads. The key of
 * `previous` (the file as it was found) is kept while it works, so that a restart disturbs nobody.
 */
export async function ensureLocalCredential(
  context: Context,
  organizationId: string,
  /** Where programs of this machine reach the console: an address, which nobody else can answer under. */
  consoleUrl: string,
  previous: unknown,
): Promise<LocalCredential> {
  const known = localCredential.safeParse(previous);
  if (known.success && (await isOurs(context, organizationId, known.data.apiKey))) {
    return { consoleUrl, apiKey: known.data.apiKey };
  }
  return await context.store.change(organizationId, async (queries) => {
    const nowMs = context.clock();
    let user = await queries
      .selectFrom('users')
      .select('id')
      .where('organization_id', '=', organizationId)
      .where('kind', '=', 'local')
      .executeTakeFirst();
    const who = { organizationId, actor: SYSTEM, requestId: createId('request', nowMs) };
    if (user === undefined) {
      user = { id: createId('user', nowMs) };
      const row = {
        ...user,
        organization_id: organizationId,
        kind: 'local' as const,
        email: LOCAL_EMAIL,
        name: `${userInfo().username} (this machine)`.slice(0, 120),
        role: 'owner' as const,
        groups: '[]',
        status: 'active' as const,
        created_at: nowMs,
        version: 1,
      };
      await queries.insertInto('users').values(row).execute();
      await appendAudit(queries, context, who, {
        action: 'user.create',
        objectKind: 'user',
        objectId: user.id,
        after: { kind: 'local', role: 'owner', name: row.name },
      });
    }
    // One file, one key: what an older file holds must not go on working.
    await queries
      .updateTable('api_keys')
      .set({ revoked_at: nowMs })
      .where('organization_id', '=', organizationId)
      .where('user_id', '=', user.id)
      .where('revoked_at', 'is', null)
      .execute();
    const { apiKey, key } = await insertApiKey(
      queries,
      { organizationId, userId: user.id },
      { name: 'local credential', role: 'owner', expiresAtMs: null },
      nowMs,
    );
    await appendAudit(queries, context, who, {
      action: 'api_key.create',
      objectKind: 'api_key',
      objectId: apiKey.id,
      after: apiKey,
    });
    return { consoleUrl, apiKey: key };
  });
}

async function isOurs(context: Context, organizationId: string, key: string): Promise<boolean> {
  const row = await context.store.db
    .selectFrom('api_keys')
    .innerJoin('users', 'users.id', 'api_keys.user_id')
    .select('api_keys.id')
    .where('api_keys.key_hash', '=', hashToken(key))
    .where('api_keys.organization_id', '=', organizationId)
    .where('api_keys.revoked_at', 'is', null)
    .where('users.kind', '=', 'local')
    .executeTakeFirst();
  return row !== undefined;
}
