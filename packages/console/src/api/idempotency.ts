import { createHash } from 'node:crypto';
import { canonicalJson } from '@zeronaut/audit';
import type { Caller, Context } from '../domains/context.ts';
import { Refusal } from '../store/refusal.ts';
import type { Queries } from '../store/store.ts';

const MAX_KEY_LENGTH = 200;
/** How long an answer is given again. */
const KEEP_MS = 24 * 3_600_000;

/** One request under an Idempotency-Key. */
export interface Idempotency {
  /** The answer that was given before, or null when this is the first time. A refusal when the body differs. */
  replay(): Promise<{ response: unknown } | Refusal | null>;
  /** Keeps the answer; fails on its unique key when the same request was faster, and so undoes the second creation. */
  remember(queries: Queries, response: unknown): Promise<void>;
}

export function parseIdempotencyKey(header: string | string[] | undefined): string | null | Refusal {
  if (header === undefined) return null;
  if (typeof header === 'string' && header.length > 0 && header.length <= MAX_KEY_LENGTH) return header;
  return new Refusal('api.invalid', { detail: `Idempotency-Key must be 1 to ${MAX_KEY_LENGTH} characters` });
}

export function createIdempotency(
  context: Context,
  caller: Caller,
  route: string,
  key: string,
  body: unknown,
): Idempotency {
  const requestHash = createHash('sha256').update(canonicalJson(body)).digest('base64url');
  const identity = { organization_id: caller.organizationId, caller_id: caller.userId, route, key };
  return {
    async replay() {
      const row = await context.store.db
        .selectFrom('idempotency_keys')
        .select(['request_hash', 'response'])
        .where('organization_id', '=', identity.organization_id)
        .where('caller_id', '=', identity.caller_id)
        .where('route', '=', route)
        .where('key', '=', key)
        .where('created_at', '>', context.clock() - KEEP_MS)
        .executeTakeFirst();
      if (row === undefined) return null;
      if (row.request_hash !== requestHash) return new Refusal('api.idempotency_mismatch');
      return { response: JSON.parse(row.response) };
    },
    async remember(queries, response) {
      const nowMs = context.clock();
      await queries
        .deleteFrom('idempotency_keys')
        .where('created_at', '<=', nowMs - KEEP_MS)
        .execute();
      await queries
        .insertInto('idempotency_keys')
        .values({
          ...identity,
          request_hash: requestHash,
          response: JSON.stringify(response),
          created_at: nowMs,
        })
        .execute();
    },
  };
}
