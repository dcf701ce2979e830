import { z } from 'zod';
import { displayName, id, timestamp } from './scalars.ts';

/** Which model of authenticator it is, as its maker numbers them (AAGUID): a UUID in lower case. */
export const authenticatorModel = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, 'An AAGUID, in lower case.');

/**
 * How somebody showed who they are. `password`, `provider`, `passkey` and `mail` (a link to the own mailbox) say who it is; `totp`, `recovery_code` and
 * `passkey` can be the second one. A passkey asks for its owner's finger or PIN, and so counts as two.
 */
export const factorKind = z.enum(['password', 'provider', 'passkey', 'mail', 'totp', 'recovery_code']);
export type FactorKind = z.infer<typeof factorKind>;

/** What is missing before a session opens: one of the user's own second factors, or `enrolment` of a first one. */
export const missingFactor = z.enum(['passkey', 'totp', 'recovery_code', 'enrolment']);
export type MissingFactor = z.infer<typeof missingFactor>;

/** What an organization asks of a sign-in. Times in seconds. A change counts from the next sign-in on. */
export const signInPolicyInput = z.strictObject({
  /** `if_enrolled`: of whoever has one. `required`: of everybody; who has none sets one up while signing in. */
  secondFactor: z.enum(['if_enrolled', 'required']).default('if_enrolled'),
  /** An identity provider's word counts as both factors. */
  trustProviders: z.boolean().default(true),
  /**
   * How long ago a person may have signed in at the identity provider (OIDC `auth_time`, SAML `AuthnInstant`), and not only come
   * back from it; longer, and they sign in there again. Null: it counts from the moment they come back.
   */
  providerMaxAgeSeconds: z.int().min(60).max(2_592_000).nullable().default(null),
  /** A link to the person's mailbox stands in for the password, where the console has a mail server. */
  magicLinks: z.boolean().default(false),
  /** How long ago a factor may have been shown where one is needed: for a sign-in, and for dangerous actions. */
  factorMaxAgeSeconds: z.int().min(60).max(86_400).default(900),
  /** Absolute lifetime of sessions. */
  consoleSessionSeconds: z.int().min(300).max(2_592_000).default(43_200),
  portalSessionSeconds: z.int().min(300).max(2_592_000).default(604_800),
  cliSessionSeconds: z.int().min(300).max(31_536_000).default(2_592_000),
  /** A console session that nobody used for so long ends. */
  consoleIdleSeconds: z.int().min(300).max(2_592_000).default(14_400),
  /** The same of a session of the command line. */
  cliIdleSeconds: z.int().min(300).max(31_536_000).default(1_209_600),
  /**
   * Whose word is asked for when a passkey is made. `none`: nobody's. `verified`: its maker's, with a certificate under one of
   * `passkeyRoots`. Those that people have already stay.
   */
  passkeyAttestation: z.enum(['none', 'verified']).default('none'),
  /** Certificates of makers, PEM, one after the other. `verified` needs one at least. */
  passkeyRoots: z.string().max(65_536).default(''),
  /** With `verified`: the only models that are taken. Empty: all that a root vouches for. */
  passkeyModels: z.array(authenticatorModel).max(200).default([]),
});
export type SignInPolicyInput = z.infer<typeof signInPolicyInput>;

export const signInPolicy = z.strictObject({ ...signInPolicyInput.shape, version: z.int().min(1) });
export type SignInPolicy = z.infer<typeof signInPolicy>;

/** A second factor of one user, as the user and administrators see it. */
export const factor = z.strictObject({
  id,
  kind: z.enum(['totp', 'passkey']),
  name: displayName,
  /** The host on whose pages a passkey works; null for what works on all. */
  site: z.string().max(253).nullable(),
  createdAt: timestamp,
  lastUsedAt: timestamp.nullable(),
});
export type Factor = z.infer<typeof factor>;

export const factorList = z.strictObject({
  items: z.array(factor),
  recoveryCodesLeft: z.int().min(0),
  /** False: somebody else knows who they are, such as an identity provider. */
  hasPassword: z.boolean(),
});
export type FactorList = z.infer<typeof factorList>;
