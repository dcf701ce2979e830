import { z } from 'zod';
import { timestamp } from './scalars.ts';

const count = z.int().min(0);

/** What would end if a thing were removed, and what would go on naming it. */
export const removal = z.strictObject({
  /** What ends at once. */
  ends: z.strictObject({
    /** Of a resource: who used it within the last day, and how often; of its newest 20,000 accesses. Of an access request: by whoever asked. */
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
    /** Of a service account: keys that still open something. */
    apiKeys: count,
    /** Of a service account: the issuers whose tokens are taken for it. */
    workloadTrusts: count,
    /** Of a service account or a workload trust: access tokens that have not run out. */
    tokens: count,
    /** Of an API key: what it changed within the last day, as the audit log has it; of its newest 20,000 entries. */
    changes: count,
    /** Of a relying party: people of whom it holds tokens. */
    signedIn: count,
    /** Of a relying party: people who allowed it to sign them in. */
    consents: count,
  }),
  /** Of what is shown to sign in or to call, and of an approval: when last, where that is known. Null: never, or of something else. */
  lastUsedAt: timestamp.nullable(),
  /** What is reached through it, and is not until something else serves it; at most 20 of a kind. */
  unreachable: z.array(z.strictObject({ kind: z.enum(['resource', 'site']), name: z.string() })),
  /** What goes on naming it, and then says nothing; at most 20 of a kind. */
  namedBy: z.array(
    z.strictObject({ kind: z.enum(['resource', 'site', 'approval_rule', 'policy', 'assertion']), name: z.string() }),
  ),
});
export type Removal = z.infer<typeof removal>;
