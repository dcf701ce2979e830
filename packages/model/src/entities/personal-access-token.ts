import { z } from 'zod';
import { displayName, id, timestamp } from './scalars.ts';

/** How every personal access token begins: gateways look at nothing else of an `Authorization` to tell one. */
export const PERSONAL_ACCESS_TOKEN_PREFIX = 'znp_';
/** The prefix and 256 bits, base64url. */
export const PERSONAL_ACCESS_TOKEN_LENGTH = 47;

/** A person's secret for programs that cannot sign in, good for the resources that it names and for nothing else. */
export const personalAccessToken = z.strictObject({
  id,
  organizationId: id,
  userId: id,
  name: displayName,
  /** First characters, to recognise it by. The token itself is stored only as a hash. */
  prefix: z.string().max(16),
  resourceIds: z.array(id).min(1).max(50),
  createdAt: timestamp,
  expiresAt: timestamp,
  /** As gateways reported it, exact to a minute. */
  lastUsedAt: timestamp.nullable(),
  lastUsedAddress: z.string().max(60).nullable(),
  revokedAt: timestamp.nullable(),
});
export type PersonalAccessToken = z.infer<typeof personalAccessToken>;
