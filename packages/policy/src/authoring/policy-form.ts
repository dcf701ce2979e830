import type * as Cedar from '@cedar-policy/cedar-wasm/nodejs';
import { type FormCondition, type PolicyForm, policyForm } from '@zeronaut/model';
import { canonicalForm, commented } from '../form/canonical-form.ts';
import { formOfJson, type ReadForm, TextOnlyError } from '../form/form-of-json.ts';
import { findTokens, layoutOf, type Tokens, tokensOf } from '../form/policy-tokens.ts';
import { textOfForm } from '../form/text-of-form.ts';
import { withCedar } from './cedar-library.ts';
import { checkPolicy, type PolicyProblem } from './check-policy.ts';

export type PolicyFormResult =
  | { readonly ok: true; readonly form: PolicyForm }
  /** `textOnly`: the policy is right, and says what a form cannot say; the problem is where. */
  | { readonly ok: false; readonly textOnly: boolean; readonly problems: readonly PolicyProblem[] };

/** The form of a policy, with its annotations and comments. Its text, and the text of its form, decide alike. */
export function formOfPolicy(text: string): PolicyFormResult {
  const check = checkPolicy(text);
  if (!check.ok) return { ok: false, textOnly: false, problems: check.problems };
  const tokens = tokensOf(text);
  try {
    const read = formOfJson(check.json);
    addComments(read, tokens);
    const form = policyForm.safeParse(canonicalForm(read.form));
    if (form.success) return { ok: true, form: form.data };
    const [issue] = form.error.issues;
    return textOnly(`${issue!.path.join('.')}: ${issue!.message}`, text, 0);
  } catch (error) {
    if (!(error instanceof TextOnlyError)) throw error;
    return textOnly(error.message, text, placeOf(error, tokens));
  }
}

export type PolicyTextResult =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly text: string; readonly problems: readonly PolicyProblem[] };

/** The text of a form, checked as every policy is. What is wrong is said with its place in that text. */
export function policyOfForm(form: PolicyForm): PolicyTextResult {
  const text = textOfForm(form);
  const check = checkPolicy(text);
  return check.ok ? { ok: true, text } : { ok: false, text, problems: check.problems };
}

function textOnly(message: string, text: string, offset: number): PolicyFormResult {
  const before = text.slice(0, offset).split('\n');
  const place = { line: before.length, column: [...before.at(-1)!].length + 1 };
  return {
    ok: false,
    textOnly: true,
    problems: [{ code: '', values: {}, message, help: 'It stays as text.', ...place }],
  };
}

/** Where the part stands that has no place in a form: found by its tokens, or else the clause or head that it is in. */
function placeOf(error: TextOnlyError, tokens: Tokens): number {
  const { head, clauses } = layoutOf(tokens);
  const clause = clauses[error.clause];
  if (clause === undefined) return tokens.tokens[head]?.start ?? 0;
  const written = withCedar((cedar) =>
    cedar.policyToText({
      ...{ effect: 'permit', principal: { op: 'All' }, action: { op: 'All' }, resource: { op: 'All' } },
      conditions: [{ kind: 'when', body: error.expression as Cedar.Expr }],
    }),
  );
  const start = tokens.tokens[clause.first]!.start;
  if (written.type === 'failure') return start;
  const wanted = tokensOf(written.text);
  const [condition] = layoutOf(wanted).clauses;
  if (condition === undefined) return start;
  const expression = wanted.tokens.slice(condition.first + 2, condition.last);
  const found = findTokens(tokens.tokens, expression, clause.first + 2, clause.last);
  return found === -1 ? start : found;
}

/** Each comment goes to the condition in or before which it stands; those of the head, and after the end, to the form. */
function addComments({ form, places }: ReadForm, tokens: Tokens): void {
  const { headEnd, clauses } = layoutOf(tokens);
  for (const comment of tokens.comments) {
    let holder: FormCondition | PolicyForm = form;
    for (const [index, clause] of clauses.entries()) {
      const begins = startOf(tokens, clauses[index - 1]?.last ?? headEnd);
      if (comment.start < begins || comment.start > startOf(tokens, clause.last)) continue;
      const list = places[index]!;
      // Parts that stand in parentheses of their own are one part here and several there.
      const exact = list.length === clause.parts.length;
      const part = exact ? partAt(clause.parts, comment, tokens) : list.findIndex((place) => place !== null);
      holder = list[part] ?? form;
    }
    Object.assign(holder, commented([holder.comment, comment.text]));
  }
}

function partAt(
  parts: readonly { readonly from: number; readonly to: number }[],
  comment: Tokens['comments'][number],
  tokens: Tokens,
): number {
  const found = parts.findIndex(({ to }) => comment.start < startOf(tokens, to));
  const part = found === -1 ? parts.length - 1 : found;
  // Behind the `&&` on the same line, it is about what stands before.
  const afterJoin = comment.sameLine && part > 0 && comment.start < startOf(tokens, parts[part]!.from);
  return afterJoin && !newLineBetween(tokens, parts[part]!.from - 1, comment) ? part - 1 : part;
}

function newLineBetween(tokens: Tokens, token: number, comment: Tokens['comments'][number]): boolean {
  return tokens.comments.some(({ start }) => start > startOf(tokens, token) && start < comment.start);
}

function startOf(tokens: Tokens, index: number): number {
  return tokens.tokens[index]?.start ?? Number.MAX_SAFE_INTEGER;
}
