import type { FormCondition, FormTest, PolicyForm, WhatSelector, WhoSelector } from '@zeronaut/model';
import { canonicalForm } from './canonical-form.ts';
import { cedarPattern, cedarString } from './cedar-literals.ts';
import { guardsOfTest } from './form-facts.ts';

/**
 * A form as the text of a policy, always in the same way. The text is not checked here: a name or a combination that the
 * schema does not know is for `checkPolicy` to say.
 */
export function textOfForm(form: PolicyForm): string {
  const canonical = canonicalForm(form);
  const { effect, actions, annotations } = canonical;
  const who = headOf(canonical.who, 'principal');
  const what = headOf(canonical.what, 'resource');
  const head = [who.head, actionsText(actions), what.head];
  const line = `${effect} (${head.join(', ')})`;
  return [
    ...commentLines(canonical.comment, ''),
    ...annotationLines(annotations),
    line.length <= 110 ? line : `${effect} (\n  ${head.join(',\n  ')}\n)`,
    ...[who.clause, what.clause].flatMap((clause) => (clause === null ? [] : [`when { ${clause} }`])),
    ...clauseText('when', canonical.when),
    ...canonical.unless.flatMap((exception) => clauseText('unless', exception)),
  ]
    .join('\n')
    .concat(';\n');
}

function annotationLines(annotations: PolicyForm['annotations']): string[] {
  const names = Object.keys(annotations).sort((a, b) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1));
  return names.map((name) => (annotations[name] === '' ? `@${name}` : `@${name}(${cedarString(annotations[name]!)})`));
}

function rankOf(name: string): number {
  const rank = ['id', 'description', 'mode', 'advice', 'step_up'].indexOf(name);
  return rank === -1 ? 9 : rank;
}

function actionsText(actions: PolicyForm['actions']): string {
  const [first] = actions;
  if (first === undefined) return 'action';
  if (actions.length > 1) return `action in [${actions.map((action) => `Action::"${action}"`).join(', ')}]`;
  return `action ${first === 'access' ? 'in' : '=='} Action::"${first}"`;
}

const TYPES = {
  user: 'User',
  service_account: 'ServiceAccount',
  guest: 'Guest',
  group: 'Group',
  role: 'Role',
  resource: 'Resource',
  site: 'Site',
  segment: 'Segment',
} as const;

/** One selector goes into the head of a policy; several are a condition. */
function headOf(
  selectors: readonly (WhoSelector | WhatSelector)[],
  variable: 'principal' | 'resource',
): { head: string; clause: string | null } {
  if (selectors.length === 0) return { head: variable, clause: null };
  if (selectors.length === 1) return { head: selectorText(selectors[0]!, variable), clause: null };
  return { head: variable, clause: selectorsText(selectors, variable) };
}

function selectorsText(selectors: readonly (WhoSelector | WhatSelector)[], variable: 'principal' | 'resource'): string {
  return selectors.map((selector) => selectorText(selector, variable)).join(' || ');
}

function selectorText({ is, id }: WhoSelector | WhatSelector, variable: 'principal' | 'resource'): string {
  const type = TYPES[is];
  if (id === null) return `${variable} is ${type}`;
  const within = is === 'group' || is === 'role' || is === 'segment';
  return `${variable} ${within ? 'in' : '=='} ${type}::${cedarString(id)}`;
}

function clauseText(kind: 'when' | 'unless', conditions: readonly FormCondition[]): string[] {
  if (conditions.length === 0) return [];
  const parts = conjunction(conditions);
  const flat = parts.map(({ text }) => text).join(' && ');
  if (parts.every(({ comment }) => comment === undefined) && flat.length <= 100) return [`${kind} { ${flat} }`];
  const lines = parts.flatMap(({ text, comment }, index) => [
    ...commentLines(comment, '  '),
    `  ${text}${index === parts.length - 1 ? '' : ' &&'}`,
  ]);
  return [`${kind} {`, ...lines, '}'];
}

/** Conditions that hold together; what may be absent is asked for before it is read. */
function conjunction(
  conditions: readonly FormCondition[],
): { readonly text: string; readonly comment: string | undefined }[] {
  const asked = new Set<string>();
  return conditions.map((condition) => {
    const guards = guardsOfTest(condition).filter((path) => !asked.has(path));
    for (const path of guards) asked.add(path);
    const alone = conditions.length === 1 && guards.length === 0;
    const text = [...guards.map(knownText), conditionText(condition, alone)].join(' && ');
    return { text, comment: condition.comment };
  });
}

function joined(conditions: readonly FormCondition[]): string {
  return conjunction(conditions)
    .map(({ text }) => text)
    .join(' && ');
}

/** `alone`: nothing stands around it, so that "or" needs no parentheses. */
function conditionText(condition: FormCondition, alone: boolean): string {
  switch (condition.test) {
    case 'any':
      return parenthesised(
        condition.of.map((list) => (list.length > 1 ? `(${joined(list)})` : joined(list))),
        alone,
      );
    case 'not': {
      const inner = joined(condition.of);
      return `!(${inner})`;
    }
    default:
      return testText(condition, alone);
  }
}

function testText(test: FormTest, alone: boolean): string {
  switch (test.test) {
    case 'known':
      return knownText(test.fact);
    case 'who':
      return parenthesised(
        test.who.map((selector) => selectorText(selector, 'principal')),
        alone,
      );
    case 'what':
      return parenthesised(
        test.what.map((selector) => selectorText(selector, 'resource')),
        alone,
      );
    case 'within':
      return parenthesised(
        test.values.map((network) => `context.address.isInRange(ip(${cedarString(network)}))`),
        alone,
      );
    case 'is':
      return test.value ? pathText(test.fact) : `!${pathText(test.fact)}`;
    case 'like':
      return `${pathText(test.fact)} like ${cedarPattern(test.value)}`;
    case 'has_any':
    case 'has_all': {
      const [first] = test.values;
      if (test.values.length === 1) return `${pathText(test.fact)}.contains(${cedarString(first!)})`;
      return `${pathText(test.fact)}.contains${test.test === 'has_any' ? 'Any' : 'All'}(${listText(test.values)})`;
    }
    case 'one_of': {
      const [first] = test.values;
      if (test.values.length === 1) return `${pathText(test.fact)} == ${literal(first!)}`;
      return `${listText(test.values)}.contains(${pathText(test.fact)})`;
    }
    default:
      return `${pathText(test.fact)} ${OPERATORS[test.test]} ${
        typeof test.value === 'number' ? test.value : `datetime(${cedarString(test.value)})`
      }`;
  }
}

const OPERATORS = { below: '<', at_most: '<=', above: '>', at_least: '>=' } as const;

function parenthesised(alternatives: readonly string[], alone: boolean): string {
  const text = alternatives.join(' || ');
  return alone || alternatives.length === 1 ? text : `(${text})`;
}

function listText(values: readonly (string | number)[]): string {
  return `[${values.map(literal).join(', ')}]`;
}

function literal(value: string | number): string {
  return typeof value === 'number' ? String(value) : cedarString(value);
}

function knownText(path: string): string {
  const [outer, inner] = path.split('.');
  return inner === undefined ? `context has ${outer}` : `context.${outer} has ${inner}`;
}

function pathText(fact: string): string {
  return fact.startsWith('principal.') || fact.startsWith('resource.') ? fact : `context.${fact}`;
}

function commentLines(comment: string | undefined, indent: string): string[] {
  return comment === undefined ? [] : comment.split('\n').map((line) => `${indent}//${line === '' ? '' : ` ${line}`}`);
}
