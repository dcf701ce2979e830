import { z } from 'zod';
import { role } from './role.ts';
import { email, groupName, id, timestamp } from './scalars.ts';

/** A person may join an organization, once, until it expires. The link itself is shown when it is made, and kept as a hash. */
export const invitation = z.strictObject({
  id,
  organizationId: id,
  email,
  role,
  groups: z.array(groupName).max(100),
  createdBy: id,
  createdAt: timestamp,
  expiresAt: timestamp,
  usedAt: timestamp.nullable(),
  revokedAt: timestamp.nullable(),
});
export type Invitation = z.infer<typeof invitation>;
