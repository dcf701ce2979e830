import { z } from 'zod';
import { email, id, label, timestamp } from './scalars.ts';
import { alarmKind } from './traffic.ts';

/** Who is told of alarms, and how. */

const url = z
  .string()
  .max(1024)
  .regex(/^https?:\/\//, 'a URL that begins with https://');

const webhook = z.strictObject({ kind: z.literal('webhook'), url });
const mail = z.strictObject({ kind: z.literal('mail'), to: z.array(email).min(1).max(10) });

/** Alarms that come and go with people's own machines are told only where somebody asks for them. */
const told = z
  .array(alarmKind)
  .min(1)
  .max(20)
  .default([
    'no_gateway',
    'gateway_offline',
    'gateway_behind',
    'events_dropped',
    'target_unhealthy',
    'certificate_ending',
    'events_waiting',
    'sign_in_guessing',
    'policy_used',
    'audit_inconsistent',
    'audit_export_stuck',
  ]);

export const notificationInput = z.strictObject({
  name: label,
  settings: z.discriminatedUnion('kind', [
    webhook,
    /** An incoming webhook as Slack has them, and others after it. Its URL is a secret, and never given out. */
    z.strictObject({ kind: z.literal('slack'), url }),
    mail,
  ]),
  /** Of a webhook: the key of the signature that each message carries. Sealed, and never given out. */
  secret: z.string().min(16).max(256).nullable().default(null),
  alarms: told,
});
export type NotificationInput = z.infer<typeof notificationInput>;

export const notification = z.strictObject({
  id,
  organizationId: id,
  /** Unique in the organization. */
  name: label,
  settings: z.discriminatedUnion('kind', [
    webhook,
    z.strictObject({ kind: z.literal('slack'), host: z.string().max(253) }),
    mail,
  ]),
  hasSecret: z.boolean(),
  alarms: z.array(alarmKind),
  createdAt: timestamp,
  lastDeliveredAt: timestamp.nullable(),
  /** In a row; 0 when the last one was taken. */
  failures: z.int().min(0),
  lastError: z.string().max(500).nullable(),
});
export type Notification = z.infer<typeof notification>;
