import { REASONS, type Verdict } from '@zeronaut/model';
import type { Flow } from './flow.ts';
import type { Observer } from './rooms.ts';
import { isoTime } from './wall-clock.ts';

/** What a flow has of itself when it ends; a forward is none, and has just this. */
export type EndedFlow = Pick<
  Flow,
  | 'requestId'
  | 'protocol'
  | 'tables'
  | 'startedAt'
  | 'resource'
  | 'verdict'
  | 'explanation'
  | 'targetId'
  | 'bytesIn'
  | 'bytesOut'
> & { readonly downstream: Pick<Flow['downstream'], 'address'> };

type RecordedEvent = Parameters<Observer['record']>[0];
/** What each kind of flow tells in its own way. */
type OwnParts = Pick<RecordedEvent, 'subject' | 'credentialId' | 'method' | 'host' | 'path' | 'status' | 'durationMs'>;

/** The one access event of a flow, whichever way it took through the gateway. */
export function flowEvent(flow: EndedFlow, own: OwnParts): RecordedEvent {
  const { resource, tables, verdict, explanation } = flow;
  return {
    at: isoTime(flow.startedAt),
    requestId: flow.requestId,
    organizationId: resource === null ? tables.snapshot.organizationId : resource.organizationId,
    resourceId: resource === null ? null : resource.id,
    protocol: flow.protocol,
    effect: verdict.effect,
    reason: verdict.reason,
    subject: own.subject,
    credentialId: own.credentialId,
    sourceAddress: flow.downstream.address,
    method: own.method,
    host: own.host,
    path: own.path,
    status: own.status,
    bytesIn: flow.bytesIn,
    bytesOut: flow.bytesOut,
    durationMs: own.durationMs,
    targetId: flow.targetId,
    snapshotVersion: tables.version,
    ...(explanation !== null && { explanation }),
  };
}

/** Of what is no HTTP: 0 when it was let through, else that of the reason. */
export function rawStatus({ effect, reason }: Verdict): number {
  return effect === 'pass' ? 0 : REASONS[reason].status;
}
