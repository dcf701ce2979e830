import { layoutOf, type Token, tokensOf } from '../form/policy-tokens.ts';

/** Where in the text a part of a condition stands: offsets in characters, `end` behind the last one. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** How `||`, `&&`, `!` and `if` join the parts of a condition, with the place of each. Cedar's JSON format has no places. */
export interface SpanTree extends Span {
  readonly joint: 'or' | 'and' | 'not' | 'if' | 'leaf';
  readonly parts: readonly SpanTree[];
}

const RELATIONS: ReadonlySet<string> = new Set(['==', '!=', '<', '>', '=', 'in', 'has', 'like', 'is', '+', '-', '*']);
const OPENING = '([{';
const CLOSING = ')]}';

/** One tree for each `when` and `unless`, in their order. Of text that Cedar's parser took. */
export function conditionSpans(text: string): SpanTree[] {
  const read = tokensOf(text);
  return layoutOf(read).clauses.map(({ first, last }) => expression(read.tokens, first + 2, last));
}

/** What the head says of principal, action and resource. */
export function headSpans(text: string): SpanTree[] {
  const read = tokensOf(text);
  const { head, headEnd } = layoutOf(read);
  const commas = topLevel(read.tokens, head + 2, headEnd, (word) => word === ',');
  const bounds = [head + 1, ...commas, headEnd];
  return bounds.slice(0, 3).map((before, index) => tree('leaf', read.tokens, before + 1, bounds[index + 1] ?? headEnd));
}

function expression(tokens: readonly Token[], from: number, to: number): SpanTree {
  if (tokens[from]?.text === 'if') {
    const then = wordOf(tokens, from, to, 'then');
    const otherwise = wordOf(tokens, from, to, 'else');
    if (then === -1 || otherwise === -1) return tree('leaf', tokens, from, to);
    const parts = [[from + 1, then] as const, [then + 1, otherwise] as const, [otherwise + 1, to] as const];
    return tree(
      'if',
      tokens,
      from,
      to,
      parts.map(([a, b]) => expression(tokens, a, b)),
    );
  }
  return joined('or', '||', tokens, from, to) ?? joined('and', '&&', tokens, from, to) ?? operand(tokens, from, to);
}

/** Joined to the left, as Cedar does it: `a && b && c` is `(a && b) && c`. */
function joined(
  joint: 'or' | 'and',
  sign: string,
  tokens: readonly Token[],
  from: number,
  to: number,
): SpanTree | null {
  const bounds = [from - 1, ...topLevel(tokens, from, to, (word) => word === sign), to];
  if (bounds.length === 2) return null;
  const read = (index: number) => expression(tokens, bounds[index]! + 1, bounds[index + 1]!);
  let left = read(0);
  for (let index = 1; index < bounds.length - 1; index++) {
    left = tree(joint, tokens, from, bounds[index + 1]!, [left, read(index)]);
  }
  return left;
}

function operand(tokens: readonly Token[], from: number, to: number): SpanTree {
  const [first, last] = [tokens[from]?.text, tokens[to - 1]?.text];
  if (first === '(' && last === ')' && topLevel(tokens, from, to - 1, () => true).length === 0) {
    return expression(tokens, from + 1, to - 1);
  }
  // A `!` binds closer than a comparison, of which it is then only the beginning.
  if (first === '!' && topLevel(tokens, from + 1, to, (word) => RELATIONS.has(word)).length === 0) {
    return tree('not', tokens, from, to, [operand(tokens, from + 1, to)]);
  }
  return tree('leaf', tokens, from, to);
}

function tree(
  joint: SpanTree['joint'],
  tokens: readonly Token[],
  from: number,
  to: number,
  parts: readonly SpanTree[] = [],
): SpanTree {
  const last = tokens[to - 1];
  return { joint, parts, start: tokens[from]?.start ?? 0, end: last === undefined ? 0 : last.start + last.text.length };
}

/** Tokens outside of all brackets that are meant. */
function topLevel(tokens: readonly Token[], from: number, to: number, isMeant: (word: string) => boolean): number[] {
  const found: number[] = [];
  let depth = 0;
  for (let index = from; index < to; index++) {
    const { text } = tokens[index]!;
    if (CLOSING.includes(text)) depth--;
    if (depth === 0 && !OPENING.includes(text) && !CLOSING.includes(text) && isMeant(text)) found.push(index);
    if (OPENING.includes(text)) depth++;
  }
  return found;
}

/** The `then` or `else` of the `if` at `from`; each one within has its own. */
function wordOf(tokens: readonly Token[], from: number, to: number, word: 'then' | 'else'): number {
  let ifs = 0;
  for (const index of topLevel(tokens, from, to, (text) => text === 'if' || text === word)) {
    ifs += tokens[index]!.text === 'if' ? 1 : -1;
    if (ifs === 0) return index;
  }
  return -1;
}
