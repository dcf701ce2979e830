import { z } from 'zod';
import { timestamp } from './scalars.ts';

const count = z.int().min(0);

/** Requests, connections and flows as numbers. `refused`: denied on purpose; `failed`: something was broken, or answered 500 and above. */
export const trafficCounts = z.strictObject({
  requests: count,
  refused: count,
  challenged: count,
  failed: count,
  bytesIn: count,
  bytesOut: count,
  /** Time until HTTP requests that passed were done, which half, 90 and 99 of 100 did not exceed (ms); null without any. */
  p50Ms: z.number().nullable(),
  p90Ms: z.number().nullable(),
  p99Ms: z.number().nullable(),
});
export type TrafficCounts = z.infer<typeof trafficCounts>;

export const trafficPoint = trafficCounts.extend({ at: timestamp });
export type TrafficPoint = z.infer<typeof trafficPoint>;

export const trafficRange = z.enum(['1h', '6h', '24h', '7d', '30d']);
export type TrafficRange = z.infer<typeof trafficRange>;

export const alarmKind = z.enum([
  'no_gateway',
  'gateway_offline',
  'gateway_expiring',
  'gateway_behind',
  'events_dropped',
  'target_unhealthy',
  'agent_away',
  'certificate_ending',
  'device_certificate_ending',
  'events_waiting',
  'sign_in_guessing',
  'refusal_burst',
  'policy_used',
  'audit_inconsistent',
  'audit_export_stuck',
]);
export type AlarmKind = z.infer<typeof alarmKind>;

/** Something that is wrong now. It is told from how things are, and gone when they are mended. */
export const alarm = z.strictObject({
  kind: alarmKind,
  severity: z.enum(['bad', 'warn']),
  object: z.strictObject({
    kind: z.enum(['organization', 'gateway', 'resource', 'device', 'user', 'policy', 'audit_export', 'address']),
    /** Of an address: itself. */
    id: z.string().max(64),
    name: z.string().max(120),
  }),
  /** Null: not known. */
  since: timestamp.nullable(),
  /** For a person: what exactly. */
  detail: z.string().max(300),
  /** The same, to be said in another language: a text of `alarm-texts.en.ts` and what is put into it. Null: there are these words alone. */
  said: z
    .strictObject({ text: z.string().max(40), values: z.record(z.string().max(40), z.union([z.string(), z.number()])) })
    .nullable(),
});
export type Alarm = z.infer<typeof alarm>;
