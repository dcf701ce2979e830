import { CONSOLE_ISSUER, createId, RESERVED_PREFIX, type Share, TOKEN_TYPE } from '@zeronaut/model';
import { SignJWT } from 'jose';
import type { Selectable } from 'kysely';
import { Refusal } from '../../store/refusal.ts';
import type { Schema } from '../../store/schema.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { activeGateways } from '../gateways/gateways.ts';
import { isoTime, type Page, type PageQuery, parseCursor, toPage } from '../page.ts';
import { findResource } from '../resources/resources.ts';
import { revoke } from '../revoke.ts';
import { serviceUrls } from '../services/services.ts';

type Row = Selectable<Schema['shares']>;

/** As many as a snapshot carries for one resource. */
const MAX_SHARES_PER_RESOURCE = 1000;

function toShare(row: Row): Share {
  return {
    id: row.id,
    organizationId: row.organization_id,
    resourceId: row.resource_id,
    createdBy: row.created_by,
    createdAt: isoTime(row.created_at),
    expiresAt: isoTime(row.expires_at),
    revokedAt: isoTime(row.revoked_at),
  };
}

/** A link for guests. The token is signed and not kept; gateways honour it while the share stands in their snapshot. */
export async function createShare(
  context: Context,
  caller: Caller,
  resourceId: string,
  input: { ttlSeconds: number },
): Promise<{ share: Share; token: string; urls: string[] } | Refusal> {
  const { tokenKey } = context.authority;
  return await context.store.change(caller.organizationId, async (queries) => {
    const resource = await findResource(queries, caller.organizationId, resourceId);
    if (resource instanceof Refusal) return resource;
    if (resource.protocol !== 'http') {
      return new Refusal('api.invalid', { detail: 'share links need a browser; only HTTP resources have them' });
    }
    const createdAt = context.clock();
    const { count } = await queries
      .selectFrom('shares')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('organization_id', '=', caller.organizationId)
      .where('resource_id', '=', resourceId)
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', createdAt)
      .executeTakeFirstOrThrow();
    if (Number(count) >= MAX_SHARES_PER_RESOURCE) {
      return new Refusal('api.conflict', { detail: `a resource has at most ${MAX_SHARES_PER_RESOURCE} share links` });
    }
    // Tokens count whole seconds; the row must not say anything else.
    const expiresAt = Math.floor(createdAt / 1000 + input.ttlSeconds) * 1000;
    const row: Row = {
      id: createId('share', createdAt),
      organization_id: caller.organizationId,
      resource_id: resourceId,
      created_by: caller.userId,
      created_at: createdAt,
      expires_at: expiresAt,
      revoked_at: null,
    };
    await queries.insertInto('shares').values(row).execute();
    const share = toShare(row);
    await appendAudit(queries, context, caller, {
      action: 'share.create',
      objectKind: 'share',
      objectId: share.id,
      after: share,
    });
    const token = await new SignJWT({})
      .setProtectedHeader({ alg: 'EdDSA', kid: tokenKey.keyId, typ: TOKEN_TYPE.share })
      .setIssuer(CONSOLE_ISSUER)
      .setAudience(resourceId)
      .setJti(share.id)
      .setIssuedAt(Math.floor(createdAt / 1000))
      .setExpirationTime(expiresAt / 1000)
      .sign(tokenKey.privateKey);
    const gateways = await activeGateways(queries, caller.organizationId);
    const urls = serviceUrls(resource, gateways).map((url) => `${url}${RESERVED_PREFIX}share/${token}`);
    return { share, token, urls };
  });
}

export async function listShares(
  context: Context,
  caller: Caller,
  resourceId: string,
  query: PageQuery,
): Promise<Page<Share> | Refusal> {
  const after = parseCursor(query.cursor, ['string']);
  if (after instanceof Refusal) return after;
  const resource = await findResource(context.store.db, caller.organizationId, resourceId);
  if (resource instanceof Refusal) return resource;
  let select = context.store.db
    .selectFrom('shares')
    .selectAll()
    .where('organization_id', '=', caller.organizationId)
    .where('resource_id', '=', resourceId)
    .orderBy('id')
    .limit(query.limit + 1);
  if (after !== null) select = select.where('id', '>', String(after[0]));
  return toPage(await select.execute(), query.limit, toShare, (row) => [row.id]);
}

export async function revokeShare(context: Context, caller: Caller, id: string): Promise<undefined | Refusal> {
  return await revoke(context, caller, id, {
    table: 'shares',
    objectKind: 'share',
    action: 'share.revoke',
    view: toShare,
    inSnapshot: true,
  });
}
