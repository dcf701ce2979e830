import { z } from 'zod';
import {
  accessRule,
  balancing,
  gatewayEndpoint,
  headerRulesInput,
  healthCheck,
  hostname,
  id,
  label,
  network,
  port,
  principal,
  proxyProtocol,
  type Resource,
  resource,
  resourceLimits,
  resourceProtocol,
  targetAddress,
  timestamp,
} from '../entities/index.ts';

/** What callers of the API and writers of files pass in, and what the API shows beyond the bare entities. */

export const password = z.string().min(1).max(1024);

/** The access part of a request: plain passwords come in here and only their hashes go further. */
export const accessInput = z.strictObject({
  mode: accessRule.shape.mode,
  allow: z.array(principal).max(200).default([]),
  addresses: z.array(network).max(200).default([]),
  basic: z
    .array(
      z.strictObject({
        username: z
          .string()
          .min(1)
          .max(128)
          .regex(/^[^:\u0000-\u001f\u007f]+$/, 'no colon, no control characters'),
        password: z.string().min(1).max(256).optional().describe('absent: the one that is there stays'),
      }),
    )
    .max(20)
    .default([]),
  tokens: accessRule.shape.tokens,
});
export type AccessInput = z.infer<typeof accessInput>;

export const targetInput = z.strictObject({
  address: targetAddress,
  /** Device id or name of the agent behind which the target is; absent: the gateway dials it itself. */
  agent: z.string().min(1).max(120).nullable().default(null),
  /** Default: `http` for HTTP resources, else the resource's protocol. */
  protocol: z.enum(['http', 'https', 'tcp', 'udp']).optional(),
  weight: z.int().min(0).max(1000).default(1),
  healthCheck: healthCheck.nullable().default(null),
  tlsVerify: z.boolean().default(true),
  tlsServerName: hostname.nullable().default(null),
});

export const resourceInput = z.strictObject({
  name: label,
  protocol: resourceProtocol.default('http'),
  domains: z.array(hostname).max(100).default([]),
  port: port.nullable().default(null),
  access: accessInput.prefault({}),
  targets: z.array(targetInput).min(1).max(200),
  proxyProtocol: proxyProtocol.default('none'),
  /** HTTP alone. */
  headers: headerRulesInput.prefault({}),
  limits: resourceLimits.prefault({}),
  balancing: balancing.default('weighted'),
  enabled: z.boolean().default(true),
});
export type ResourceInput = z.infer<typeof resourceInput>;

/** What the API takes, from what it shows. Passwords and secrets are not shown; without one, the one that is there stays. */
export function resourceInputOf(shown: Resource): ResourceInput {
  const { name, protocol, domains, port, access, targets, proxyProtocol, headers, limits, balancing, enabled } = shown;
  return {
    ...{ name, protocol, domains, port, proxyProtocol, headers, limits, balancing, enabled },
    access: { ...access, basic: access.basic.map(({ username }) => ({ username })) },
    targets: targets.map(({ id: _, deviceId, ...target }) => ({ ...target, agent: deviceId })),
  };
}

/** The file of `zeronaut resources apply`. */
export const resourcesFile = z.strictObject({ resources: z.array(resourceInput).max(5000) });

export const serviceInput = z.strictObject({
  deviceId: id,
  /** Absent: a readable random name, the same one again for the same device, protocol and address. */
  name: label.optional(),
  protocol: resourceProtocol,
  /** As the agent sees it. Only shown to people; the agent itself decides what it dials. */
  address: targetAddress,
  /** `https` when the local service speaks TLS. */
  targetProtocol: z.enum(['http', 'https', 'tcp', 'udp']).optional(),
  port: port.optional(),
  access: accessInput.prefault({}),
  proxyProtocol: proxyProtocol.default('none'),
  headers: headerRulesInput.prefault({}),
  limits: resourceLimits.prefault({}),
});

export const serviceView = resource.extend({
  /** What a visitor opens: one per gateway. `https://name.base:8443` or `host:port`. */
  urls: z.array(z.string()),
  /** DNS records that a real domain needs, as zone-file lines. Empty for local base domains. */
  dns: z.array(z.string()),
  gateways: z.array(gatewayEndpoint),
  /** The agent that published it serves it now, at a gateway that is connected to the console. */
  connected: z.boolean(),
  lastEventAt: timestamp.nullable(),
});
export type ServiceView = z.infer<typeof serviceView>;
