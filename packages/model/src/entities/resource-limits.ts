import { z } from 'zod';

/** At most `requests` of one source at once, and as many again over each `perSeconds`. */
export const requestRate = z.strictObject({
  requests: z.int().min(1).max(1_000_000),
  perSeconds: z.int().min(1).max(86_400).default(1),
});

/** What one resource may take of each gateway. Null: no bound of its own, those of the gateway's file count. */
export const resourceLimits = z.strictObject({
  concurrent: z
    .int()
    .min(1)
    .max(1_000_000)
    .nullable()
    .default(null)
    .describe('requests, connections or UDP flows at the same time, upgraded connections included'),
  bodyBytes: z
    .int()
    .min(0)
    .max(2 ** 40)
    .nullable()
    .default(null)
    .describe('the largest body of a request (HTTP)'),
  responseTimeoutMs: z
    .int()
    .min(100)
    .max(86_400_000)
    .nullable()
    .default(null)
    .describe('from the whole request to the head of the answer (HTTP), in place of what the file of the gateway says'),
  idleTimeoutMs: z
    .int()
    .min(1_000)
    .max(86_400_000)
    .nullable()
    .default(null)
    .describe('a connection (TCP, upgraded) or UDP flow without a byte, in place of what the file of the gateway says'),
  rate: requestRate.nullable().default(null).describe('requests or connections of one address, of one /64 in IPv6'),
});
export type ResourceLimits = z.infer<typeof resourceLimits>;

export const NO_LIMITS: ResourceLimits = Object.freeze({
  concurrent: null,
  bodyBytes: null,
  responseTimeoutMs: null,
  idleTimeoutMs: null,
  rate: null,
});

export function hasLimits(limits: ResourceLimits): boolean {
  return Object.values(limits).some((value) => value !== null);
}

/** Bounds that a raw port has no place for. */
export const HTTP_LIMITS = ['bodyBytes', 'responseTimeoutMs'] as const satisfies readonly (keyof ResourceLimits)[];

/**
 * Which of the targets that are well gets the next flow. `weighted`: in turns, by weight. `least-connections`: the one with the fewest open,
 * by weight. `source`: the same one for the same address (of one /64 in IPv6); when one is lost, only its share moves.
 */
export const balancing = z.enum(['weighted', 'least-connections', 'source']);
export type Balancing = z.infer<typeof balancing>;
