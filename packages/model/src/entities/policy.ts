import { z } from 'zod';
import { countryCode, displayName, id, label, timestamp } from './scalars.ts';
import { factorKind } from './sign-in.ts';

/** `off`: kept, and not looked at. `report`: what it would say is recorded and changes nothing. `enforce`: it counts. */
export const policyMode = z.enum(['off', 'report', 'enforce']);
export type PolicyMode = z.infer<typeof policyMode>;

export const policyText = z.string().min(1).max(20_000);

export const policyInput = z.strictObject({
  /** Unique in the organization; `@id` in a file. */
  name: label,
  description: z.string().max(500).default(''),
  /** One policy in the Cedar language. */
  text: policyText,
  mode: policyMode.default('enforce'),
});
export type PolicyInput = z.infer<typeof policyInput>;

export const policy = z.strictObject({
  ...policyInput.shape,
  id,
  organizationId: id,
  effect: z.enum(['permit', 'forbid']),
  createdAt: timestamp,
  updatedAt: timestamp,
  version: z.int().min(1),
});
export type Policy = z.infer<typeof policy>;

/** A policy as it was, for ever. */
export const policyVersion = z.strictObject({
  ...policyInput.shape,
  version: z.int().min(1),
  at: timestamp,
  by: z.string().max(254),
});
export type PolicyVersion = z.infer<typeof policyVersion>;

/** Something that is wrong with the text of a policy, or that its author may not have thought of. Line and column count from 1. */
export const policyProblem = z.strictObject({
  /** Stable, with values that its message names; empty: there is none for it. */
  code: z.string(),
  values: z.record(z.string(), z.string()),
  message: z.string(),
  help: z.string(),
  line: z.int().min(1),
  column: z.int().min(1),
});
export type PolicyProblem = z.infer<typeof policyProblem>;

/** What is assumed of the moment when something is tried out. What is absent is as a plain visitor would have it. */
export const assumedCircumstances = z.strictObject({
  address: z.string().max(60).optional(),
  /** Default: that of the address, as far as the console knows. */
  country: countryCode.optional(),
  at: timestamp.optional(),
  risk: z.int().min(0).max(100).optional(),
  factors: z.array(factorKind).max(6).optional(),
  factorMinutesAgo: z.int().min(0).max(1_000_000).optional(),
  granted: z.boolean().optional(),
  deviceId: id.optional(),
  /** Id or name of the gateway that is asked. Default: the only one, if there is one alone. */
  gateway: z.string().max(64).optional(),
  method: z.string().max(32).optional(),
  path: z.string().max(1024).optional(),
});
export type AssumedCircumstances = z.infer<typeof assumedCircumstances>;

export const policyAction = z.enum(['read', 'write', 'connect', 'forward']);

/** One question that policies and rules answer: may this user do this with that. */
export const accessQuestion = z.strictObject({
  /** E-mail address or id; null: nobody who has signed in. */
  user: z.string().max(254).nullable(),
  action: policyAction,
  /** Name or id of a resource, or of a site for `forward`. */
  object: z.string().max(64),
  circumstances: assumedCircumstances.default({}),
});
export type AccessQuestionInput = z.infer<typeof accessQuestion>;

/** Must hold before a change of policies is accepted. */
export const policyAssertion = z.strictObject({
  name: displayName,
  ...accessQuestion.shape,
  expect: z.enum(['pass', 'challenge', 'deny']),
});
export type PolicyAssertion = z.infer<typeof policyAssertion>;

/** The file of `zeronaut policy test`. */
export const policyAssertionsFile = z.strictObject({ assertions: z.array(policyAssertion).max(500) });

/** How an assertion stands now. */
export const assertionResult = z.strictObject({
  name: displayName,
  expect: policyAssertion.shape.expect,
  holds: z.boolean(),
  /** Null: it cannot be asked, see `problem`. */
  effect: policyAssertion.shape.expect.nullable(),
  reason: z.string().nullable(),
  /** Those that decide; none: the rule of the object, or nobody who is let in by it. */
  policies: z.array(z.strictObject({ id: z.string(), name: label })),
  /** Such as a user or an object that there is no longer. */
  problem: z.string().nullable(),
});
export type AssertionResult = z.infer<typeof assertionResult>;

/** What does not hold after a change. */
export const brokenAssertions = z.strictObject({
  /** Broken by the change itself, and those that were broken before it. */
  newly: z.int().min(0),
  before: z.int().min(0),
  /** Newly broken ones first; not all of many. */
  items: z.array(z.strictObject({ name: displayName, message: z.string(), newly: z.boolean() })).max(50),
});
export type BrokenAssertions = z.infer<typeof brokenAssertions>;

/** From where a question asks that names no address: one that is kept for examples, so that it is nobody's. */
export const ASSUMED_ADDRESS = '192.0.2.1';

export const accessAnswer = z.strictObject({
  effect: z.enum(['pass', 'challenge', 'deny']),
  reason: z.string(),
  title: z.string(),
  next: z.string(),
  /** Whether the object's own rule lets them in, policies aside. */
  rule: z.strictObject({
    effect: z.enum(['pass', 'challenge', 'deny']),
    reason: z.string(),
    /** Its mode, and whom it names (`group:ops`); empty: nobody, or everybody where the mode is `login`. Null: a role decides. */
    mode: z.string().nullable(),
    allow: z.array(z.string()),
  }),
  /** Every policy whose head fits, with what it says. */
  policies: z.array(
    z.strictObject({
      id: z.string(),
      name: label,
      effect: z.enum(['permit', 'forbid']),
      mode: policyMode,
      /** `error`: its conditions could not be evaluated; a forbid then forbids. */
      holds: z.enum(['yes', 'no', 'error']),
      decides: z.boolean(),
      facts: z.record(z.string(), z.string()),
    }),
  ),
  /**
   * The country that it took. `console`: of the file that came with the console, made then; a gateway may have a newer one, and it alone
   * decides. Code null: unknown, as of private addresses.
   */
  country: z.strictObject({
    code: z.string().nullable(),
    from: z.enum(['question', 'console']),
    fileBuiltAt: timestamp.nullable(),
  }),
  /** From where it was asked. `default`: the question named no address. Absent from older consoles. */
  address: z.strictObject({ value: z.string(), from: z.enum(['question', 'default']) }).optional(),
  /** Facts that would turn the answer, found by trying them: single ones, or else two together (`also`). */
  wouldChange: z.array(
    z.strictObject({
      fact: z.string(),
      value: z.string(),
      effect: z.enum(['pass', 'challenge', 'deny']),
      also: z.array(z.strictObject({ fact: z.string(), value: z.string() })),
    }),
  ),
});
export type AccessAnswer = z.infer<typeof accessAnswer>;

/** How much a user or device is mistrusted now, 0 to 100. What sets it is not ours to say; policies read it. */
export const risk = z.strictObject({
  /** Of the user or device. */
  id,
  score: z.int().min(0).max(100),
  reason: z.string().max(300),
  updatedAt: timestamp,
  /** Null: until it is set again. */
  expiresAt: timestamp.nullable(),
  /** 0: there is none, as for whoever is in no list of risks. */
  version: z.int().min(0),
});
export type Risk = z.infer<typeof risk>;
