import { FORM_FACTS, type FormCondition, type FormTest } from '@zeronaut/model';

/** What a form knows of facts: their kind, and which parts have to be there before they can be read. */
export type FactKind = 'number' | 'text' | 'flag' | 'names' | 'address' | 'instant';

export const FACT_KINDS: ReadonlyMap<string, FactKind> = new Map<string, FactKind>([
  ...(['number', 'text', 'flag', 'names'] as const).flatMap((kind) =>
    FORM_FACTS[kind].map((fact) => [fact, kind] as const),
  ),
  ['address', 'address'],
  ['now', 'instant'],
]);

const OPTIONAL: ReadonlySet<string> = new Set(FORM_FACTS.optional);

export function isOptional(path: string): boolean {
  return OPTIONAL.has(path);
}

/** Paths that may be absent, outermost first, that have to be there before this fact is read. */
export function guardsOf(fact: string): readonly string[] {
  const dot = fact.indexOf('.');
  const paths = dot === -1 ? [fact] : [fact.slice(0, dot), fact];
  return paths.filter(isOptional);
}

/** The same for a test; one that asks whether something is known needs only what is around it. */
export function guardsOfTest(test: FormCondition): readonly string[] {
  if (!('fact' in test)) return [];
  const guards = guardsOf(test.fact);
  return test.test === 'known' ? guards.filter((path) => path !== test.fact) : guards;
}

/** Tests of which several with "or" between them are one test again. */
export function mergeTests(tests: readonly FormCondition[]): FormTest | null {
  const [first] = tests;
  if (first === undefined) return null;
  if (tests.every((test) => test.test === 'who')) {
    return { test: 'who', who: tests.flatMap(({ who }) => who) };
  }
  if (tests.every((test) => test.test === 'what')) {
    return { test: 'what', what: tests.flatMap(({ what }) => what) };
  }
  if (tests.every((test) => test.test === 'within')) {
    return { fact: 'address', test: 'within', values: tests.flatMap(({ values }) => values) };
  }
  return null;
}

/** The other way: a test that is written with "or", as its parts. */
export function partsOfTest(test: FormCondition): readonly FormTest[] | null {
  switch (test.test) {
    case 'who':
      return test.who.map((selector) => ({ test: 'who', who: [selector] }));
    case 'what':
      return test.what.map((selector) => ({ test: 'what', what: [selector] }));
    case 'within':
      return test.values.map((network) => ({ fact: 'address', test: 'within', values: [network] }));
    default:
      return null;
  }
}
