import { z } from 'zod';
import { port } from './scalars.ts';

/** A TCP port that something listens on, on the machine of an agent that was told to look. */
export const discoveredService = z.strictObject({
  port,
  /** `loopback`: only the machine itself reaches it. */
  scope: z.enum(['loopback', 'any']),
  /** As the agent's machine dials it. */
  address: z.string().regex(/^(?:127\.0\.0\.1|\[::1\]):\d{1,5}$/),
  /** What listens; null: not readable. */
  process: z
    .string()
    .regex(/^[\x20-\x7e]{1,64}$/)
    .nullable(),
  /** By its port alone: nothing was asked. */
  guess: z.enum(['http', 'https', 'tcp']),
});
export type DiscoveredService = z.infer<typeof discoveredService>;
