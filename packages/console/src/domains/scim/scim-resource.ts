import type { User } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import type { Caller, Context } from '../context.ts';
import type { Provider } from '../identity-providers/provider-rows.ts';
import { isoTime } from '../page.ts';

export const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';

/** Resources of one answer. */
export const MAX_COUNT = 200;
const DEFAULT_COUNT = 100;

/** One directory: a provider of an organization, and the credential that speaks for it. */
export interface Directory {
  readonly context: Context;
  readonly provider: Provider;
  readonly caller: Caller;
  /** Where the directory is reached, without a slash at the end. */
  readonly baseUrl: string;
}

export interface ScimUserRow {
  readonly user: User;
  readonly externalId: string | null;
  readonly givenName: string | null;
  readonly familyName: string | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface ScimGroupRow {
  readonly id: string;
  readonly display_name: string;
  readonly external_id: string | null;
  readonly created_at: number;
  readonly updated_at: number;
  readonly version: number;
}

export type ScimResource = Record<string, unknown> & { readonly id: string };

interface Reference {
  readonly value: string;
  readonly display: string;
}

export function userResource(
  { baseUrl }: Pick<Directory, 'baseUrl'>,
  row: ScimUserRow,
  groups: readonly Reference[],
): ScimResource {
  const { user, externalId, givenName, familyName } = row;
  return {
    schemas: [USER_SCHEMA],
    id: user.id,
    ...(externalId === null ? {} : { externalId }),
    userName: user.email,
    name: {
      formatted: user.name,
      ...(givenName === null ? {} : { givenName }),
      ...(familyName === null ? {} : { familyName }),
    },
    displayName: user.name,
    emails: [{ value: user.email, type: 'work', primary: true }],
    active: user.status === 'active',
    groups: groups.map((group) => ({ ...group, $ref: `${baseUrl}/Groups/${group.value}`, type: 'direct' })),
    meta: meta('User', `${baseUrl}/Users/${user.id}`, row.createdAtMs, row.updatedAtMs, user.version),
  };
}

export function groupResource(
  { baseUrl }: Pick<Directory, 'baseUrl'>,
  row: ScimGroupRow,
  members: readonly Reference[],
): ScimResource {
  return {
    schemas: [GROUP_SCHEMA],
    id: row.id,
    ...(row.external_id === null ? {} : { externalId: row.external_id }),
    displayName: row.display_name,
    members: members.map((member) => ({ ...member, $ref: `${baseUrl}/Users/${member.value}`, type: 'User' })),
    meta: meta('Group', `${baseUrl}/Groups/${row.id}`, row.created_at, row.updated_at, row.version),
  };
}

function meta(resourceType: string, location: string, createdAtMs: number, updatedAtMs: number, version: number) {
  return {
    resourceType,
    created: isoTime(createdAtMs),
    lastModified: isoTime(updatedAtMs),
    location,
    version: `W/"${version}"`,
  };
}

export interface ListQuery {
  readonly filter: string | null;
  /** From 0. */
  readonly offset: number;
  readonly count: number;
}

/** RFC 7644, 3.4.2.4: what is too small is taken for the least that makes sense, and what is too large for the most. */
export function parseListQuery(query: Record<string, unknown>): ListQuery | Refusal {
  const number = (value: unknown, otherwise: number): number | null => {
    if (value === undefined) return otherwise;
    return typeof value === 'string' && /^-?\d{1,9}$/.test(value) ? Number(value) : null;
  };
  const startIndex = number(query.startIndex, 1);
  const count = number(query.count, DEFAULT_COUNT);
  const { filter } = query;
  if (startIndex === null || count === null || (filter !== undefined && typeof filter !== 'string')) {
    return new Refusal('scim.value_invalid', { detail: 'startIndex and count are numbers, filter comes once' });
  }
  return {
    filter: filter === undefined || filter.trim() === '' ? null : filter,
    offset: Math.max(1, startIndex) - 1,
    count: Math.min(Math.max(0, count), MAX_COUNT),
  };
}

export function listResponse(total: number, query: ListQuery, resources: readonly ScimResource[]) {
  return {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    totalResults: total,
    startIndex: query.offset + 1,
    itemsPerPage: resources.length,
    Resources: resources,
  };
}

/** A short text of a body; undefined when it is not there, null when it was taken away. */
export function textIn(value: unknown, name: string, max: number): string | null | undefined | Refusal {
  if (value === undefined) return undefined;
  if (value === null) return null;
  const text = typeof value === 'string' ? value.trim() : '';
  if (typeof value !== 'string' || text.length > max || /[\0-\x1f\x7f]/.test(text)) {
    return new Refusal('scim.value_invalid', { detail: `${name} is a text of at most ${max} characters` });
  }
  return text === '' ? null : text;
}
