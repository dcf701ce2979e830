import { z } from 'zod';
import { id, timestamp } from './scalars.ts';

/** How much a gateway has to do, by its own word. */
export const gatewayLoad = z.strictObject({
  startedAt: timestamp,
  /** Of visitors, over HTTP. */
  connections: z.int().min(0),
  tunnels: z.int().min(0),
  /** Open in tunnels. */
  streams: z.int().min(0),
  /** Since the last report, 100: one core. */
  cpuPercent: z.number().min(0).max(100_000),
  memoryBytes: z.int().min(0),
  /** How late timers were since the last report, at most (ms): the time that a request may have waited for others. */
  delayMs: z.number().min(0),
  /** Events that the console has not stored yet, and those that were lost to a full disk. */
  eventsWaiting: z.int().min(0),
  eventsDropped: z.int().min(0),
  /** Its file of countries. `failing`: the newest cannot be used, an older one is; `none`: there is none. Absent: not told. */
  countries: z.enum(['good', 'failing', 'none']).optional(),
});
export type GatewayLoad = z.infer<typeof gatewayLoad>;

/** A target that a gateway leaves out, by its health checks or as it refused connections. */
export const unhealthyTarget = z.strictObject({ resourceId: id, targetId: id });
export type UnhealthyTarget = z.infer<typeof unhealthyTarget>;
