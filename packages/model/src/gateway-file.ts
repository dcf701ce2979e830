import { z } from 'zod';
import {
  balancing,
  headerRulesInput,
  healthCheck,
  hostname,
  label,
  network,
  port,
  portRange,
  proxyProtocol,
  resourceLimits,
  resourceProtocol,
  targetAddress,
} from './entities/index.ts';

/**
 * `gateway.yaml`. With `console`, resources come from there; without it, from this file alone.
 * Unknown keys are refused: a typing error must not silently open or close something.
 */
const listener = z.strictObject({
  /** Where to listen. `127.0.0.1:8443`, `[::]:8443`, `0.0.0.0:8443`. Port 0: any free one. */
  address: z
    .string()
    .max(300)
    .regex(/^(?:\[[0-9a-fA-F:.]+\]|[^:\s]+):\d{1,5}$/, 'address:port'),
  protocol: z.enum(['http', 'https']),
  /** Plain HTTP only: answer with a redirect to https (default true with a console, false without). */
  redirectToHttps: z.boolean().optional(),
});

const verificationKey = z.strictObject({
  /** PEM public key (Ed25519, EC or RSA), in the file or by path. */
  publicKey: z.string().max(8192).optional(),
  publicKeyFile: z.string().max(4096).optional(),
  audience: z.string().min(1).max(512),
  issuer: z.string().min(1).max(512).optional(),
});

export const gatewayFileTarget = z.strictObject({
  address: targetAddress,
  protocol: z.enum(['http', 'https', 'tcp', 'udp']).optional(),
  weight: z.int().min(0).max(1000).default(1),
  healthCheck: healthCheck.nullable().default(null),
  tlsVerify: z.boolean().default(true),
  tlsServerName: hostname.nullable().default(null),
});

export const gatewayFileResource = z.strictObject({
  name: label,
  protocol: resourceProtocol.default('http'),
  domains: z.array(hostname).max(100).default([]),
  port: port.nullable().default(null),
  /** `public`, or bearer tokens verified with a key. There is no default: nothing is public by omission. */
  access: z.union([
    z.literal('public'),
    z.strictObject({ addresses: z.array(network).min(1).max(200) }),
    z.strictObject({ verificationKey }),
  ]),
  targets: z.array(gatewayFileTarget).min(1).max(200),
  proxyProtocol: proxyProtocol.default('none'),
  headers: headerRulesInput.prefault({}),
  limits: resourceLimits.prefault({}),
  balancing: balancing.default('weighted'),
});

export const gatewayFile = z
  .strictObject({
    version: z.literal(1),
    listeners: z
      .array(listener)
      .max(20)
      .default([
        { address: '0.0.0.0:8443', protocol: 'https' },
        { address: '0.0.0.0:8000', protocol: 'http' },
      ]),
    /** Where agents dial; only with a console. */
    tunnel: z.strictObject({ address: listener.shape.address.default('0.0.0.0:8444') }).prefault({}),
    /** Health, metrics and reload. Loopback unless you know what you do. */
    management: z.strictObject({ address: listener.shape.address.default('127.0.0.1:9090') }).prefault({}),
    /** Interface that raw TCP and UDP ports are opened on. */
    rawAddress: z.string().max(60).default('0.0.0.0'),
    /** State: identity, snapshots, event spool. Default: `$ZERONAUT_HOME/gateway`. */
    dataDirectory: z.string().max(4096).optional(),
    /** Keys and certificates of your own, by host. */
    certificates: z
      .array(
        z.strictObject({
          hosts: z.array(hostname).min(1).max(100),
          certificateFile: z.string().max(4096),
          keyFile: z.string().max(4096),
        }),
      )
      .max(1000)
      .default([]),
    /**
     * In which country an address is, for policies: a file in the MaxMind DB format. Followed when it changes. Default:
     * `ZERONAUT_GATEWAY_GEO_FILE`, or else the dated one that comes with us.
     */
    geoFile: z.string().min(1).max(4096).optional(),
    /** Proxies in front of us, whose `Forwarded`/`X-Forwarded-*` are believed. */
    trustedProxies: z.array(network).max(100).default([]),
    console: z
      .strictObject({
        url: z.url({ protocol: /^https?$/ }),
        /** Enrolment token; needed only the first time. */
        token: z.string().max(200).optional(),
        tokenFile: z.string().max(4096).optional(),
        name: label.default('gateway'),
        region: label.default('default'),
        baseDomain: hostname,
        /** Address that visitors and agents use. Default: the base domain. */
        publicHost: z.string().max(253).optional(),
        portRange: portRange.default({ from: 20_000, to: 20_999 }),
      })
      .optional(),
    resources: z.array(gatewayFileResource).max(5000).default([]),
    limits: z
      .strictObject({
        maxConnections: z.int().min(1).max(1_000_000).default(20_000),
        headerTimeoutMs: z.int().min(100).max(600_000).default(15_000),
        idleTimeoutMs: z.int().min(100).max(3_600_000).default(75_000),
        upstreamConnectTimeoutMs: z.int().min(50).max(600_000).default(5_000),
        upstreamResponseTimeoutMs: z.int().min(100).max(86_400_000).default(120_000),
        tcpIdleTimeoutMs: z.int().min(1_000).max(86_400_000).default(3_600_000),
        udpIdleTimeoutMs: z.int().min(1_000).max(3_600_000).default(60_000),
      })
      .prefault({}),
  })
  .refine((file) => file.console === undefined || file.resources.length === 0, {
    message: 'with a console, resources are declared there',
    path: ['resources'],
  });
export type GatewayFile = z.infer<typeof gatewayFile>;
