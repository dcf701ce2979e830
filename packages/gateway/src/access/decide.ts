import { deny, type FactorKind, type SnapshotResource, type SnapshotSite } from '@zeronaut/model';
import {
  type AccessDecision,
  type AccessFacts,
  type Circumstances,
  type DeviceFacts,
  decideAccess,
  httpAction,
  type PolicyAction,
} from '@zeronaut/policy';
import type { RequestHead } from '../http/request-head.ts';
import type { Tables } from '../tables.ts';

/** What a session says of the sign-in behind it. Absent where there is none, or it is older than these claims. */
export interface SessionFactors {
  readonly factors: readonly FactorKind[];
  readonly atMs: number;
}

/** One request for access, as far as the access room knows it. */
export interface AccessAttempt {
  readonly object: SnapshotResource | SnapshotSite;
  readonly action: PolicyAction;
  readonly facts: AccessFacts;
  readonly nowMs: number;
  readonly session?: SessionFactors | null;
  readonly deviceId?: string | null;
  readonly http?: Circumstances['http'];
  readonly destination?: Circumstances['destination'];
}

/** Of everything, once the console was not heard from for longer than it allows. */
export const SNAPSHOT_EXPIRED: AccessDecision = Object.freeze({
  verdict: Object.freeze(deny('access.snapshot_expired')),
  explanation: null,
});

/** The decision on it under these tables: rule, policies, risk and approved requests. The one place where they meet. */
export function decide(tables: Tables, attempt: AccessAttempt): AccessDecision {
  const { object, action, facts, nowMs } = attempt;
  if (nowMs >= tables.lease.endMs) return SNAPSHOT_EXPIRED;
  return decideAccess(tables.policies, {
    object,
    action,
    facts,
    circumstances(by) {
      const userId = (facts.personalAccessToken?.user ?? facts.user ?? facts.addressGrant?.user)?.id ?? '';
      return {
        address: facts.address,
        get country() {
          return tables.countries.of(facts.address);
        },
        nowMs,
        timeZone: tables.snapshot.timeZone,
        risk: riskOf(tables, userId, nowMs),
        factors: attempt.session?.factors ?? [],
        factorsAtMs: attempt.session?.atMs ?? null,
        by,
        granted: isGranted(tables, userId, object.id, nowMs),
        device: deviceFacts(tables, attempt.deviceId ?? null, nowMs),
        http: attempt.http ?? null,
        destination: attempt.destination ?? null,
        gateway: tables.gateway,
      };
    },
  });
}

/** What a request wants, in the words of policies. Without a head it is a connection to a raw port. */
export function requestFacts(head: RequestHead | null): Pick<AccessAttempt, 'action' | 'http'> {
  if (head === null) return { action: 'connect', http: null };
  const { method, host, path } = head;
  return { action: httpAction(method, head.upgrade !== null), http: { method, host, path } };
}

function isGranted(tables: Tables, userId: string, objectId: string, nowMs: number): boolean {
  const grants = tables.accessGrants.get(userId);
  return grants?.some((grant) => grant.objectId === objectId && Date.parse(grant.expiresAt) > nowMs) === true;
}

function riskOf(tables: Tables, id: string, nowMs: number): number {
  const risk = tables.risks.get(id);
  return risk === undefined || (risk.expiresAt !== undefined && Date.parse(risk.expiresAt) <= nowMs) ? 0 : risk.score;
}

function deviceFacts(tables: Tables, deviceId: string | null, nowMs: number): DeviceFacts | null {
  const device = deviceId === null ? undefined : tables.devices.get(deviceId);
  if (device === undefined) return null;
  const { id, segments = [], posture = null } = device;
  return { id, segments, risk: riskOf(tables, id, nowMs), posture };
}
