import { z } from 'zod';
import { label, policyForm } from '../entities/index.ts';
import { defineRoutes } from './route.ts';

/** Policies to start from. The same ones, by the same code, as `zeronaut policy templates` has. */
const effect = z.enum(['pass', 'challenge', 'deny']);

const template = z.strictObject({
  name: label,
  summary: z.string(),
  parameters: z.array(
    z.strictObject({
      name: z.string(),
      summary: z.string(),
      kind: z.string(),
      /** It has no default. */
      required: z.boolean(),
      default: z.string().nullable(),
      example: z.string().nullable(),
      /** JSON Schema of its value. */
      schema: z.strictObject({ type: z.literal('string'), pattern: z.string(), description: z.string() }),
    }),
  ),
  /** Requests, and what becomes of them with the defaults and examples. */
  cases: z.array(z.strictObject({ title: z.string(), expect: effect })),
});
export type PolicyTemplateView = z.infer<typeof template>;

const read = { tag: 'policies', permission: 'policies:read' } as const;
const byName = z.strictObject({ name: label });

export const policyTemplateRoutes = defineRoutes({
  'templates.list': {
    ...read,
    method: 'GET',
    path: '/api/v1/templates',
    summary: 'Policies to start from',
    status: 200,
    response: z.strictObject({ items: z.array(template) }),
  },
  'templates.get': {
    ...read,
    method: 'GET',
    path: '/api/v1/templates/:name',
    summary: 'One template, with its parameters and cases',
    status: 200,
    params: byName,
    response: template,
  },
  'templates.fill': {
    ...read,
    method: 'POST',
    path: '/api/v1/templates/:name/fill',
    summary: 'A policy of a template, and what it does to the requests of its cases; nothing is saved',
    status: 200,
    params: byName,
    body: z.strictObject({
      /** By parameter; absent ones have their defaults. */
      values: z.record(z.string().max(64), z.string().max(4_000)).default({}),
      /** Name of the policy. Default: that of the template. */
      id: label.optional(),
    }),
    response: z.strictObject({
      text: z.string(),
      form: policyForm.nullable(),
      cases: z.array(
        z.strictObject({
          title: z.string(),
          /** With the defaults and examples of the template. */
          expect: effect,
          /** With this very policy. */
          effect,
        }),
      ),
    }),
  },
});
