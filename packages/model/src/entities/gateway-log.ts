import { z } from 'zod';
import { LOG_LEVELS } from '../log-levels.ts';
import { timestamp } from './scalars.ts';

export const logLevel = z.enum(LOG_LEVELS);

/** One line of a gateway's log. Secrets were left out where it was written. */
export const logLine = z.strictObject({
  at: timestamp,
  level: logLevel,
  message: z.string().max(1_000),
  /** What belongs to it: JSON of an object, cut where it is too long. */
  fields: z.string().max(2_000),
});
export type LogLine = z.infer<typeof logLine>;
