import type { AuditEntry } from '@zeronaut/model';

/** What entries of `policy.would_refuse` come to for one policy. */
export interface WouldRefuse {
  readonly policyId: string;
  /** As it was called then. */
  readonly name: string;
  /** Entries: the same credential and permission is one of them an hour. */
  readonly count: number;
  readonly permissions: readonly string[];
  readonly actors: readonly string[];
  readonly lastAt: string;
}

type Told = Pick<AuditEntry, 'objectId' | 'actor' | 'after' | 'at'>;

/** Entries newest first; so are the policies. */
export function countByPolicy(entries: readonly Told[]): WouldRefuse[] {
  const byPolicy = Map.groupBy(entries, ({ objectId }) => objectId);
  return [...byPolicy].map(([policyId, told]) => {
    const facts = told.map(
      ({ after }) => (after ?? {}) as { readonly policy?: unknown; readonly permission?: unknown },
    );
    const texts = (of: readonly unknown[]) => [...new Set(of.filter((one) => typeof one === 'string' && one !== ''))];
    return {
      policyId,
      name: String(facts[0]!.policy ?? policyId),
      count: told.length,
      permissions: (texts(facts.map(({ permission }) => permission)) as string[]).sort(),
      actors: texts(told.map(({ actor }) => actor.name)) as string[],
      lastAt: told[0]!.at,
    };
  });
}
