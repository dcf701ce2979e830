import { FORM_FACTS, type FormCondition } from '@zeronaut/model';

/** What conditions of a form can be about, and how they are asked. */
export type Kind = 'number' | 'text' | 'flag' | 'names' | 'address' | 'instant' | 'optional';
export type Logic = 'who' | 'what' | 'any' | 'not';
export const LOGIC: readonly Logic[] = ['who', 'what', 'any', 'not'];
const COMPARE = ['below', 'at_most', 'above', 'at_least'] as const;

const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ...FORM_FACTS.optional.map((fact) => [fact, 'optional'] as const),
  ...(['number', 'text', 'flag', 'names'] as const).flatMap((kind) =>
    FORM_FACTS[kind].map((fact) => [fact, kind] as const),
  ),
  ['address', 'address'],
  ['now', 'instant'],
]);

export const FACTS: readonly string[] = [...KINDS.keys()].sort();

/** The tests that a fact has, the usual one first. */
export function testsOf(fact: string): readonly FormCondition['test'][] {
  const known: FormCondition['test'][] = (FORM_FACTS.optional as readonly string[]).includes(fact) ? ['known'] : [];
  switch (KINDS.get(fact)) {
    case 'number':
      return [...COMPARE, 'one_of', ...known];
    case 'text':
      return ['one_of', 'like', ...known];
    case 'flag':
      return ['is', ...known];
    case 'names':
      return ['has_any', 'has_all', ...known];
    case 'address':
      return ['within'];
    case 'instant':
      return COMPARE;
    default:
      return known;
  }
}

/** What the first select of a row shows. */
export function subjectOf(condition: FormCondition): string {
  return 'fact' in condition ? condition.fact : condition.test;
}

const FIRST: FormCondition = { fact: 'granted', test: 'is', value: true };

/** A condition about something else, with values to begin with. The comment of the one before stays. */
export function conditionAbout(subject: string, test: string | undefined, comment: string | undefined): FormCondition {
  const rest = comment === undefined ? {} : { comment };
  switch (subject) {
    case 'who':
      return { test: 'who', who: [{ is: 'group', id: 'staff' }], ...rest };
    case 'what':
      return { test: 'what', what: [{ is: 'segment', id: 'prod' }], ...rest };
    case 'any':
      return { test: 'any', of: [[FIRST] as never, [{ ...FIRST, value: false }] as never], ...rest };
    case 'not':
      return { test: 'not', of: [FIRST as never], ...rest };
    default: {
      const tests = testsOf(subject);
      const chosen = tests.find((one) => one === test) ?? tests[0]!;
      return { fact: subject, test: chosen, ...valueFor(subject, chosen), ...rest } as FormCondition;
    }
  }
}

function valueFor(fact: string, test: string): object {
  const kind = KINDS.get(fact);
  if (test === 'known') return {};
  if (test === 'is') return { value: true };
  if (test === 'like') return { value: '*' };
  if (kind === 'instant') return { value: '2027-01-31T18:00:00Z' };
  if (kind === 'number') return test === 'one_of' ? { values: [1] } : { value: 0 };
  if (test === 'within') return { values: ['192.0.2.0/24'] };
  return { values: fact === 'factors' ? ['totp'] : ['name'] };
}

/** What is known to fit, to be offered; any other text is taken as well. */
export function suggestionsFor(fact: string): readonly string[] {
  switch (fact) {
    case 'factors':
      return ['password', 'provider', 'passkey', 'mail', 'totp', 'recovery_code'];
    case 'http.method':
      return ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
    case 'device.platform':
      return ['linux', 'darwin', 'win32'];
    case 'principal.kind':
      return ['basic', 'share', 'token', 'address', 'anonymous'];
    case 'resource.protocol':
      return ['http', 'tcp', 'udp'];
    case 'time.weekday':
      return ['1', '2', '3', '4', '5', '6', '7'];
    default:
      return [];
  }
}
