/**
 * Which parts of the context an expression can read: `risk`, or `device.os` for a member of a record. A use that cannot
 * be told apart (the context compared as a whole) is `*`. This is what a decision depended on beside its entities, so
 * leaving one out would let an old decision stand; the differential test changes every fact.
 */
export function factsUsed(expressions: readonly unknown[]): ReadonlySet<string> {
  const facts = new Set<string>();
  for (const expression of expressions) visit(expression, facts);
  return facts;
}

function visit(json: unknown, facts: Set<string>): void {
  if (typeof json !== 'object' || json === null) return;
  const path = contextPath(json as Record<string, unknown>);
  if (path !== null) {
    facts.add(path === '' ? '*' : path);
    return;
  }
  for (const part of Array.isArray(json) ? json : Object.values(json)) visit(part, facts);
}

/** The dotted path of an attribute of the context, two members deep at most; null: something else. */
function contextPath(json: Record<string, unknown>): string | null {
  if (json.Var === 'context') return '';
  const access = (json['.'] ?? json.has) as { left?: unknown; attr?: unknown } | undefined;
  if (typeof access !== 'object' || access === null || typeof access.left !== 'object' || access.left === null) {
    return null;
  }
  const left = contextPath(access.left as Record<string, unknown>);
  if (left === null) return null;
  const names = typeof access.attr === 'string' ? [access.attr] : (access.attr as string[]);
  const path = left === '' ? names : [...left.split('.'), ...names];
  // `has` asks whether it is there, which its first member answers as well.
  return path.slice(0, 2).join('.');
}
