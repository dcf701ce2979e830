import { createId, DENY_BY_DEFAULT, deny, Fault, isReason, type Target, type Verdict } from '@zeronaut/model';
import { ANONYMOUS, credentialId, type Downstream, type Flow, subjectName } from '../flow.ts';
import { flowEvent, rawStatus } from '../flow-event.ts';
import type { Choice } from '../rooms.ts';
import type { RawContext } from './raw-context.ts';

/** What TCP connections and UDP sessions on raw ports have in common: decide, dial, look again, record. */
export type RawProtocol = 'tcp' | 'udp';

/** A flow of a raw port, and what it holds until its end. */
export interface RawFlow extends Flow {
  choice: Choice | null;
  entered: boolean;
}

/** A flow as the caller's first bytes find it: at deny, with the resource of its port, if there is one. */
export function createRawFlow(context: RawContext, protocol: RawProtocol, downstream: Downstream): RawFlow {
  const tables = context.tables.get();
  const ports = protocol === 'tcp' ? tables.tcpPorts : tables.udpPorts;
  return {
    requestId: createId('request'),
    protocol,
    tables,
    startedAt: Date.now(),
    downstream,
    resource: ports.get(downstream.localPort) ?? null,
    subject: ANONYMOUS,
    verdict: DENY_BY_DEFAULT,
    explanation: null,
    targetId: '',
    bytesIn: 0,
    bytesOut: 0,
    choice: null,
    entered: false,
  };
}

/** Asks access and writes its answer into the flow. */
export function decideRawFlow(context: RawContext, flow: Flow): Verdict {
  if (flow.resource === null) {
    flow.verdict = deny('router.port_closed');
  } else {
    const { verdict, subject, explanation } = context.access.decide(flow);
    flow.explanation = explanation;
    flow.verdict = verdict;
    flow.subject = subject;
  }
  return flow.verdict;
}

/** The bounds of its resource, of what access has let in: last, because a place is taken here. */
export function limitRawFlow({ limiter }: RawContext, flow: RawFlow): Verdict {
  if (flow.verdict.effect !== 'pass' || flow.resource?.limits === undefined) return flow.verdict;
  if (limiter.take(flow) > 0) flow.verdict = deny('limit.rate');
  else if (limiter.enter(flow)) flow.entered = true;
  else flow.verdict = deny('limit.concurrent');
  return flow.verdict;
}

/** Whether an open flow would be let in now, under the tables and grants of this moment. */
export function stillAllowed(context: RawContext, flow: Flow): Verdict {
  const tables = context.tables.get();
  const ports = flow.protocol === 'tcp' ? tables.tcpPorts : tables.udpPorts;
  const resource = ports.get(flow.downstream.localPort);
  // Another resource may have taken the port; its caller never asked for that one.
  if (resource === undefined || resource.id !== flow.resource?.id) return deny('router.port_closed');
  const now: Flow = { ...flow, tables, resource, subject: ANONYMOUS, verdict: DENY_BY_DEFAULT };
  const verdict = decideRawFlow(context, now);
  if (verdict.effect !== 'pass') flow.explanation = now.explanation;
  return verdict;
}

/** Each attempt costs a connect timeout at worst; a caller on a raw port does not wait for more. */
const MAX_ATTEMPTS = 5;

/**
 * Connects to the first target that answers. Nothing of the caller has been forwarded yet, so any failure may be tried
 * on another target. Never rejects for a failure of the world.
 */
export async function connectTarget<Connection>(
  context: RawContext,
  flow: RawFlow,
  dial: (target: Target) => Promise<Connection>,
  isCancelled: () => boolean,
): Promise<{ connection: Connection; target: Target } | { connection: null; verdict: Verdict }> {
  const tried = new Set<string>();
  let failure: Verdict | null = null;
  while (tried.size < MAX_ATTEMPTS && !isCancelled()) {
    const choice = context.balancer.choose(flow, tried);
    if (choice.target === null) return { connection: null, verdict: failure ?? choice.verdict };
    const { target } = choice;
    leaveTarget(flow);
    flow.choice = choice;
    tried.add(target.id);
    flow.targetId = target.id;
    try {
      const connection = await dial(target);
      context.balancer.report(target, null);
      return { connection, target };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      context.balancer.report(target, error);
      failure = deny(isReason(error.code) ? error.code : 'target.dial_refused');
    }
  }
  return { connection: null, verdict: failure ?? deny('balancer.no_target') };
}

/** Streams to agents open without a round trip, so that a refused dial shows only later, as the stream's fault. */
export function reportLateFault(context: RawContext, flow: Flow, target: Target, fault: Fault): void {
  if (fault.side !== 'upstream' || flow.bytesOut > 0) return;
  context.balancer.report(target, fault);
  if (flow.verdict.effect === 'pass' && isReason(fault.code)) flow.verdict = deny(fault.code);
}

function leaveTarget(flow: RawFlow): void {
  flow.choice?.left();
  flow.choice = null;
}

/** The end of a flow, once: what it held is free, and the one event is written. */
export function endRawFlow(context: RawContext, flow: RawFlow): void {
  leaveTarget(flow);
  if (flow.entered) context.limiter.leave(flow);
  flow.entered = false;
  const { subject, verdict, downstream } = flow;
  context.observer.record(
    flowEvent(flow, {
      subject: subjectName(subject),
      credentialId: credentialId(subject),
      method: '',
      host: `:${downstream.localPort}`,
      path: '',
      status: rawStatus(verdict),
      durationMs: Math.max(0, Date.now() - flow.startedAt),
    }),
  );
}
