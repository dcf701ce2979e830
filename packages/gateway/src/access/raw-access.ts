import { DENY_BY_DEFAULT, deny, type Reason } from '@zeronaut/model';
import { anonymousFacts } from '@zeronaut/policy';
import { ANONYMOUS, type Flow } from '../flow.ts';
import type { RawAccess } from '../rooms.ts';
import { decide, SNAPSHOT_EXPIRED } from './decide.ts';
import type { AddressGrants } from './grants.ts';

/** What lets in who authorised the address: the rule, a policy, an approved request. */
const LETS_IN: ReadonlySet<string> = new Set(['access.address_authorised', 'access.policy', 'access.granted']);

/** A policy closes the port, also to whom the rule would let in. */
const FORBIDDEN: ReadonlySet<Reason> = new Set<Reason>(['access.policy_forbids', 'access.approval_required']);

/** Access for TCP and UDP ports, which know nothing of a caller but the address: public, listed, or authorised. */
export function createRawAccess(grants: AddressGrants, now: () => number): RawAccess {
  return {
    decide(flow: Flow) {
      const { resource, tables } = flow;
      if (resource === null) return { verdict: DENY_BY_DEFAULT, subject: ANONYMOUS, explanation: null };
      const { address } = flow.downstream;
      const facts = anonymousFacts(resource.organizationId, address);
      const common = { object: resource, action: 'connect', nowMs: now() } as const;
      if (common.nowMs >= tables.lease.endMs) return { ...SNAPSHOT_EXPIRED, subject: ANONYMOUS };
      let refused: ReturnType<typeof decide> | null = null;
      // Several people may sit behind one address; any of them who may still use the port is enough.
      for (const user of resource.access.mode === 'public' ? [] : grants.usersAt(resource, address, tables)) {
        const decision = decide(tables, { ...common, facts: { ...facts, addressGrant: { user } } });
        const subject = { kind: 'address', userId: user.id } as const;
        if (LETS_IN.has(decision.verdict.reason)) return { ...decision, subject };
        const isForbidden = FORBIDDEN.has(decision.verdict.reason);
        if (decision.explanation !== null && (refused === null || isForbidden)) refused = decision;
      }
      const decision = decide(tables, { ...common, facts });
      switch (decision.verdict.reason) {
        case 'access.address':
          return { ...decision, subject: { kind: 'address', userId: null } };
        case 'access.public':
        case 'access.policy_forbids':
          return { ...decision, subject: ANONYMOUS };
        default: {
          // There is nobody to challenge on a raw port.
          const forbidden = refused !== null && FORBIDDEN.has(refused.verdict.reason) ? refused.verdict : null;
          const verdict = forbidden ?? deny('access.address_unknown');
          return { verdict, subject: ANONYMOUS, explanation: refused?.explanation ?? null };
        }
      }
    },
  };
}
