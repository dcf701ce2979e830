import { type NamedEntity, nearestName, type PolicyProblem, placeOfEntity } from '@zeronaut/policy/authoring';
import type { Queries } from '../../store/store.ts';
import type { Caller } from '../context.ts';
import { contains } from '../list.ts';
import { may } from '../roles/held-role.ts';

/** Of one policy so many names are looked up. */
const MAX_LOOKED_UP = 100;
/** Rows that contain a name in some spelling, among which the exact one is looked for. */
const MAX_ROWS = 1_000;

/** Of so many names the nearest is looked for. */
const MAX_NAMES = 2_000;

interface Missing {
  readonly code: 'names.nothing' | 'names.empty';
  readonly message: string;
  readonly values: Readonly<Record<string, string>>;
}
type Lookup = (queries: Queries, caller: Caller, id: string) => Promise<Missing | null>;

/** What a policy names and there is not, in words: a slip of the pen there matches nobody, and no check of the text can know. */
export async function namedNobody(
  queries: Queries,
  caller: Caller,
  named: readonly NamedEntity[],
  text: string,
): Promise<PolicyProblem[]> {
  const found: PolicyProblem[] = [];
  for (const entity of named.slice(0, MAX_LOOKED_UP)) {
    const missing = await LOOKUPS[entity.type]?.(queries, caller, entity.id);
    if (missing !== null && missing !== undefined) found.push({ ...missing, help: '', ...placeOfEntity(text, entity) });
  }
  return found;
}

const WORDS = { users: 'user', resources: 'resource', sites: 'site', devices: 'device', gateways: 'gateway' } as const;

/** Ids are unhandy, so people write names first: which id that would be is said to whoever may see it. */
const object =
  (table: keyof typeof WORDS): Lookup =>
  async (queries, caller, id) => {
    const { organizationId } = caller;
    const row = await queries
      .selectFrom(table)
      .select('id')
      .where('organization_id', '=', organizationId)
      .where('id', '=', id)
      .executeTakeFirst();
    if (row !== undefined) return null;
    const meant = may(caller, `${table}:read`) ? await nearest(queries, organizationId, table, id) : null;
    const word = WORDS[table];
    const values = { word, id, ...(meant !== null && { meant: meant.id, name: meant.name }) };
    const otherwise =
      table === 'users'
        ? 'policies name people by their id, as users list shows it'
        : 'policies name it by its id, and many by a segment';
    const hint = meant === null ? otherwise : `did you mean ${meant.id} (${meant.name})?`;
    return { code: 'names.nothing', values, message: `there is no ${word} ${id}: ${hint}` };
  };

async function nearest(
  queries: Queries,
  organizationId: string,
  table: keyof typeof WORDS,
  written: string,
): Promise<{ id: string; name: string } | null> {
  const rows = await queries
    .selectFrom(table)
    .select(['id', 'name'])
    .where('organization_id', '=', organizationId)
    .orderBy('id')
    .limit(MAX_NAMES)
    .execute();
  const emails =
    table !== 'users'
      ? []
      : await queries
          .selectFrom('users')
          .select(['id', 'email as name'])
          .where('organization_id', '=', organizationId)
          .orderBy('id')
          .limit(MAX_NAMES)
          .execute();
  return nearestName<{ id: string; name: string }>([...emails, ...rows], written);
}

const empty = (word: 'group' | 'segment', id: string): Missing => ({
  code: 'names.empty',
  values: { word, id },
  message: word === 'group' ? `nobody is in the group ${id} now` : `nothing is in the segment ${id} now`,
});

const LOOKUPS: Readonly<Record<string, Lookup>> = {
  User: object('users'),
  ServiceAccount: object('users'),
  Resource: object('resources'),
  Site: object('sites'),
  Device: object('devices'),
  Gateway: object('gateways'),
  async Group(queries, { organizationId }, id) {
    const rows = await queries
      .selectFrom('users')
      .select('groups as list')
      .where('organization_id', '=', organizationId)
      .where(contains(JSON.stringify(id), ['groups']))
      .limit(MAX_ROWS)
      .execute();
    return hasExactly(rows, id) ? null : empty('group', id);
  },
  async Segment(queries, { organizationId }, id) {
    for (const table of ['resources', 'sites', 'devices', 'gateways'] as const) {
      const rows = await queries
        .selectFrom(table)
        .select('segments as list')
        .where('organization_id', '=', organizationId)
        .where(contains(JSON.stringify(id), ['segments']))
        .limit(MAX_ROWS)
        .execute();
      if (hasExactly(rows, id)) return null;
    }
    return empty('segment', id);
  },
};

/** Names are compared exactly, as gateways do. */
function hasExactly(rows: readonly { list: string }[], name: string): boolean {
  return rows.some(({ list }) => (JSON.parse(list) as string[]).includes(name));
}
