import type { PolicyForm, VerdictEffect } from '@zeronaut/model';
import { loadPolicy, PolicySet } from '../policy-set.ts';
import { checkPolicy } from './check-policy.ts';
import { formOfPolicy } from './policy-form.ts';
import { runTemplateCase } from './run-template-case.ts';
import {
  type FilledTemplate,
  fillTemplate,
  PARAMETER_KINDS,
  type PolicyTemplate,
  type TemplateCase,
  type TemplateParameter,
} from './templates.ts';

/** A template as it is told to people and programs: without code. */
export function describeTemplate({ name, summary, parameters, cases }: PolicyTemplate) {
  return {
    name,
    summary,
    parameters: parameters.map(({ name: parameter, summary: about, kind, default: fallback, example }) => ({
      name: parameter,
      summary: about,
      kind,
      required: fallback === null,
      default: fallback,
      example: fallback ?? example ?? null,
      schema: {
        type: 'string' as const,
        pattern: PARAMETER_KINDS[kind].pattern.source,
        description: `${about}: ${PARAMETER_KINDS[kind].what}`,
      },
    })),
    cases: cases.map(({ title, expect }) => ({ title, expect })),
  };
}

export type InstantiatedTemplate =
  | {
      readonly ok: true;
      readonly text: string;
      readonly form: PolicyForm | null;
      /** `expect`: with the defaults and examples of the template. `effect`: what this very policy does. */
      readonly cases: readonly {
        readonly title: string;
        readonly expect: VerdictEffect;
        readonly effect: VerdictEffect;
      }[];
    }
  | Extract<FilledTemplate, { ok: false }>;

/** A policy of a template, and what becomes of the requests that the template tells about, asked of the real evaluator. */
export function instantiateTemplate(
  template: PolicyTemplate,
  values: Readonly<Record<string, string>>,
  id: string = template.name,
): InstantiatedTemplate {
  const filled = fillTemplate(template, values, id);
  if (!filled.ok) return filled;
  const check = checkPolicy(filled.text);
  if (!check.ok) {
    return { ok: false, problems: check.problems.map(({ message }) => ({ parameter: template.name, message })) };
  }
  const policies = new PolicySet([loadPolicy({ id: 'pol_template', name: id, mode: 'enforce', json: check.json })]);
  const form = formOfPolicy(filled.text);
  return {
    ok: true,
    text: filled.text,
    form: form.ok ? form.form : null,
    cases: template.cases.map((request) => ({
      title: request.title,
      expect: request.expect,
      effect: runTemplateCase(policies, renamed(request, template.parameters, values)),
    })),
  };
}

/** The request with the names of this policy in the place of the template's. */
function renamed(
  request: TemplateCase,
  parameters: readonly TemplateParameter[],
  values: Readonly<Record<string, string>>,
): TemplateCase {
  const rename = (names: readonly string[], parameter: string) => {
    const { default: was } = parameters.find(({ name, kind }) => name === parameter && kind === 'name') ?? {};
    const is = Object.hasOwn(values, parameter) ? values[parameter]! : was;
    return names.map((name) => (name === was ? is!.trim() : name));
  };
  return {
    ...request,
    groups: rename(request.groups ?? [], 'group'),
    segments: rename(request.segments ?? ['prod'], 'segment'),
  };
}
