import { z } from 'zod';
import { address, id, label, timestamp } from './scalars.ts';

/** Address grant: a signed-in user opened raw ports for one source address until `expiresAt`. Made and kept by the gateway. */
export const addressGrant = z.strictObject({
  id,
  organizationId: id,
  resourceId: id,
  userId: id,
  sessionId: id,
  address,
  createdAt: timestamp,
  expiresAt: timestamp,
});
export type AddressGrant = z.infer<typeof addressGrant>;

/**
 * `expired`: its time was over. `extended`: another one of the same person took its place. `revoked`: the person ended it on the portal.
 * `gone`: the session, user or resource that it rested on is, or the console ended it.
 */
export const addressGrantEnd = z.enum(['expired', 'extended', 'revoked', 'gone']);
export type AddressGrantEnd = z.infer<typeof addressGrantEnd>;

/** What a gateway tells its console of one. */
export const reportedAddressGrant = addressGrant.omit({ organizationId: true }).extend({
  /** Null: it counts there. */
  ended: z.strictObject({ at: timestamp, why: addressGrantEnd }).nullable(),
});
export type ReportedAddressGrant = z.infer<typeof reportedAddressGrant>;

/** One as the console knows it. */
export const addressGrantView = z.strictObject({
  id,
  organizationId: id,
  userId: id,
  resourceId: id,
  resource: label.nullable().describe('its name; null: it was removed'),
  gatewayId: id,
  gateway: label.describe('where it was authorised, and where alone it counts'),
  sessionId: id,
  address,
  createdAt: timestamp,
  expiresAt: timestamp,
  endedAt: timestamp.nullable().describe('before its time: by its person, an administrator, or with its session'),
});
export type AddressGrantView = z.infer<typeof addressGrantView>;
