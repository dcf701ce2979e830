import { z } from 'zod';
import { id, timestamp } from './scalars.ts';
import { alarm } from './traffic.ts';

/** Kinds that stay open until a person closes them: what happened is over at once, and has to be looked at all the same. */
export const CLOSED_BY_HAND = ['policy_used', 'audit_inconsistent'] as const;

/** An alarm from when it came until it was gone. Kept for 90 days after that. */
export const incident = alarm.omit({ since: true }).extend({
  id,
  organizationId: id,
  openedAt: timestamp,
  lastSeenAt: timestamp,
  /** Null: it is open. */
  closedAt: timestamp.nullable(),
  /** Id of a user; null: it closed by itself, or is open. */
  closedBy: id.nullable(),
  /** How often it came: the same again within an hour of its end is the same incident. */
  count: z.int().min(1),
  acknowledgedAt: timestamp.nullable(),
  acknowledgedBy: id.nullable(),
  /** What whoever acknowledged or closed it wrote last. */
  note: z.string().max(500),
});
export type Incident = z.infer<typeof incident>;

export const incidentNote = z.strictObject({ note: z.string().trim().max(500).default('') });
