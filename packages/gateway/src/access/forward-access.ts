import { deny, type Explanation, pass, type Reason, type SnapshotSite, type Verdict } from '@zeronaut/model';
import { anonymousFacts, matchDestination } from '@zeronaut/policy';
import type { Tables } from '../tables.ts';
import { decide } from './decide.ts';

/**
 * Access for `zeronaut forward`: may the user of this enrolled device reach this destination, and through which site.
 * The tunnel has proved the device before; here it must still be in the tables, and so must its user.
 */
export interface ForwardRequest {
  readonly deviceId: string;
  /** Where the device's tunnel comes from. */
  readonly address: string;
  readonly destination: { readonly host: string; readonly port: number };
  readonly nowMs: number;
  /** Whether a site can be used now. Among those that policy allows, a connected one is taken. */
  readonly connected: (site: SnapshotSite) => boolean;
}

export type ForwardDecision =
  | {
      readonly verdict: Verdict & { effect: 'pass' };
      readonly site: SnapshotSite;
      readonly explanation: Explanation | null;
    }
  | { readonly verdict: Verdict; readonly site: null; readonly explanation: Explanation | null };

export function decideForward(tables: Tables, request: ForwardRequest): ForwardDecision {
  // Not who it is, nor whether there is such a site: all that may have changed.
  if (request.nowMs >= tables.lease.endMs) return refused('access.snapshot_expired');
  const device = tables.devices.get(request.deviceId);
  if (device === undefined) return refused('access.device_unknown');
  if (device.pending) return refused('access.device_pending');
  const user = tables.users.get(device.userId) ?? null;
  if (user === null) return refused('access.user_disabled');
  if (user.organizationId !== device.organizationId) return refused('access.device_unknown');

  const facts = {
    ...anonymousFacts(device.organizationId, request.address),
    user,
    sessionState: 'valid',
  } as const;
  let reached = false;
  let allowed = false;
  let apart = false;
  let forbidden: { readonly reason: Reason; readonly explanation: Explanation } | null = null;
  for (const site of tables.sites.values()) {
    if (site.organizationId !== device.organizationId) continue;
    if (!matchDestination(site.destinations, request.destination.host, request.destination.port)) continue;
    reached = true;
    const { verdict, explanation } = decide(tables, {
      ...{ object: site, action: 'forward', facts, nowMs: request.nowMs, deviceId: device.id },
      destination: request.destination,
    });
    if (verdict.effect !== 'pass') {
      apart ||= verdict.reason === 'access.segments_apart';
      if (explanation !== null) {
        const approvalHelps = verdict.reason === 'access.approval_required';
        forbidden ??= { reason: approvalHelps ? verdict.reason : 'access.policy_forbids', explanation };
      }
      continue;
    }
    allowed = true;
    if (!request.connected(site)) continue;
    // What opened the door is the device's user; `public` and a listed address keep their own names.
    const reason: Reason = verdict.reason === 'access.session' ? 'access.device' : verdict.reason;
    return { verdict: pass(reason) as Verdict & { effect: 'pass' }, site, explanation };
  }
  if (allowed) return refused('forward.site_away');
  if (forbidden !== null) return { ...refused(forbidden.reason), explanation: forbidden.explanation };
  if (apart) return refused('access.segments_apart');
  return refused(reached ? 'forward.denied' : 'forward.no_site');
}

function refused(reason: Reason): ForwardDecision & { site: null } {
  return { verdict: deny(reason), site: null, explanation: null };
}
