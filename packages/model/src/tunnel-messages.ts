import { z } from 'zod';
import { accessEvent, address, hostPort, id, targetAddress } from './entities/index.ts';

/**
 * What a gateway and an enrolled device say to each other over one tunnel (mutual TLS 1.3, ALPN below). Streams carry
 * bytes; their opening header is one of `tunnelOpen*`. Messages carry the rest.
 */
export const TUNNEL_ALPN = 'zeronaut-tunnel/1';
/** Server name of a gateway's tunnel certificate. */
export function gatewayServerName(gatewayId: string): string {
  return `${gatewayId.replace('_', '-')}.gateway.zeronaut.internal`;
}
/** SAN URI in a device's certificate. */
export function deviceUri(organizationId: string, userId: string, deviceId: string): string {
  return `zeronaut://organization/${organizationId}/user/${userId}/device/${deviceId}`;
}
/** SAN URI in a gateway's certificate towards the console. */
export function gatewayUri(organizationId: string, gatewayId: string): string {
  return `zeronaut://organization/${organizationId}/gateway/${gatewayId}`;
}
export function parseDeviceUri(uri: string): { organizationId: string; userId: string; deviceId: string } | null {
  const match =
    /^zeronaut:\/\/organization\/(org_[0-9a-z]{26})\/user\/(usr_[0-9a-z]{26})\/device\/(dev_[0-9a-z]{26})$/.exec(uri);
  return match ? { organizationId: match[1]!, userId: match[2]!, deviceId: match[3]! } : null;
}
export function parseGatewayUri(uri: string): { organizationId: string; gatewayId: string } | null {
  const match = /^zeronaut:\/\/organization\/(org_[0-9a-z]{26})\/gateway\/(gw_[0-9a-z]{26})$/.exec(uri);
  return match ? { organizationId: match[1]!, gatewayId: match[2]! } : null;
}

/** Gateway to agent: connect this stream to a target. The agent dials only what it exposes or what its sites reach. */
export const openFromGateway = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('target'),
    resourceId: id,
    address: targetAddress,
    protocol: z.enum(['tcp', 'udp']),
    source: hostPort,
  }),
  z.strictObject({
    kind: z.literal('site'),
    siteId: id,
    destination: hostPort,
    protocol: z.enum(['tcp', 'udp']),
    source: z.string().max(200),
  }),
]);
export type OpenFromGateway = z.infer<typeof openFromGateway>;

/** Client to gateway: connect this stream to a destination that some site reaches, if policy lets this user. */
export const openFromClient = z.strictObject({
  kind: z.literal('forward'),
  destination: hostPort,
  protocol: z.enum(['tcp', 'udp']),
});
export type OpenFromClient = z.infer<typeof openFromClient>;

/** Each message is one UTF-8 JSON object. */
export const tunnelFromAgent = z.discriminatedUnion('type', [
  /** The full set that this agent serves now; replaces the set before. */
  z.strictObject({
    type: z.literal('bind'),
    resourceIds: z.array(id).max(5000),
    siteIds: z.array(id).max(500),
    softwareVersion: z.string().max(40),
  }),
  /** Send me the access events of these resources as they happen. */
  z.strictObject({ type: z.literal('watch'), resourceIds: z.array(id).max(5000) }),
]);
export type TunnelFromAgent = z.infer<typeof tunnelFromAgent>;

export const tunnelFromGateway = z.discriminatedUnion('type', [
  /** The resource or site is reachable through this gateway now. */
  z.strictObject({ type: z.literal('bound'), id }),
  z.strictObject({ type: z.literal('refused'), id, reason: z.string().max(64) }),
  z.strictObject({
    type: z.literal('access'),
    events: z.array(accessEvent.omit({ epoch: true, seq: true })).max(500),
    dropped: z.int().min(0),
  }),
  /** The gateway goes away; keep streams, open new ones elsewhere. */
  z.strictObject({ type: z.literal('draining') }),
  /** … and after all it does not. */
  z.strictObject({ type: z.literal('resumed') }),
  /** Where the gateway sees this client coming from. */
  z.strictObject({ type: z.literal('welcome'), gatewayId: id, address }),
]);
export type TunnelFromGateway = z.infer<typeof tunnelFromGateway>;
