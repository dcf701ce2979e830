import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import type { ConfigProblem } from './problem.ts';

export type Path = readonly PropertyKey[];

/** Aliases that a file may use, and how far they may multiply what is written: enough for people, too little for a bomb. */
const MAX_ALIAS_COUNT = 100;

/** A parsed YAML text that knows where each value stands. */
export interface YamlSource {
  readonly value: unknown;
  /** A problem at the value of `path`; where the path ends early, at the nearest value around it. */
  at(path: Path, message: string): ConfigProblem;
  /** A problem at the key itself rather than at its value. */
  atKey(path: Path, message: string): ConfigProblem;
}

export function parseYaml(file: string, text: string): YamlSource | readonly ConfigProblem[] {
  const lines = new LineCounter();
  const problemAt = (offset: number, message: string): ConfigProblem => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col), message };
  };
  let document: Document.Parsed;
  try {
    document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      stringKeys: true,
      // Not silent: the library would then pass over a second document.
      logLevel: 'error',
    });
  } catch (error) {
    return [problemAt(0, `not YAML: ${(error as Error).message}`)];
  }
  if (document.errors.length > 0) {
    return document.errors.slice(0, 20).map((error) => problemAt(error.pos[0], firstLine(error.message)));
  }
  if (document.warnings.length > 0) {
    return document.warnings.slice(0, 20).map((warning) => problemAt(warning.pos[0], firstLine(warning.message)));
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIAS_COUNT });
  } catch (error) {
    return [problemAt(startOf(firstUnresolvedAlias(document)), firstLine((error as Error).message))];
  }
  return {
    value,
    at: (path, message) => problemAt(startOf(locate(document, path).value), message),
    atKey: (path, message) => {
      const { key, value: node } = locate(document, path);
      return problemAt(startOf(key ?? node), message);
    },
  };
}

/** The node at `path`, or the deepest one on the way to it; with its key where it sits in a map. */
function locate(document: Document.Parsed, path: Path): { key: Node | null; value: Node | null } {
  let value: Node | null = document.contents;
  let key: Node | null = null;
  for (const step of path) {
    const container: Node | null = isAlias(value) ? (value.resolve(document) ?? null) : value;
    let nextKey: Node | null = null;
    let next: unknown;
    if (isMap(container)) {
      const pair = container.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === step);
      nextKey = isNode(pair?.key) ? pair.key : null;
      next = pair?.value ?? nextKey;
    } else if (isSeq(container) && typeof step === 'number') {
      next = container.items[step];
    }
    if (!isNode(next)) break;
    value = next;
    key = nextKey;
  }
  return { key, value };
}

function firstUnresolvedAlias(document: Document.Parsed): Node | null {
  let found: Node | null = null;
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) !== undefined) return undefined;
      found = alias;
      return visit.BREAK;
    },
  });
  return found;
}

function startOf(node: Node | null): number {
  return node?.range?.[0] ?? 0;
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0]!.replace(/:$/, '');
}
