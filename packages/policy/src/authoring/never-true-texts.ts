import type { Span } from '../analysis/condition-spans.ts';
import { subjectOf } from '../analysis/contradiction.ts';
import type { Ask } from '../analysis/formula.ts';
import { METHOD, NUMBERS, ROUND, wordsOf } from '../analysis/known-facts.ts';
import type { NeverTrue } from '../analysis/never-true.ts';

/** Why something is never true: a code and values for programs and other languages, and the same in English. */
export interface WhyNever {
  readonly code: string;
  readonly values: Readonly<Record<string, string>>;
  readonly message: string;
}

const MAX_PART = 300;

export function whyNeverTrue({ tests }: NeverTrue, text: string): WhyNever {
  const written = tests.map(({ span, isDenied }) => {
    const part = textAt(text, span);
    return isDenied ? `!(${part})` : part;
  });
  // An action that is not named is no part of the text.
  const parts = [...new Set(written)].filter((one) => one !== 'action');
  const part = parts.join(' && ');
  if (tests.every(({ isDenied }) => isDenied)) {
    const always = [...new Set(tests.map(({ span }) => textAt(text, span)))].join(' || ');
    return { code: 'always', values: { part: always }, message: `\`${always}\` is always true` };
  }
  const say = (code: string, message: string, values: Readonly<Record<string, string>> = {}): WhyNever => ({
    code,
    values: { part, ...values },
    message: `\`${part}\` is never true: ${message}`,
  });
  const excludes = () => say('excludes', 'the one excludes the other');
  const fact = tests[0]!.about;
  if (new Set(tests.map(subjectOf)).size > 1) return excludes();
  if (fact === 'action' || fact === METHOD) {
    if (tests.some(({ about }) => about === METHOD)) {
      return say('method', 'read is GET, HEAD, OPTIONS and TRACE, write is any other method');
    }
    if (tests.some(({ span }) => textAt(text, span) === 'action')) {
      return say('administer', 'a policy without an action in its head speaks of access alone');
    }
    return excludes();
  }
  const range = NUMBERS.get(fact);
  if (range !== undefined) {
    const [from, to] = [String(range.from), String(range.to)];
    if (!Number.isFinite(range.to)) {
      return parts.length > 1 ? excludes() : say('negative', `${fact} is never below ${from}`, { fact, from });
    }
    if (parts.length === 1) return say('range', `${fact} is ${from} to ${to}`, { fact, from, to });
    const goesRound =
      tests.length === 2 && ROUND.has(fact) && tests.every(({ asks, isDenied }) => !isDenied && isBound(asks));
    if (!goesRound) return excludes();
    const instead = parts.join(' || ');
    return fact === 'context.time.hour'
      ? say('over_midnight', `hours are 0 to 23; over midnight write \`${instead}\``, { instead })
      : say('over_end', `${fact} is ${from} to ${to}; beyond ${to} write \`${instead}\``, { fact, from, to, instead });
  }
  if (fact === 'context.country') return say('country', 'a country is two capital letters (ISO 3166-1), such as CH');
  const words = wordsOf(fact);
  const first = tests[0]!.asks;
  if (
    words !== null &&
    parts.length === 1 &&
    (first.kind === 'text' || first.kind === 'hasAny' || first.kind === 'like')
  ) {
    return say('word', `${fact} knows ${words.join(', ')}`, { fact, words: words.join(', ') });
  }
  if (parts.length === 1 && first.kind === 'isAddress') {
    return say('network', 'an address is never equal to a network; write isInRange');
  }
  return parts.length === 1 ? say('nothing', 'nothing fits it') : excludes();
}

function textAt(text: string, { start, end }: Span): string {
  return text.slice(start, end).replace(/\s+/g, ' ').slice(0, MAX_PART);
}

/** `<` or `>`, and no equality. */
function isBound(asks: Ask): boolean {
  return asks.kind === 'between' && asks.from !== asks.to;
}
