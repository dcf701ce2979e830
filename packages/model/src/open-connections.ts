import type { GatewayLoad } from './entities/gateway-status.ts';

/** Open connections of visitors of every kind. Without schemas, as the web console counts them too. */
export function openConnections(load: GatewayLoad): number {
  return load.connections + (load.tcpConnections ?? 0) + (load.udpSessions ?? 0);
}
