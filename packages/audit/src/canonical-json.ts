/**
 * JSON with sorted keys and no spaces: one text for one value, so that a hash over it means something. Node writes the text of a copy that
 * has its keys in order, at a third of the cost of putting it together here.
 */
export function canonicalJson(value: unknown): string {
  const copy = inOrder(value ?? null);
  return copy === UNORDERABLE ? spelled(value) : JSON.stringify(copy);
}

/** No object can have its keys in this order: numbers always come first in one, and `__proto__` is no key by assignment. */
const UNORDERABLE = Symbol('unorderable');

function inOrder(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) {
    const items = value.map(inOrder);
    return items.includes(UNORDERABLE) ? UNORDERABLE : items;
  }
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value).sort()) {
    const item = inOrder((value as Record<string, unknown>)[key]);
    if (item === UNORDERABLE || key === '__proto__' || isDigit(key.charCodeAt(0))) return UNORDERABLE;
    copy[key] = item;
  }
  return copy;
}

const isDigit = (code: number) => code >= 48 && code <= 57;

function spelled(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value ?? null);
  if (Array.isArray(value)) return `[${value.map((item) => spelled(item)).join(',')}]`;
  const fields = Object.keys(value)
    .sort()
    .map((key) => [key, (value as Record<string, unknown>)[key]] as const)
    .filter(([, item]) => item !== undefined);
  return `{${fields.map(([key, item]) => `${JSON.stringify(key)}:${spelled(item)}`).join(',')}}`;
}
