import { z } from 'zod';
import {
  accessAnswer,
  accessQuestion,
  accessRule,
  assertionResult,
  brokenAssertions,
  id,
  label,
  policy,
  policyAction,
  policyAssertion,
  policyForm,
  policyInput,
  policyMode,
  policyProblem,
  policyText,
  policyVersion,
  risk,
  segments,
  timestamp,
  timeZone,
  whoSelector,
} from '../entities/index.ts';
import { defineRoutes } from './route.ts';
import { byId, byIdOrName, listQuery, pageOf, pageQuery } from './route-parts.ts';

const read = { tag: 'policies', permission: 'policies:read' } as const;
const write = { tag: 'policies', permission: 'policies:write' } as const;

/** A change that is tried out: as `policies.apply` would make it. */
export const proposal = z.strictObject({
  policies: z.array(policyInput).max(1000),
  /** Also remove policies that are not named. */
  prune: z.boolean().default(false),
});
export type Proposal = z.infer<typeof proposal>;

const changes = z.array(
  z.strictObject({
    name: label,
    action: z.enum(['create', 'update', 'delete', 'none']),
    before: z.strictObject({ text: policyText, mode: policyMode }).nullable(),
    after: z.strictObject({ text: policyText, mode: policyMode }).nullable(),
    /** What its author may not have thought of. */
    warnings: z.array(policyProblem),
  }),
);

const reachAnswer = z.strictObject({
  /** `depends`: on facts of the moment, which `facts` names. */
  effect: z.enum(['pass', 'challenge', 'deny', 'depends']),
  reason: z.string(),
  policies: z.array(label),
  facts: z.array(z.string()),
});

/** Requests that a proposed change would decide otherwise. */
const replayed = z.strictObject({
  /** Who: a user's address, or the subject as events have it. */
  subject: z.string(),
  object: z.string(),
  requests: z.int().min(1),
  before: z.string(),
  after: z.string(),
  /** Policies that decide after the change. */
  policies: z.array(label),
  /** Request ids of a few. */
  examples: z.array(z.string()).max(5),
});

/** The doors of a rule that people and networks are named at. */
const door = accessRule.pick({ mode: true, allow: true, addresses: true });

export const unusedPermissions = z.strictObject({
  /** Nothing older was looked at. */
  since: timestamp,
  /** Accesses that were looked at. */
  events: z.int().min(0),
  /** False: there were more than are looked at, and `since` is later than was asked for. */
  complete: z.boolean(),
  /** Every permit that is enforced. */
  policies: z.array(
    z.strictObject({
      id,
      name: label,
      /** What was allowed by an earlier version counts as well. */
      changedAt: timestamp,
      /** Accesses that it decided. */
      requests: z.int().min(0),
      /** Users whom it is about, and those of them who never needed it. */
      users: z.int().min(0),
      unusedUsers: z.strictObject({ count: z.int().min(0), emails: z.array(z.string()).max(200) }),
      /** Never used: by whom (null: by anybody), on what, to do what. */
      unused: z
        .array(
          z.strictObject({
            who: whoSelector.nullable(),
            objectId: id,
            object: label,
            action: z.enum(['read', 'write', 'connect', 'forward']),
          }),
        )
        .max(200),
      /** So many that are not listed. */
      moreUnused: z.int().min(0),
      /** Lets in everybody who was let in, and nobody else than now; null: see `without`. */
      proposal: z
        .strictObject({
          text: policyText,
          form: policyForm,
          narrowed: z.array(z.enum(['who', 'what', 'actions'])),
          /** Recorded accesses that it was asked about again. */
          replayed: z.int().min(0),
        })
        .nullable(),
      /** Why there is no proposal. `never_used`: it can go. `text_only`: no form can say it. */
      without: z.enum(['never_used', 'all_used', 'text_only', 'would_differ']).nullable(),
    }),
  ),
  /** Rules of resources of which something was not used; none for whom may not read resources. */
  rules: z
    .array(
      z.strictObject({
        /** Of the resource, and its version: for `If-Match` where the proposal is taken over. */
        id,
        name: label,
        version: z.int().min(1),
        /** What was allowed by an earlier rule counts as well. */
        changedAt: timestamp,
        /** Accesses that it let in, by any of its doors. */
        requests: z.int().min(0),
        /** It names nobody, and so lets in every user. */
        everybody: z.boolean(),
        /** Users whom it lets in, and those of them who never came by it. */
        users: z.int().min(0),
        unusedUsers: z.strictObject({ count: z.int().min(0), emails: z.array(z.string()).max(200) }),
        /** What it names and nobody came by. */
        unused: z
          .array(z.strictObject({ kind: z.enum(['user', 'group', 'role', 'address']), value: z.string() }))
          .max(400),
        /** As it is. */
        rule: door,
        /** Lets in everybody who came, and nobody else than now; the other doors stay. Null: see `without`. */
        proposal: door
          .extend({
            narrowed: z.array(z.enum(['mode', 'allow', 'addresses'])),
            /** Recorded accesses that it lets in again. */
            replayed: z.int().min(0),
          })
          .nullable(),
        /** Why there is no proposal. `published`: its agent says the rule. */
        without: z.enum(['never_used', 'all_used', 'published', 'would_differ']).nullable(),
      }),
    )
    .max(500),
  /** So many rules that are not listed. */
  moreRules: z.int().min(0),
});
export type UnusedPermissions = z.infer<typeof unusedPermissions>;

export const policyRoutes = defineRoutes({
  'policies.list': {
    ...read,
    method: 'GET',
    path: '/api/v1/policies',
    summary: 'Policies of the organization',
    status: 200,
    query: listQuery(['created', 'name', 'updated'], {
      mode: policyMode.optional(),
      effect: policy.shape.effect.optional(),
    }),
    response: pageOf(policy),
  },
  'policies.create': {
    ...write,
    method: 'POST',
    path: '/api/v1/policies',
    summary: 'Create a policy; refused when it is wrong, can never match, or breaks an assertion that holds',
    status: 201,
    asserted: true,
    idempotent: true,
    body: policyInput,
    response: policy,
  },
  'policies.get': {
    ...read,
    method: 'GET',
    path: '/api/v1/policies/:id',
    summary: 'One policy, by id or name',
    status: 200,
    params: byIdOrName,
    response: policy,
  },
  'policies.update': {
    ...write,
    method: 'PATCH',
    path: '/api/v1/policies/:id',
    summary: 'Change a policy; the old version is kept',
    status: 200,
    asserted: true,
    ifMatch: true,
    params: byIdOrName,
    body: z.strictObject({
      description: z.string().max(500).optional(),
      text: policyText.optional(),
      mode: policyMode.optional(),
    }),
    response: policy,
  },
  'policies.delete': {
    ...write,
    method: 'DELETE',
    path: '/api/v1/policies/:id',
    summary: 'Remove a policy; its versions stay in the audit log',
    status: 204,
    asserted: true,
    params: byIdOrName,
  },
  'policies.versions': {
    ...read,
    method: 'GET',
    path: '/api/v1/policies/:id/versions',
    summary: 'All versions of a policy, newest first',
    status: 200,
    params: byIdOrName,
    query: pageQuery,
    response: pageOf(policyVersion),
  },
  'policies.rollBack': {
    ...write,
    method: 'POST',
    path: '/api/v1/policies/:id/roll-back',
    summary: 'Make a policy as it was in an earlier version',
    status: 200,
    asserted: true,
    params: byIdOrName,
    body: z.strictObject({ version: z.int().min(1) }),
    response: policy,
  },
  'policies.check': {
    ...read,
    method: 'POST',
    path: '/api/v1/policies/check',
    summary: 'Whether the text of a policy is right, and if not, where and why',
    status: 200,
    body: z.strictObject({ text: policyText }),
    response: z.strictObject({
      valid: z.boolean(),
      problems: z.array(policyProblem),
      /** What its conditions read of the moment. */
      facts: z.array(z.string()),
      /** What its author may not have thought of. */
      warnings: z.array(policyProblem),
      /** As the formatter writes it; the text itself when it is wrong. */
      formatted: z.string(),
    }),
  },
  'policies.form': {
    ...read,
    method: 'POST',
    path: '/api/v1/policies/form',
    summary: 'The text of a policy as a form, or what keeps it as text, and where',
    status: 200,
    body: z.strictObject({ text: policyText }),
    response: z.strictObject({
      /** Null: there is none. */
      form: policyForm.nullable(),
      /** The policy is right, and says what a form cannot say. */
      textOnly: z.boolean(),
      problems: z.array(policyProblem),
    }),
  },
  'policies.text': {
    ...read,
    method: 'POST',
    path: '/api/v1/policies/text',
    summary: 'A form as the text of a policy, and what is wrong with it',
    status: 200,
    body: z.strictObject({ form: policyForm }),
    response: z.strictObject({ valid: z.boolean(), text: z.string(), problems: z.array(policyProblem) }),
  },
  'policies.apply': {
    ...write,
    method: 'POST',
    path: '/api/v1/policies/apply',
    summary: 'Make the policies as they are given, in one step',
    status: 200,
    body: z.strictObject({ ...proposal.shape, dryRun: z.boolean().default(false) }),
    response: z.strictObject({ dryRun: z.boolean(), changes, brokenAssertions }),
  },
  'policies.schema': {
    ...read,
    method: 'GET',
    path: '/api/v1/policies/schema',
    summary: 'What policies can speak of, as a Cedar schema',
    status: 200,
    response: z.strictObject({ text: z.string() }),
  },
  'policies.simulate': {
    ...read,
    method: 'POST',
    path: '/api/v1/policies/simulate',
    summary: 'What would happen to a request, and why; with a proposed change if one is given',
    status: 200,
    body: z.strictObject({
      ...accessQuestion.shape,
      /** `administer`: a call of the API; the object is then the permission that it takes, such as `users:write`. */
      action: z.enum([...policyAction.options, 'administer']),
      /** How somebody administers; of that action alone. */
      by: z.enum(['session', 'api_key', 'workload']).default('session'),
      proposal: proposal.optional(),
    }),
    response: accessAnswer,
  },
  'policies.replay': {
    ...read,
    method: 'POST',
    path: '/api/v1/policies/replay',
    summary: 'What a proposed change would have done to recorded requests: who gains, who loses',
    status: 200,
    body: z.strictObject({
      proposal,
      /** Default: the last seven days. */
      since: timestamp.optional(),
      /** Newest events first. */
      limit: z.int().min(1).max(100_000).default(20_000),
    }),
    response: z.strictObject({
      events: z.int().min(0),
      /** Could not be judged again, for example as their resource is gone. */
      skipped: z.int().min(0),
      /**
       * Proposed in report mode and judged as if they were enforced: applied as they are, they change nothing at once. Absent
       * from older consoles, which judge them as they are.
       */
      asEnforced: z.array(label).optional(),
      gains: z.array(replayed),
      loses: z.array(replayed),
    }),
  },
  'policies.reach': {
    ...read,
    method: 'GET',
    path: '/api/v1/policies/reach',
    summary: 'Who can reach what, and by which rule or policy',
    status: 200,
    query: z.strictObject({
      user: z.string().max(254).optional(),
      object: z.string().max(64).optional(),
      group: label.optional().describe('only who is in it'),
      segment: label.optional().describe('only resources and sites in it'),
      device: id
        .optional()
        .describe(
          'only its owner, and sites as they are reached from it as it is now; other answers do not hang on the machine',
        ),
      cursor: z.string().max(500).optional(),
      limit: z.coerce.number().int().min(1).max(500).default(100),
    }),
    response: pageOf(
      z.strictObject({
        userId: id,
        email: z.string(),
        objectId: id,
        object: label,
        kind: z.enum(['resource', 'site']),
        actions: z.array(
          reachAnswer.extend({
            action: z.string(),
            atGateways: z
              .array(reachAnswer.extend({ gateways: z.array(label) }))
              .optional()
              .describe('where gateways answer differently: each answer, with the names of those that give it'),
          }),
        ),
      }),
    ),
  },
  'policies.unused': {
    ...read,
    method: 'GET',
    path: '/api/v1/policies/unused',
    summary:
      'What permits and rules of resources allow and nobody used in recorded requests, with tighter ones in their place',
    status: 200,
    query: z.strictObject({ days: z.coerce.number().int().min(1).max(90).default(30) }),
    response: unusedPermissions,
  },
  'policyAssertions.get': {
    ...read,
    method: 'GET',
    path: '/api/v1/policy-assertions',
    summary: 'What must hold before a change of policies is accepted',
    status: 200,
    response: z.strictObject({ assertions: z.array(policyAssertion), version: z.int().min(1) }),
  },
  'policyAssertions.test': {
    ...read,
    method: 'GET',
    path: '/api/v1/policy-assertions/results',
    summary: 'Ask every assertion now: whether it holds, and which policy or rule decides',
    status: 200,
    response: z.strictObject({ version: z.int().min(1), results: z.array(assertionResult) }),
  },
  'policyAssertions.update': {
    ...write,
    method: 'PUT',
    path: '/api/v1/policy-assertions',
    summary: 'Replace the assertions; refused when one that is new or changed does not hold now',
    status: 200,
    ifMatch: true,
    body: z.strictObject({ assertions: z.array(policyAssertion).max(500) }),
    response: z.strictObject({ assertions: z.array(policyAssertion), version: z.int().min(1) }),
  },
  'organizations.setTimeZone': {
    ...write,
    method: 'PUT',
    path: '/api/v1/organizations/current/time-zone',
    summary: 'Say in which time zone policies tell the time',
    status: 200,
    ifMatch: 'optional',
    body: z.strictObject({ timeZone }),
    response: z.strictObject({ timeZone, version: z.int().min(1) }),
  },
  'segments.set': {
    ...write,
    method: 'PUT',
    path: '/api/v1/segments/:id',
    summary: 'Put a resource, site, device or gateway into segments, which policies name',
    status: 200,
    ifMatch: 'optional',
    asserted: true,
    params: byIdOrName,
    body: z.strictObject({ segments }),
    response: z.strictObject({
      id,
      kind: z.enum(['resource', 'site', 'device', 'gateway']),
      name: z.string(),
      segments,
      version: z.int().min(1),
    }),
  },
  'risks.list': {
    tag: 'policies',
    permission: 'risks:read',
    method: 'GET',
    path: '/api/v1/risks',
    summary: 'Users and devices with a risk above 0',
    status: 200,
    query: pageQuery,
    response: pageOf(risk),
  },
  'risks.set': {
    tag: 'policies',
    permission: 'risks:write',
    method: 'PUT',
    path: '/api/v1/risks/:id',
    summary: 'Set the risk of a user or device; policies read it within a second',
    status: 200,
    ifMatch: 'optional',
    asserted: true,
    params: byId,
    body: z.strictObject({
      score: z.int().min(0).max(100),
      reason: z.string().max(300).default(''),
      /** Default: until it is set again. */
      expiresInSeconds: z.int().min(1).max(31_536_000).optional(),
    }),
    response: risk,
  },
});
