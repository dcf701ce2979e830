/**
 * PATCH of SCIM (RFC 7644, 3.5.2) as the directories that people use send it: operations in any case, without a path and
 * then with an object, with dotted names in that object, with a schema before the name. Out come single changes of named
 * attributes; what they mean is said by users and groups.
 */
import { Refusal } from '../../store/refusal.ts';
import { attributePath, type Filter, parseFilter } from './filter.ts';

/** Operations of one request. */
const MAX_OPERATIONS = 100;
/** Changes that they come to, once objects are taken apart. */
const MAX_CHANGES = 1_000;
const MAX_PATH_LENGTH = 300;
const SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:patchop';

export interface Change {
  readonly operation: 'add' | 'replace' | 'remove';
  /** In lower case, without its schema: `name.familyname`, `members`. */
  readonly attribute: string;
  /** Which of several: `members[value eq "…"]`. */
  readonly filter: Filter | null;
  readonly value: unknown;
}

export function parsePatch(body: unknown): Change[] | Refusal {
  const { schemas, Operations: operations } = membersOf(body);
  if (!Array.isArray(schemas) || !schemas.some((one) => String(one).toLowerCase() === SCHEMA)) {
    return new Refusal('scim.syntax_invalid', { detail: 'schemas must name PatchOp' });
  }
  if (!Array.isArray(operations) || operations.length === 0) {
    return new Refusal('scim.syntax_invalid', { detail: 'Operations are missing' });
  }
  if (operations.length > MAX_OPERATIONS) return tooMany(`more than ${MAX_OPERATIONS} operations`);
  const changes: Change[] = [];
  for (const one of operations) {
    const found = parseOperation(membersOf(one));
    if (found instanceof Refusal) return found;
    changes.push(...found);
    if (changes.length > MAX_CHANGES) return tooMany(`more than ${MAX_CHANGES} changes`);
  }
  return changes;
}

function parseOperation({ op, path, value }: Record<string, unknown>): Change[] | Refusal {
  const operation = String(op).toLowerCase();
  if (operation !== 'add' && operation !== 'replace' && operation !== 'remove') {
    return new Refusal('scim.syntax_invalid', { detail: 'op is add, replace or remove' });
  }
  if (path !== undefined && path !== null && path !== '') {
    const target = parsePath(path);
    return target instanceof Refusal ? target : [{ operation, ...target, value }];
  }
  if (operation === 'remove') return new Refusal('scim.path_invalid', { detail: 'a removal needs a path' });
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return new Refusal('scim.value_invalid', { detail: 'without a path, the value is an object' });
  }
  const changes: Change[] = [];
  for (const [name, part] of Object.entries(value)) {
    const target = parsePath(name);
    if (target instanceof Refusal) return target;
    changes.push({ operation, ...target, value: part });
  }
  return changes;
}

/** `userName`, `name.givenName`, `emails[type eq "work"].value`, each perhaps after a schema. */
function parsePath(path: unknown): { attribute: string; filter: Filter | null } | Refusal {
  const invalid = new Refusal('scim.path_invalid', { detail: String(path).slice(0, 100) });
  if (typeof path !== 'string' || path.length > MAX_PATH_LENGTH) return invalid;
  const open = path.indexOf('[');
  const close = path.lastIndexOf(']');
  const name = attributePath(open === -1 ? path : path.slice(0, open));
  // A schema alone is the name of what an extension adds.
  if (name === null)
    return /^urn:[A-Za-z0-9:._-]+$/.test(path) ? { attribute: path.toLowerCase(), filter: null } : invalid;
  if (open === -1) return { attribute: name, filter: null };
  const rest = close < open ? null : path.slice(close + 1);
  if (rest === null || !/^(?:\.[A-Za-z]{1,60})?$/.test(rest)) return invalid;
  const filter = parseFilter(path.slice(open + 1, close));
  if (filter instanceof Refusal) return new Refusal('scim.path_invalid', { detail: filter.detail ?? '' });
  return { attribute: name + rest.toLowerCase(), filter };
}

/** The members of an object; of anything else there are none. */
export function membersOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function tooMany(detail: string): Refusal {
  return new Refusal('scim.too_many', { detail });
}
