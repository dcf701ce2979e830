import { z } from 'zod';
import { network, principal, publicJwk } from './scalars.ts';

/** A user name and password of one resource, for callers that cannot sign in. Only the argon2id hash is kept. */
export const basicCredential = z.strictObject({
  username: z
    .string()
    .min(1)
    .max(128)
    .regex(/^[^:\u0000-\u001f\u007f]+$/, 'no colon, no control characters'),
  /** PHC string: `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`. */
  passwordHash: z.string().startsWith('$argon2id$').max(512),
});

/** Bearer tokens that a resource accepts, verified with these keys and nothing else. */
export const tokenVerification = z.strictObject({
  issuer: z.string().min(1).max(512).optional(),
  audience: z.string().min(1).max(512),
  keys: z.array(publicJwk).min(1).max(20),
});

/**
 * Who may use a resource. Everything starts at deny; each field that is filled opens one door, and any open door is
 * enough. `mode: 'public'` opens it for everybody and is the only way to do so. `mode: 'policy'` is `login` where being a
 * user is not enough: only a policy, or an approved access request, lets one in.
 */
export const accessRule = z.strictObject({
  mode: z.enum(['login', 'public', 'policy']).default('login'),
  /** Who may come in after sign-in. Empty: every active user of the organization. */
  allow: z.array(principal).max(200).default([]),
  /** Source addresses that need no sign-in. */
  addresses: z.array(network).max(200).default([]),
  basic: z.array(basicCredential).max(20).default([]),
  tokens: tokenVerification.nullable().default(null),
});
export type AccessRule = z.infer<typeof accessRule>;
