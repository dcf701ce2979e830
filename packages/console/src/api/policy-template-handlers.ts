import type { policyTemplateRoutes } from '@zeronaut/model';
import { describeTemplate, instantiateTemplate, POLICY_TEMPLATES } from '@zeronaut/policy/authoring';
import { Refusal } from '../store/refusal.ts';
import type { Handlers } from './handlers.ts';

export const policyTemplateHandlers: Pick<Handlers, keyof typeof policyTemplateRoutes> = {
  'templates.list': () => ({ items: POLICY_TEMPLATES.map(describeTemplate) }),
  'templates.get': (_context, { params }) => {
    const template = find(params.name);
    return template === undefined ? new Refusal('api.not_found') : describeTemplate(template);
  },
  'templates.fill': (_context, { params, body }) => {
    const template = find(params.name);
    if (template === undefined) return new Refusal('api.not_found');
    const made = instantiateTemplate(template, body.values, body.id);
    if (made.ok) return { text: made.text, form: made.form, cases: [...made.cases] };
    return new Refusal('api.invalid', {
      errors: made.problems.map(({ parameter, message }) => ({ path: `/values/${parameter}`, message })),
    });
  },
};

function find(name: string) {
  return POLICY_TEMPLATES.find((template) => template.name === name);
}
