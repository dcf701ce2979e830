import { createHash } from 'node:crypto';
import { PERSONAL_ACCESS_TOKEN_LENGTH, PERSONAL_ACCESS_TOKEN_PREFIX, type SnapshotResource } from '@zeronaut/model';
import type { AccessFacts } from '@zeronaut/policy';
import type { Tables } from '../tables.ts';

/**
 * Personal access tokens: for programs that cannot sign in. They come as `Authorization: Bearer`, or as password (or as
 * user name without one) of `Basic`, and are looked up by hash in the tables. Whatever carries one is kept from the
 * service, on public resources and for wrong tokens, too: it may be good elsewhere.
 */
const TOKEN = new RegExp(`^${PERSONAL_ACCESS_TOKEN_PREFIX}[A-Za-z0-9_-]+$`);

/** Null: there is none. An empty token: there is one, and it cannot be read. */
export function readPersonalAccessToken(authorization: string): string | null {
  const text = carried(authorization);
  if (!text.includes(PERSONAL_ACCESS_TOKEN_PREFIX)) return null;
  return text.length === PERSONAL_ACCESS_TOKEN_LENGTH && TOKEN.test(text) ? text : '';
}

/** What the scheme carries: the token of Bearer, the password (or lone user name) of Basic, else the value itself. */
function carried(value: string): string {
  const space = value.indexOf(' ');
  const scheme = value.slice(0, Math.max(space, 0)).toLowerCase();
  const rest = value.slice(space + 1).trim();
  if (scheme === 'bearer') return rest;
  if (scheme !== 'basic') return value;
  const text = Buffer.from(rest, 'base64').toString('latin1');
  const colon = text.indexOf(':');
  if (colon === -1) return text;
  const password = text.slice(colon + 1);
  return password === '' ? text.slice(0, colon) : password.includes(PERSONAL_ACCESS_TOKEN_PREFIX) ? password : text;
}

export interface PersonalAccessTokenProof {
  readonly fact: NonNullable<AccessFacts['personalAccessToken']>;
  readonly tokenId: string;
  readonly hash: string;
}

/** What the token proves for this resource now. */
export function checkPersonalAccessToken(
  token: string,
  resource: SnapshotResource,
  tables: Tables,
  nowMs: number,
): PersonalAccessTokenProof {
  return checkTokenHash(createHash('sha256').update(token).digest('base64url'), resource, tables, nowMs);
}

export function checkTokenHash(
  hash: string,
  resource: SnapshotResource,
  tables: Tables,
  nowMs: number,
): PersonalAccessTokenProof {
  const known = tables.personalAccessTokens.get(hash);
  const user = known === undefined ? null : (tables.users.get(known.userId) ?? null);
  const state =
    known === undefined
      ? 'invalid'
      : Date.parse(known.expiresAt) <= nowMs
        ? 'expired'
        : known.resourceIds.includes(resource.id)
          ? 'valid'
          : 'elsewhere';
  return { fact: { state, user: state === 'valid' ? user : null }, tokenId: known?.id ?? '', hash };
}
