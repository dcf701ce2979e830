/**
 * The text of a policy as tokens and comments, each with its place. Cedar's own parser says what a policy means and drops
 * comments; this finds where they stood. It is only given text that Cedar's parser took.
 */
export interface Token {
  readonly text: string;
  readonly start: number;
}

export interface Tokens {
  readonly tokens: readonly Token[];
  /** Without the slashes. `sameLine`: something stands before it on its line. */
  readonly comments: readonly { readonly text: string; readonly start: number; readonly sameLine: boolean }[];
}

const PATTERN = /(\s+)|\/\/([^\n\r]*)|("(?:[^"\\]|\\[\s\S])*")|([A-Za-z_]\w*|\d+)|(::|&&|\|\||==|!=|<=|>=|[\s\S])/g;

export function tokensOf(text: string): Tokens {
  const tokens: Token[] = [];
  const comments: { text: string; start: number; sameLine: boolean }[] = [];
  let lineHasToken = false;
  for (const match of text.matchAll(PATTERN)) {
    const [whole, space, comment] = match;
    if (space !== undefined) {
      if (/[\n\r]/.test(space)) lineHasToken = false;
    } else if (comment !== undefined) {
      comments.push({ text: comment.trim(), start: match.index, sameLine: lineHasToken });
    } else {
      tokens.push({ text: whole, start: match.index });
      lineHasToken = true;
    }
  }
  return { tokens, comments };
}

/** A `when` or `unless`: from its word to its closing brace, and the parts that `&&` joins. */
export interface ClauseTokens {
  /** Indexes of tokens: the word, and the closing brace. */
  readonly first: number;
  readonly last: number;
  /** Where each part begins, and after which token it ends. */
  readonly parts: readonly { readonly from: number; readonly to: number }[];
}

export interface Layout {
  /** Indexes of tokens: `permit` or `forbid`, and the parenthesis that closes the head. */
  readonly head: number;
  readonly headEnd: number;
  readonly clauses: readonly ClauseTokens[];
}

export function layoutOf({ tokens }: Tokens): Layout {
  let depth = 0;
  let head = 0;
  let headEnd = 0;
  let word = -1;
  const clauses: ClauseTokens[] = [];
  let starts: number[] = [];
  for (const [index, { text }] of tokens.entries()) {
    if (depth === 0 && (text === 'permit' || text === 'forbid')) head = index;
    if (depth === 0 && (text === 'when' || text === 'unless')) word = index;
    if (depth === 1 && word !== -1 && text === '&&') starts.push(index + 1);
    if (text === '(' || text === '{' || text === '[') {
      depth++;
      if (depth === 1 && word !== -1) starts = [index + 1];
    } else if (text === ')' || text === '}' || text === ']') {
      depth--;
      if (depth === 0 && clauses.length === 0 && word === -1) headEnd = index;
      if (depth === 0 && word !== -1) {
        const parts = starts.map((from, part) => ({
          from,
          to: part === starts.length - 1 ? index : starts[part + 1]! - 1,
        }));
        clauses.push({ first: word, last: index, parts });
        word = -1;
      }
    }
  }
  return { head, headEnd, clauses };
}

/** Shorter than this, a match says nothing. */
const MIN_MATCH = 3;

/** Where most of these tokens stand, from the first of them on, parentheses aside; -1: nowhere between `from` and `to`. */
export function findTokens(tokens: readonly Token[], wanted: readonly Token[], from: number, to: number): number {
  const bare = (list: readonly Token[]) => list.filter(({ text }) => text !== '(' && text !== ')');
  const [hay, needle] = [bare(tokens.slice(from, to)), bare(wanted)];
  let [best, start] = [Math.min(MIN_MATCH, needle.length) - 1, -1];
  for (let at = 0; at < hay.length; at++) {
    let length = 0;
    while (length < needle.length && hay[at + length]?.text === needle[length]!.text) length++;
    if (length > best) [best, start] = [length, hay[at]!.start];
  }
  return start;
}
