import { z } from 'zod';

/**
 * A policy as a form: fields that a page or a program fills instead of writing Cedar. Policy and form become one another
 * without loss (`@zeronaut/policy/form`); what a form cannot say stays text.
 *
 * The policy counts when the head fits (`who`, `actions`, `what`; each empty: anything), every condition of `when` holds, and
 * no exception of `unless` holds, of which each is a list of conditions.
 */
const value = z.string().max(300);
const comment = z.string().max(4_000).optional().describe('what // comments say of it');
const values = <T extends z.ZodType>(item: T) => z.array(item).min(1).max(200);

/** Whom a policy is about; any of the selectors suffices. Id null: everybody of that kind. */
export const whoSelector = z.union([
  z.strictObject({ is: z.enum(['user', 'service_account', 'guest']), id: z.string().min(1).max(300).nullable() }),
  z.strictObject({ is: z.enum(['group', 'role']), id: z.string().min(1).max(300) }),
]);
export type WhoSelector = z.infer<typeof whoSelector>;

/** What it is about. */
export const whatSelector = z.union([
  z.strictObject({ is: z.enum(['resource', 'site']), id: z.string().min(1).max(300).nullable() }),
  z.strictObject({ is: z.enum(['segment']), id: z.string().min(1).max(300) }),
]);
export type WhatSelector = z.infer<typeof whatSelector>;

/** What is known of a request, by the kind of its value. A dot leads into a part that may be absent, such as the device. */
export const FORM_FACTS = {
  number: [
    'risk',
    'factorMinutesAgo',
    'time.weekday',
    'time.hour',
    'time.minute',
    'device.risk',
    'device.reportedMinutesAgo',
    'destination.port',
  ],
  text: [
    'by',
    'country',
    'device.id',
    'device.platform',
    'device.os',
    'device.osVersion',
    'http.method',
    'http.host',
    'http.path',
    'destination.host',
    'gateway.id',
    'gateway.name',
    'gateway.region',
    'principal.email',
    'principal.name',
    'principal.kind',
    'resource.name',
    'resource.protocol',
  ],
  flag: ['granted', 'device.diskEncryption', 'device.firewall', 'device.screenLock', 'resource.public'],
  names: ['factors', 'device.segments', 'device.processes', 'device.files', 'gateway.segments', 'resource.segments'],
  /** What may be absent, and can be asked for as such. */
  optional: [
    'country',
    'factorMinutesAgo',
    'device',
    'device.platform',
    'device.os',
    'device.osVersion',
    'device.diskEncryption',
    'device.firewall',
    'device.screenLock',
    'device.reportedMinutesAgo',
    'http',
    'destination',
    'gateway',
  ],
} as const;

const numberFact = z.enum(FORM_FACTS.number);
const textFact = z.enum(FORM_FACTS.text);
const compare = z.enum(['below', 'at_most', 'above', 'at_least']);

const leafTests = [
  z.strictObject({ fact: numberFact, test: compare, value: z.int(), comment }),
  z.strictObject({ fact: numberFact, test: z.literal('one_of'), values: values(z.int()), comment }),
  z.strictObject({ fact: textFact, test: z.literal('one_of'), values: values(value), comment }),
  /** `*` stands for any text, `\*` for an asterisk, `\\` for a backslash. */
  z.strictObject({ fact: textFact, test: z.literal('like'), value, comment }),
  z.strictObject({ fact: z.enum(FORM_FACTS.flag), test: z.literal('is'), value: z.boolean(), comment }),
  /** `has_any`: at least one of them is there; `has_all`: none is missing. */
  z.strictObject({
    fact: z.enum(FORM_FACTS.names),
    test: z.enum(['has_any', 'has_all']),
    values: values(value),
    comment,
  }),
  z.strictObject({
    fact: z.literal('address'),
    test: z.literal('within'),
    values: values(
      z
        .string()
        .max(60)
        .regex(/^[0-9a-fA-F.:]{2,45}(?:\/\d{1,3})?$/, 'a network such as 192.0.2.0/24'),
    ),
    comment,
  }),
  z.strictObject({
    fact: z.literal('now'),
    test: compare,
    value: z
      .string()
      .regex(
        /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{3})?(?:Z|[+-]\d{4}))?$/,
        'a time such as 2027-01-31T18:00:00Z, or a day',
      ),
    comment,
  }),
  z.strictObject({ fact: z.enum(FORM_FACTS.optional), test: z.literal('known'), comment }),
  z.strictObject({ test: z.literal('who'), who: values(whoSelector), comment }),
  z.strictObject({ test: z.literal('what'), what: values(whatSelector), comment }),
] as const;

/** One thing that holds or does not. */
export const formTest = z.union(leafTests);
export type FormTest = z.infer<typeof formTest>;

const notTest = z.strictObject({ test: z.literal('not'), of: values(formTest), comment });

/** A test, or that several of them do not hold together. */
export const formClause = z.union([...leafTests, notTest]);
export type FormClause = z.infer<typeof formClause>;

/** A clause, or that one of several lists of clauses holds. */
export const formCondition = z.union([
  ...leafTests,
  notTest,
  z.strictObject({ test: z.literal('any'), of: values(values(formClause)), comment }),
]);
export type FormCondition = z.infer<typeof formCondition>;

export const policyForm = z.strictObject({
  effect: z.enum(['permit', 'forbid']),
  who: z.array(whoSelector).max(200).default([]),
  actions: z
    .array(z.enum(['access', 'read', 'write', 'connect', 'forward', 'administer']))
    .max(6)
    .default([]),
  what: z.array(whatSelector).max(200).default([]),
  when: z.array(formCondition).max(100).default([]),
  unless: z.array(values(formCondition)).max(50).default([]),
  /** `id`, `description`, `advice`, `step_up`, … An empty one is written without a value. */
  annotations: z.record(z.string().regex(/^[A-Za-z_]\w{0,62}$/), z.string().max(2_000)).default({}),
  comment,
});
export type PolicyForm = z.infer<typeof policyForm>;
