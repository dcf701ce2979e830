import { readFileSync } from 'node:fs';
import { isMap, isNode, isPair, LineCounter, type Node, parseDocument } from 'yaml';
import type { z } from 'zod';
import { CliError, unreadableFile } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';

const MAX_SIZE_BYTES = 16 * 1024 * 1024;
const MAX_MISTAKES_SHOWN = 20;

/**
 * A YAML or JSON file (`-`: standard input) as a checked value. Throws a CliError that names each mistake as
 * `file:line:column: expected …`.
 */
export function readYamlFile<S extends z.ZodType>(path: string, schema: S): z.output<S> {
  return readLocatedFile(path, schema).value;
}

/** The value of a file, and where each part of it stands. */
export interface LocatedFile<T> {
  readonly value: T;
  /**
   * Where the file says what a JSON pointer of the API names, as `file:line:column: a.b`. Null: nowhere in the file,
   * because the field was added to it.
   */
  placeOf(pointer: string): string | null;
}

export function readLocatedFile<S extends z.ZodType>(path: string, schema: S): LocatedFile<z.output<S>> {
  let text: string;
  try {
    text = readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    throw unreadableFile(path, error);
  }
  return parseLocated(text, path === '-' ? '<stdin>' : path, schema);
}

/** The same for text that is at hand; `name` stands for the file in messages. */
export function parseYaml<S extends z.ZodType>(text: string, name: string, schema: S): z.output<S> {
  return parseLocated(text, name, schema).value;
}

function parseLocated<S extends z.ZodType>(text: string, name: string, schema: S): LocatedFile<z.output<S>> {
  if (text.length > MAX_SIZE_BYTES) throw invalid(name, [`${name}: larger than ${MAX_SIZE_BYTES} bytes`]);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    throw invalid(
      name,
      document.errors.map((error) => `${at(error.pos[0])}: ${error.message}`),
    );
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw invalid(name, [`${name}: ${(error as Error).message}`]);
  }
  const parsed = schema.safeParse(value);
  const root = document.contents;
  if (parsed.success) {
    return {
      value: parsed.data,
      placeOf(pointer) {
        const steps = pointer
          .split('/')
          .slice(1)
          .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
        if (steps.length === 0 || !hasField(root, steps[0]!)) return null;
        return `${at(offsetOf(root, steps, false))}: ${steps.join('.')}`;
      },
    };
  }
  throw invalid(
    name,
    parsed.error.issues.map((issue) => {
      const keys = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
      const offset = offsetOf(root, [...issue.path, ...keys], keys.length > 0);
      const where = issue.path.length === 0 ? '' : `${issue.path.map(String).join('.')}: `;
      return `${at(offset)}: ${where}${expectation(issue)}`;
    }),
  );
}

function hasField(root: Node | null, name: string): boolean {
  return isMap(root) && root.items.some((item) => isPair(item) && isNode(item.key) && String(item.key) === name);
}

/** Where the value at `path` begins, or the key itself; of what is not there, where its nearest holder begins. */
function offsetOf(root: Node | null, path: readonly PropertyKey[], ofKey: boolean): number {
  let node: Node | null = root;
  for (const [index, step] of path.entries()) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && isNode(item.key) && String(item.key) === String(step));
      if (pair === undefined) break;
      if (ofKey && index === path.length - 1) return (pair.key as Node).range?.[0] ?? 0;
      if (!isNode(pair.value)) return (pair.key as Node).range?.[0] ?? 0;
      node = pair.value;
    } else {
      const item: unknown = node !== null && 'items' in node ? (node.items as unknown[])[Number(step)] : undefined;
      if (!isNode(item)) break;
      node = item;
    }
  }
  return node?.range?.[0] ?? 0;
}

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${issue.expected}${issue.input === undefined && issue.message.includes('undefined') ? ', and it is missing' : ''}`;
    case 'unrecognized_keys':
      return `${issue.keys.map((key) => JSON.stringify(key)).join(', ')} is not known here`;
    case 'invalid_value':
      return `expected ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
    case 'too_small':
      return `expected at least ${String(issue.minimum)}${unitOf(issue.origin)}`;
    case 'too_big':
      return `expected at most ${String(issue.maximum)}${unitOf(issue.origin)}`;
    case 'invalid_format':
    case 'custom':
      return issue.message.startsWith('Invalid')
        ? `expected a valid value (${issue.message})`
        : `expected ${issue.message}`;
    default:
      return issue.message;
  }
}

function unitOf(origin: string): string {
  return origin === 'string' ? ' characters' : origin === 'array' ? ' entries' : '';
}

function invalid(name: string, mistakes: readonly string[]): CliError {
  const details = mistakes.slice(0, MAX_MISTAKES_SHOWN);
  if (mistakes.length > details.length) details.push(`and ${mistakes.length - details.length} more`);
  return new CliError(`${name} is not valid`, {
    reason: 'config.invalid',
    next: 'Correct the named places and run the command again.',
    exitCode: EXIT.usage,
    details,
  });
}
