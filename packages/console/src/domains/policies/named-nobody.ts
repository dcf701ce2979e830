import type { NamedEntity } from '@zeronaut/policy/authoring';
import type { Queries } from '../../store/store.ts';
import { contains } from '../list.ts';

/** Of one policy so many names are looked up. */
const MAX_LOOKED_UP = 100;
/** Rows that contain a name in some spelling, among which the exact one is looked for. */
const MAX_ROWS = 1_000;

type Lookup = (queries: Queries, organizationId: string, id: string) => Promise<string | null>;

/** What a policy names and there is not, in words: a slip of the pen there matches nobody, and no check of the text can know. */
export async function namedNobody(
  queries: Queries,
  organizationId: string,
  named: readonly NamedEntity[],
): Promise<string[]> {
  const found: string[] = [];
  for (const { type, id } of named.slice(0, MAX_LOOKED_UP)) {
    const problem = await LOOKUPS[type]?.(queries, organizationId, id);
    if (problem !== null && problem !== undefined) found.push(problem);
  }
  return found;
}

const user: Lookup = async (queries, organizationId, id) => {
  const row = await queries
    .selectFrom('users')
    .select('status')
    .where('organization_id', '=', organizationId)
    .where('id', '=', id)
    .executeTakeFirst();
  return row === undefined ? `there is no user ${id}: policies name people by their id, as users list shows it` : null;
};

const object =
  (table: 'resources' | 'sites' | 'devices' | 'gateways', word: string): Lookup =>
  async (queries, organizationId, id) => {
    const row = await queries
      .selectFrom(table)
      .select('id')
      .where('organization_id', '=', organizationId)
      .where('id', '=', id)
      .executeTakeFirst();
    return row === undefined ? `there is no ${word} ${id}: policies name it by its id, and many by a segment` : null;
  };

const LOOKUPS: Readonly<Record<string, Lookup>> = {
  User: user,
  ServiceAccount: user,
  Resource: object('resources', 'resource'),
  Site: object('sites', 'site'),
  Device: object('devices', 'device'),
  Gateway: object('gateways', 'gateway'),
  async Group(queries, organizationId, id) {
    const rows = await queries
      .selectFrom('users')
      .select('groups as list')
      .where('organization_id', '=', organizationId)
      .where(contains(JSON.stringify(id), ['groups']))
      .limit(MAX_ROWS)
      .execute();
    return hasExactly(rows, id) ? null : `nobody is in the group ${id} now`;
  },
  async Segment(queries, organizationId, id) {
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
    return `nothing is in the segment ${id} now`;
  },
};

/** Names are compared exactly, as gateways do. */
function hasExactly(rows: readonly { list: string }[], name: string): boolean {
  return rows.some(({ list }) => (JSON.parse(list) as string[]).includes(name));
}
