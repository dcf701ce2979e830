import { z } from 'zod';
import { language } from './language.ts';
import { noticeKind, toldKinds } from './notification.ts';
import { id, timestamp } from './scalars.ts';

const base64url = (bytes: number) =>
  z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/)
    .length(Math.ceil((bytes * 4) / 3));

/** What a browser says of a subscription (Push API, `PushSubscription.toJSON`). */
export const pushSubscriptionInput = z.strictObject({
  /** Where its push service takes messages for it; who knows it can have it ring. */
  endpoint: z
    .string()
    .max(1024)
    .regex(/^https?:\/\//, 'a URL that begins with https://'),
  keys: z.strictObject({
    /** The browser's key: P-256, uncompressed (RFC 8291, 2). */
    p256dh: base64url(65),
    auth: base64url(16),
  }),
  /** Of what the person wants to be told; default: as channels are. They are told of none that is not for them to see, or to decide. */
  kinds: toldKinds.unwrap().optional(),
  /** That the messages are written in; null: the organization's. */
  language: language.nullable().default(null),
});
export type PushSubscriptionInput = z.infer<typeof pushSubscriptionInput>;

/** A browser that is told of alarms and of what waits, for as long as the session lasts in which that was wished. */
export const pushSubscription = z.strictObject({
  id,
  sessionId: id,
  /** Of the push service. The rest of the address is never given out. */
  host: z.string().max(253),
  userAgent: z.string().max(300),
  kinds: z.array(noticeKind),
  createdAt: timestamp,
  lastDeliveredAt: timestamp.nullable(),
  /** In a row; 0 when the last one was taken. */
  failures: z.int().min(0),
  lastError: z.string().max(500).nullable(),
});
export type PushSubscriptionView = z.infer<typeof pushSubscription>;
