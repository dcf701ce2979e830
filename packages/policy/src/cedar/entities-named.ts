/** An entity as a policy names it: `Group::"dev"`. */
export interface NamedEntity {
  readonly type: string;
  readonly id: string;
}

/** The entities that a policy in Cedar's JSON format names, in its head and its conditions, each once; without its actions. */
export function entitiesNamed(json: unknown): NamedEntity[] {
  const named = new Map<string, NamedEntity>();
  visit(json, named);
  return [...named.values()];
}

function visit(json: unknown, named: Map<string, NamedEntity>): void {
  if (typeof json !== 'object' || json === null) return;
  const { type, id } = json as Partial<NamedEntity>;
  if (typeof type === 'string' && typeof id === 'string') {
    if (type !== 'Action') named.set(`${type}::${id}`, { type, id });
    return;
  }
  for (const part of Array.isArray(json) ? json : Object.values(json)) visit(part, named);
}
