import { z } from 'zod';
import { id, timestamp } from './scalars.ts';

const count = z.int().min(0);

/** What a user or device did, as numbers. */
export const activityCounts = z.strictObject({
  requests: count,
  /** Denied on purpose. */
  refused: count,
  bytesIn: count,
  bytesOut: count,
});
export type ActivityCounts = z.infer<typeof activityCounts>;

export const activityPoint = activityCounts.extend({ at: timestamp });
export type ActivityPoint = z.infer<typeof activityPoint>;

export const activityRange = z.enum(['24h', '7d', '30d']);
export type ActivityRange = z.infer<typeof activityRange>;

const part = { requests: count, refused: count, lastAt: timestamp };

/**
 * How today compares with before. `median`: of the requests of those days among the fourteen before today (of UTC) that had any;
 * null: there were fewer than three, so nothing is usual yet.
 */
export const activityUsual = z.strictObject({ today: count, median: z.number().min(0).nullable(), days: count });

export const activity = z.strictObject({
  from: timestamp,
  to: timestamp,
  stepSeconds: z.int(),
  total: activityCounts,
  /** Different ones, of the days that the range touches. */
  different: z.strictObject({ resources: count, addresses: count, countries: count }),
  /** Without holes, oldest first; the last one is not over. */
  points: z.array(activityPoint),
  usual: activityUsual,
  /** The most used. `name` is empty for what is no longer there. */
  resources: z.array(z.strictObject({ id, name: z.string(), ...part })).max(10),
  addresses: z.array(z.strictObject({ address: z.string(), ...part })).max(10),
  /** Known where a policy asked for it. */
  countries: z.array(z.strictObject({ country: z.string(), ...part })).max(10),
});
export type Activity = z.infer<typeof activity>;

/** Somebody who does much more today than usual. */
export const activityDifference = z.strictObject({
  id,
  kind: z.enum(['user', 'device']),
  name: z.string(),
  today: count,
  median: z.number(),
  /** `today` through `median`, or through 1 where that is less. */
  times: z.number(),
});
export type ActivityDifference = z.infer<typeof activityDifference>;

/** How often a policy decided. */
export const policyHits = z.strictObject({
  policyId: id,
  /** Empty for what is no longer there. */
  name: z.string(),
  permitted: count,
  forbade: count,
  /** In report mode: it would have decided. */
  reported: count,
  lastAt: timestamp,
});
export type PolicyHits = z.infer<typeof policyHits>;
