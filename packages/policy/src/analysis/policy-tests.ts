import type { SpanTree } from './condition-spans.ts';
import { type Formula, formulaOf, type Test } from './formula.ts';

const NOWHERE: SpanTree = { joint: 'leaf', parts: [], start: 0, end: 0 };

/** Every test of single facts that a policy in Cedar's JSON format makes, in its head and its conditions. */
export function policyTests(json: Record<string, unknown>): Test[] {
  const conditions = json.conditions as readonly { body: unknown }[];
  const bodies = conditions.map(({ body }) => formulaOf(body, NOWHERE, true));
  return [...headFormulas(json, [NOWHERE, NOWHERE, NOWHERE]), ...bodies].flatMap(testsIn);
}

function testsIn(formula: Formula): readonly Test[] {
  if (formula.kind === 'test') return [formula.test];
  return formula.kind === 'constant' ? [] : formula.parts.flatMap(testsIn);
}

/** The head as tests; an action that is not named is any but `administer` (decisions/0018). */
export function headFormulas(json: Record<string, unknown>, spans: readonly SpanTree[]): Formula[] {
  return (['principal', 'action', 'resource'] as const).map((name, index): Formula => {
    const span = spans[index]!;
    const scope = json[name] as {
      op: string;
      entity?: unknown;
      entities?: readonly unknown[];
      entity_type?: string;
      in?: { entity: unknown } | null;
    };
    const value = (entity: unknown) => ({ Value: { __entity: entity } });
    const left = { Var: name };
    switch (scope.op) {
      case '==':
        return formulaOf({ '==': { left, right: value(scope.entity) } }, span, true);
      case 'in':
        return formulaOf({ in: { left, right: { Set: (scope.entities ?? [scope.entity]).map(value) } } }, span, true);
      case 'is':
        return formulaOf(
          { is: { left, entity_type: scope.entity_type, ...(scope.in && { in: value(scope.in.entity) }) } },
          span,
          true,
        );
    }
    if (name !== 'action') return { kind: 'constant', value: true };
    return formulaOf({ in: { left, right: value({ type: 'Action', id: 'access' }) } }, span, true);
  });
}
