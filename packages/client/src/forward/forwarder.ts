import type { Fault } from '@zeronaut/model';
import type { MuxStream } from '@zeronaut/tunnel';
import type { TunnelSet } from '../agent/tunnel-set.ts';
import type { ForwardRule } from './rule.ts';

/** A local connection, or a UDP flow, on its way through a gateway. */
export interface ForwardedConnection {
  readonly number: number;
  readonly rule: ForwardRule;
  readonly protocol: 'tcp' | 'udp';
  /** Who connected here. */
  readonly source: string;
  readonly startedAt: number;
  bytesIn: number;
  bytesOut: number;
}

export interface ForwardHooks {
  onOpen(connection: ForwardedConnection, gateway: string): void;
  /** `fault` is null after an orderly end. Its code is the gateway's reason when that refused. */
  onClose(connection: ForwardedConnection, fault: Fault | null): void;
}

export interface ForwardListener {
  /** Where it listens: with the port that was found where 0 was asked for. */
  readonly address: string;
  readonly openCount: number;
  close(): Promise<void>;
}

/** How long a connection waits for a tunnel before it is given up. */
export const TUNNEL_WAIT_MS = 10_000;

/** A stream through the gateway that is up, or null after `TUNNEL_WAIT_MS` without one. */
export async function openForward(
  tunnels: TunnelSet,
  rule: ForwardRule,
  protocol: 'tcp' | 'udp',
): Promise<{ stream: MuxStream; gateway: string } | null> {
  const link = tunnels.links()[0] ?? (await tunnels.waitForLink(TUNNEL_WAIT_MS));
  if (link === null) return null;
  const header = Buffer.from(JSON.stringify({ kind: 'forward', destination: rule.remote, protocol }));
  return { stream: link.session.openStream(header), gateway: link.endpoint.name };
}
