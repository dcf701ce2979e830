import { z } from 'zod';
import { id, label, timestamp } from './scalars.ts';

/** Who may decide requests: an e-mail address, `group:name` or `role:name`. */
export const approver = z
  .string()
  .max(254)
  .regex(/^(?:group:[^\s,]+|role:[a-z0-9-]{1,63}|[^\s,@:]+@[^\s,@]+)$/, {
    error: 'an e-mail address, group:name or role:name',
  });

export const approvalRuleInput = z.strictObject({
  approvers: z.array(approver).min(1).max(50),
  /** How many of them have to approve (n of m). */
  needed: z.int().min(1).max(10).default(1),
  /** The longest time that can be asked for. 30 days at most. */
  maxMinutes: z.int().min(5).max(43_200).default(480),
});
export type ApprovalRuleInput = z.infer<typeof approvalRuleInput>;

/** Who decides requests for one resource or site. */
export const approvalRule = z.strictObject({
  ...approvalRuleInput.shape,
  objectId: id,
  object: label,
  version: z.int().min(1),
});
export type ApprovalRule = z.infer<typeof approvalRule>;

/**
 * `pending`: waits for approvals. `approved`: counts until `endsAt`. `refused`: one approver said no. `cancelled`: by whoever
 * asked. `expired`: nobody decided in time. `ended`: its time is over, or somebody ended it.
 */
export const accessRequestStatus = z.enum(['pending', 'approved', 'refused', 'cancelled', 'expired', 'ended']);
export type AccessRequestStatus = z.infer<typeof accessRequestStatus>;

/** A user asks to reach one resource or site for a while. */
export const accessRequest = z.strictObject({
  id,
  organizationId: id,
  userId: id,
  email: z.string(),
  objectId: id,
  object: label,
  kind: z.enum(['resource', 'site']),
  reason: z.string(),
  minutes: z.int().min(1),
  status: accessRequestStatus,
  /** Approvals that are needed, by the rule as it is now or was when it was decided. */
  needed: z.int().min(1),
  decisions: z.array(
    z.strictObject({
      userId: id,
      email: z.string(),
      effect: z.enum(['approve', 'refuse']),
      note: z.string(),
      at: timestamp,
    }),
  ),
  mine: z.boolean().describe('whether the caller asked for it'),
  decidable: z.boolean().describe('whether the caller may decide it now'),
  createdAt: timestamp,
  /** When it lapses if nobody decides. */
  closesAt: timestamp,
  /** When access ends or ended; null: it was never given. */
  endsAt: timestamp.nullable(),
});
export type AccessRequest = z.infer<typeof accessRequest>;

export const accessRequestInput = z.strictObject({
  /** Name or id of a resource or site. */
  object: z.string().min(1).max(64),
  minutes: z.int().min(5).max(43_200).default(60),
  /** For whoever decides, and the audit log. */
  reason: z.string().trim().min(1).max(500),
});
export type AccessRequestInput = z.infer<typeof accessRequestInput>;
