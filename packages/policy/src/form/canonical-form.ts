import type { FormClause, FormCondition, FormTest, PolicyForm } from '@zeronaut/model';
import { patternParts, patternText } from './cedar-literals.ts';
import { guardsOfTest, mergeTests, partsOfTest } from './form-facts.ts';

/**
 * One form of those that say the same: as `formOfJson` reads it from the text of the form. Nothing of it is lost; what is
 * said twice, or in a roundabout way, is said once.
 */
export function canonicalForm(form: PolicyForm): PolicyForm {
  let { who, what } = form;
  const comments = [form.comment];
  let when = conditions(form.when);
  const only = when.length === 1 ? when[0]! : null;
  if (only?.test === 'who' && who.length === 0 && only.who.length > 1) {
    who = only.who;
    comments.push(only.comment);
    when = [];
  } else if (only?.test === 'what' && what.length === 0 && only.what.length > 1) {
    what = only.what;
    comments.push(only.comment);
    when = [];
  }
  return {
    effect: form.effect,
    who: [...who],
    actions: actionsOf(form.actions),
    what: [...what],
    when,
    unless: form.unless.map(conditions).flatMap(exceptions),
    annotations: { ...form.annotations },
    ...commented(comments),
  };
}

function actionsOf(actions: PolicyForm['actions']): PolicyForm['actions'] {
  return [...new Set(actions)];
}

/** An exception that only lists alternatives is several exceptions. */
function exceptions(list: FormCondition[]): FormCondition[][] {
  const [only] = list;
  if (list.length !== 1 || only?.test !== 'any') return [list];
  return only.of.map((alternative, index) => (index === 0 ? withComment(alternative, only.comment) : [...alternative]));
}

function conditions(list: readonly FormCondition[]): FormCondition[] {
  return dropGuards(list.flatMap(condition)).map((one) => ({ ...bare(one), ...commented([one.comment]) }));
}

function condition(one: FormCondition): FormCondition[] {
  if (one.test !== 'any') return [clause(one)];
  const inner: (string | undefined)[] = [one.comment];
  const alternatives = one.of.flatMap((list) => {
    inner.push(...list.map(({ comment }) => comment));
    const clauses = dropGuards(list.map(clause).map(bare)) as FormClause[];
    const parts = clauses.length === 1 ? partsOfTest(clauses[0]!) : null;
    return parts === null ? [clauses] : parts.map((part): FormClause[] => [part]);
  });
  const { comment } = commented(inner);
  if (alternatives.length === 1) return withComment(alternatives[0]!, comment);
  const merged = alternatives.every(({ length }) => length === 1) ? mergeTests(alternatives.flat()) : null;
  return [{ ...(merged ?? { test: 'any', of: alternatives }), ...(comment !== undefined && { comment }) }];
}

function clause(one: FormClause): FormClause {
  if (one.test !== 'not') return leaf(one);
  const of = dropGuards(one.of.map((inner) => bare(leaf(inner)))) as FormTest[];
  const comments = commented([one.comment, ...one.of.map((inner) => inner.comment)]);
  const [only] = of;
  if (of.length === 1 && only?.test === 'is' && guardsOfTest(only).length === 0) {
    return { ...only, value: !only.value, ...comments };
  }
  return { test: 'not', of, ...comments };
}

function leaf(test: FormTest): FormTest {
  if (test.test === 'has_all' && test.values.length === 1) return { ...test, test: 'has_any' };
  if (test.test === 'like') return { ...test, value: patternText(patternParts(test.value)) };
  return test;
}

/** Whether something is known need not be said where it is read afterwards. */
function dropGuards(list: readonly FormCondition[]): FormCondition[] {
  const kept: FormCondition[] = [];
  let dropped: string | undefined;
  for (const [index, one] of list.entries()) {
    const needed =
      one.test === 'known' && list.slice(index + 1).some((later) => guardsOfTest(later).includes(one.fact));
    if (needed) dropped = commented([dropped, one.comment]).comment;
    else {
      kept.push(...(one.test !== 'known' && guardsOfTest(one).length > 0 ? withComment([one], dropped) : [one]));
      if (one.test !== 'known' && guardsOfTest(one).length > 0) dropped = undefined;
    }
  }
  return dropped === undefined ? kept : withComment(kept, dropped);
}

function withComment(list: readonly FormCondition[], comment: string | undefined): FormCondition[] {
  const [first, ...rest] = list;
  return [{ ...first!, ...commented([comment, first!.comment]) }, ...rest];
}

function bare<T extends FormCondition>(one: T): T {
  const { comment: _, ...rest } = one;
  return rest as T;
}

/** One comment of several. A carriage return ends a comment of Cedar, too. */
export function commented(comments: readonly (string | undefined)[]): { comment?: string } {
  const texts = comments.filter((text) => text !== undefined && text !== '') as string[];
  const comment = texts
    .flatMap((text) => text.split(/\r\n?|\n/))
    .map((line) => line.trim())
    .join('\n');
  return comment === '' ? {} : { comment };
}
