import { z } from 'zod';

const count = z.int().min(0);

/** What would end if a thing were removed, and what would go on naming it. */
export const removal = z.strictObject({
  /** What ends at once. */
  ends: z.strictObject({
    /** Of a resource: who used it within the last day, and how often; of its newest 20,000 accesses. */
    visitors: count,
    accesses: count,
    /** Share links that still count. */
    shares: count,
    /** Access requests that wait or run. */
    accessRequests: count,
    /** Of a device: sessions of the command line that are bound to it. */
    sessions: count,
    /** Of a device, or of the one that serves a site: 1 while it has a tunnel. */
    tunnels: count,
    /** Of an identity provider: accounts that can sign in by it alone. */
    people: count,
  }),
  /** What is reached through it, and is not until something else serves it; at most 20 of a kind. */
  unreachable: z.array(z.strictObject({ kind: z.enum(['resource', 'site']), name: z.string() })),
  /** What goes on naming it, and then says nothing; at most 20 of a kind. */
  namedBy: z.array(z.strictObject({ kind: z.enum(['approval_rule', 'policy', 'assertion']), name: z.string() })),
});
export type Removal = z.infer<typeof removal>;
