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
  /** How late 99 of 100 timers were at most (ms). This and what follows: absent where the gateway is too old to tell. */
  delayP99Ms: z.number().min(0).max(3_600_000).optional(),
  /** Of it, what the program's own objects take. */
  heapBytes: z.int().min(0).optional(),
  /** Upgraded connections, which are among `connections`. */
  websockets: z.int().min(0).optional(),
  tcpConnections: z.int().min(0).optional(),
  udpSessions: z.int().min(0).optional(),
  /** Forwards of clients to sites. */
  forwards: z.int().min(0).optional(),
  /** Of the event spool on its disk. */
  spoolBytes: z.int().min(0).optional(),
  /** Its file of countries. `failing`: the newest cannot be used, an older one is; `none`: there is none. Absent: not told. */
  countries: z.enum(['good', 'failing', 'none']).optional(),
});
export type GatewayLoad = z.infer<typeof gatewayLoad>;

/** One moment of a gateway, for charts. */
export const gatewayLoadPoint = z.strictObject({
  at: timestamp,
  cpuPercent: z.number(),
  memoryBytes: z.int(),
  delayMs: z.number(),
  connections: z.int(),
  rawFlows: z.int(),
  tunnels: z.int(),
  streams: z.int(),
});
export type GatewayLoadPoint = z.infer<typeof gatewayLoadPoint>;

/** A target that a gateway leaves out, by its health checks or as it refused connections. */
export const unhealthyTarget = z.strictObject({ resourceId: id, targetId: id });
export type UnhealthyTarget = z.infer<typeof unhealthyTarget>;
