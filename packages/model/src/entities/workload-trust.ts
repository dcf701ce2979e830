import { z } from 'zod';
import { displayName, id, publicJwk, timestamp } from './scalars.ts';
import { scopes } from './scope.ts';

/** `*` stands for any run of characters, also none; everything else for itself. */
export const workloadPattern = z.string().min(1).max(500);

const issuer = z
  .url({ protocol: /^https?$/ })
  .max(500)
  .describe('exactly as the tokens say it in `iss`');

export const workloadTrustInput = z
  .strictObject({
    name: displayName,
    /** Its tokens are exchanged for those of this service account. */
    serviceAccountId: id,
    issuer,
    /** Null: from the discovery document of the issuer. */
    jwksUri: z
      .url({ protocol: /^https?$/ })
      .max(500)
      .nullable()
      .default(null),
    /** Keys that are known here; then nothing is fetched. */
    keys: z.array(publicJwk).min(1).max(20).nullable().default(null),
    /** What the token must have in `aud`. Null: `<console>/workload/<id of the trust>`, which no other trust has. */
    audience: z.string().min(1).max(500).nullable().default(null),
    subject: workloadPattern.describe('pattern of `sub`, such as repo:acme/app:ref:refs/heads/*'),
    /** Further claims by name, or by JSON pointer where they lie deeper, each with the pattern that it must match. */
    claims: z.record(z.string().min(1).max(200), workloadPattern).default({}),
    /** What the access token may do at most; null: everything that the role of the service account allows. */
    scopes: scopes.nullable().default(null),
    tokenSeconds: z.int().min(60).max(3_600).default(900).describe('life of an access token'),
    maxUses: z.int().min(1).max(1_000).default(1).describe('how often one and the same token is exchanged'),
  })
  .refine(
    ({ subject, claims }) => !/^\**$/.test(subject) || Object.values(claims).some((pattern) => !/^\**$/.test(pattern)),
    'a subject pattern that matches everything needs a claim that does not',
  );
export type WorkloadTrustInput = z.infer<typeof workloadTrustInput>;

/** Which tokens of another issuer (CI, Kubernetes) count here, and as whom. */
export const workloadTrust = z.strictObject({
  ...workloadTrustInput.shape,
  id,
  organizationId: id,
  audience: z.string(),
  createdAt: timestamp,
  lastUsedAt: timestamp.nullable(),
  revokedAt: timestamp.nullable(),
});
export type WorkloadTrust = z.infer<typeof workloadTrust>;
