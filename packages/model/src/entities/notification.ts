import { z } from 'zod';
import { email, id, label, timestamp } from './scalars.ts';
import { alarm, alarmKind } from './traffic.ts';

/** Who is told of alarms and of what waits for somebody's word, and how. */

/** What waits until somebody decides. It is told like an alarm and is none: nothing is wrong, and no incident comes of it. */
export const waitingKind = z.enum(['access_request_waiting', 'device_waiting']);
export const noticeKind = z.enum([...alarmKind.options, ...waitingKind.options]);
export type NoticeKind = z.infer<typeof noticeKind>;

/** One thing that is told: an alarm, or something that waits, whose severity is `info`. */
export const notice = alarm.extend({
  kind: noticeKind,
  severity: z.enum([...alarm.shape.severity.options, 'info']),
  object: alarm.shape.object.extend({ kind: z.enum([...alarm.shape.object.shape.kind.options, 'access_request']) }),
});
export type Notice = z.infer<typeof notice>;

export function isWaiting({ kind }: Pick<Notice, 'kind'>): boolean {
  return (waitingKind.options as readonly NoticeKind[]).includes(kind);
}

const url = z
  .string()
  .max(1024)
  .regex(/^https?:\/\//, 'a URL that begins with https://');

const webhook = z.strictObject({ kind: z.literal('webhook'), url });
const mail = z.strictObject({ kind: z.literal('mail'), to: z.array(email).min(1).max(10) });

/** Alarms that come and go with people's own machines are told only where somebody asks for them. */
export const toldKinds = z
  .array(noticeKind)
  .min(1)
  .max(30)
  .default([
    'no_gateway',
    'gateway_offline',
    'gateway_expiring',
    'gateway_behind',
    'events_dropped',
    'target_unhealthy',
    'certificate_ending',
    'events_waiting',
    'sign_in_guessing',
    'policy_used',
    'audit_inconsistent',
    'audit_export_stuck',
    'access_request_waiting',
    'device_waiting',
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
  kinds: toldKinds,
});
export type NotificationInput = z.infer<typeof notificationInput>;

/** What is absent stays: of a channel its URL, of a webhook its key, which nobody can read to send them again. */
export const notificationChange = z.strictObject({
  name: label.optional(),
  settings: notificationInput.shape.settings.optional(),
  /** Null: none any more. */
  secret: notificationInput.shape.secret.unwrap().optional(),
  kinds: toldKinds.unwrap().optional(),
});
export type NotificationChange = z.infer<typeof notificationChange>;

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
  kinds: z.array(noticeKind),
  version: z.int().min(1),
  createdAt: timestamp,
  lastDeliveredAt: timestamp.nullable(),
  /** In a row; 0 when the last one was taken. */
  failures: z.int().min(0),
  lastError: z.string().max(500).nullable(),
});
export type Notification = z.infer<typeof notification>;
