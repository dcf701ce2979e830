import type { z } from 'zod';

/** One thing that a schema found, in words for the person who wrote the file. */
export interface DescribedIssue {
  readonly path: readonly PropertyKey[];
  /** The path names a key that should not be there. */
  readonly key: boolean;
  readonly message: string;
}

type Issue = z.core.$ZodIssue;

/** `input` is the whole value that was checked. Unions are reported by their closest branch. */
export function describeIssues(issues: readonly Issue[], input: unknown): DescribedIssue[] {
  return issues.flatMap((issue) => describe(issue, [], input));
}

function describe(issue: Issue, prefix: readonly PropertyKey[], input: unknown): DescribedIssue[] {
  const path = [...prefix, ...issue.path];
  const value = valueAt(input, path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((name) => ({ path: [...path, name], key: true, message: `unknown key "${name}"` }));
  }
  const name = path.at(-1);
  if (value === undefined && name !== undefined) {
    return [
      { path: path.slice(0, -1), key: false, message: `"${String(name)}" is required (${expectation(issue, path)})` },
    ];
  }
  if (issue.code === 'invalid_union') {
    const branch = closestBranch(issue.errors);
    if (branch !== null) return branch.flatMap((inner) => describe(inner, path, input));
    return [{ path, key: false, message: `expected ${unionWords(path)}, got ${words(value)}` }];
  }
  if (issue.code === 'custom') return [{ path, key: false, message: `expected ${issue.message}` }];
  return [{ path, key: false, message: `expected ${expectation(issue, path)}, got ${words(value)}` }];
}

function expectation(issue: Issue, path: readonly PropertyKey[]): string {
  switch (issue.code) {
    case 'invalid_type':
      return article(issue.expected);
    case 'invalid_value':
      return issue.values.map((value) => JSON.stringify(value)).join(' or ');
    case 'too_small':
      return bound(issue.origin, 'at least', issue.minimum);
    case 'too_big':
      return bound(issue.origin, 'at most', issue.maximum);
    case 'invalid_format':
      if (issue.format === 'starts_with' && 'prefix' in issue) return `text that starts with ${String(issue.prefix)}`;
      // Patterns of the model carry their own words; a bare pattern would help nobody.
      return issue.format === 'regex' ? plainMessage(issue.message) : `a valid ${issue.format}`;
    case 'invalid_union':
      return unionWords(path);
    default:
      return plainMessage(issue.message);
  }
}

function plainMessage(message: string): string {
  return message.startsWith('Invalid ') ? 'another form' : message;
}

function bound(origin: string, relation: string, limit: number | bigint): string {
  switch (origin) {
    case 'string':
      return `${relation} ${limit} characters`;
    case 'array':
      return `${relation} ${limit} ${Number(limit) === 1 ? 'entry' : 'entries'}`;
    default:
      return `a number of ${relation} ${limit}`;
  }
}

function article(type: string): string {
  switch (type) {
    case 'object':
    case 'record':
      return 'a mapping (key: value)';
    case 'array':
      return 'a list';
    case 'string':
      return 'text';
    case 'int':
      return 'a whole number';
    case 'boolean':
      return 'true or false';
    default:
      return `a ${type}`;
  }
}

function unionWords(path: readonly PropertyKey[]): string {
  return path.at(-1) === 'access'
    ? '"public", a mapping with "addresses" or a mapping with "verificationKey"'
    : 'another form';
}

/**
 * The branch that the writer meant: the one whose keys were used. Null when none fits better than the others, which
 * is when the value is of another kind altogether.
 */
function closestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | null {
  let best: readonly Issue[] | null = null;
  let bestScore = Number.POSITIVE_INFINITY;
  for (const branch of branches) {
    const wrongKind = branch.some(
      (issue) => issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value'),
    );
    if (wrongKind) continue;
    const score = branch.reduce((sum, issue) => {
      if (issue.code === 'unrecognized_keys' && issue.path.length === 0) return sum + 10;
      return sum + (issue.path.length === 1 ? 5 : 1);
    }, 0);
    if (score === bestScore) return null;
    if (score < bestScore) {
      best = branch;
      bestScore = score;
    }
  }
  // Each branch complains about a key that it alone has: the writer used none of them.
  return bestScore >= 15 ? null : best;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[step];
  }
  return value;
}

function words(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') {
    const keys = Object.keys(value).slice(0, 5);
    return keys.length === 0 ? 'an empty mapping' : `a mapping with ${keys.map((key) => `"${key}"`).join(', ')}`;
  }
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
