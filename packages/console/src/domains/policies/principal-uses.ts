import { sql } from 'kysely';
import type { Queries } from '../../store/store.ts';
import { contains } from '../list.ts';

/** Something that names somebody, a group or a role, in words such as `resource wiki`. */
export interface PrincipalUse {
  readonly kind: 'resource' | 'site' | 'approval_rule' | 'policy';
  readonly name: string;
}

export interface NamedPrincipal {
  /** As access rules name it: `ann@example.com`, `group:dev`, `role:owner`. */
  readonly principal: string;
  /** As policies name it, without what is special to JSON: `Group::"dev"` is `['Group', 'dev']`. */
  readonly entities: readonly (readonly [type: string, id: string])[];
}

/** Rules and policies that would lose something of their meaning without it, at most `limit` of each kind. */
export async function usesOfPrincipal(
  queries: Queries,
  organizationId: string,
  { principal, entities }: NamedPrincipal,
  limit: number,
): Promise<PrincipalUse[]> {
  const uses: PrincipalUse[] = [];
  const inList = JSON.stringify(principal);
  for (const table of ['resources', 'sites'] as const) {
    const rows = await queries
      .selectFrom(table)
      .select('name')
      .where('organization_id', '=', organizationId)
      .where(contains(inList, ['access']))
      .orderBy('id')
      .limit(limit)
      .execute();
    for (const { name } of rows) uses.push({ kind: table === 'sites' ? 'site' : 'resource', name });
  }
  for (const table of ['resources', 'sites'] as const) {
    // A rule can outlive what it was for; it then says nothing.
    const rules = await queries
      .selectFrom(table)
      .select('name')
      .where('organization_id', '=', organizationId)
      .where('id', 'in', (eb) =>
        eb
          .selectFrom('approval_rules')
          .select('object_id')
          .where('organization_id', '=', organizationId)
          .where(contains(inList, ['approvers'])),
      )
      .orderBy('id')
      .limit(limit)
      .execute();
    for (const { name } of rules) uses.push({ kind: 'approval_rule', name });
  }
  const policies = await policiesNaming(queries, organizationId, entities, limit);
  uses.push(...policies.map((name) => ({ kind: 'policy' as const, name })));
  return uses;
}

/** Names of the policies whose text has one of these, at most `limit`. */
export async function policiesNaming(
  queries: Queries,
  organizationId: string,
  entities: NamedPrincipal['entities'],
  limit: number,
): Promise<string[]> {
  const texts = entities.map(([, id]) => contains(JSON.stringify(id), ['text']));
  const policies = await queries
    .selectFrom('policies')
    .select(['name', 'text'])
    .where('organization_id', '=', organizationId)
    .where(sql<boolean>`(${sql.join(texts, sql` or `)})`)
    .orderBy('id')
    .execute();
  const named = entities.map(([type, id]) =>
    // An address is an attribute, and compared as a text.
    type === '' ? JSON.stringify(id) : new RegExp(`\\b${type}\\s*::\\s*${JSON.stringify(id)}`),
  );
  const names = (text: string) => named.some((one) => (typeof one === 'string' ? text.includes(one) : one.test(text)));
  return policies
    .filter(({ text }) => names(text))
    .slice(0, limit)
    .map(({ name }) => name);
}
