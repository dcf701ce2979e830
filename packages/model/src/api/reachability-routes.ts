import { z } from 'zod';
import {
  accessAnswer,
  accessQuestion,
  assumedCircumstances,
  balancing,
  branding,
  brandingView,
  displayName,
  gateway,
  gatewayLoad,
  gatewayLoadPoint,
  headerRules,
  id,
  label,
  language,
  logLevel,
  logLine,
  ownOrganization,
  resourceLimits,
  snapshotMaxAgeSeconds,
  target,
  timestamp,
  timeZone,
  unhealthyTarget,
} from '../entities/index.ts';
import { LOG_KEPT_LINES } from '../log-levels.ts';
import { defineRoutes } from './route.ts';
import { byId, byIdOrName, listedIds } from './route-parts.ts';

/** How long what is open at a gateway goes on while it is drained, where nobody says otherwise. */
const DRAIN_GRACE_SECONDS = 3_600;

const named = z.strictObject({ id, name: label });

export const dnsRecord = z.strictObject({
  /** Without a dot at the end. `*.` stands for every name below. */
  name: z.string(),
  type: z.enum(['A', 'AAAA', 'CNAME']),
  value: z.string(),
  gateway: named,
  /** `right`: the name leads to it. `wrong`: it leads elsewhere. `unknown`: DNS did not answer, or was asked too often. */
  state: z.enum(['right', 'wrong', 'missing', 'unknown']),
  /** Where the name leads now. Addresses of networks that are not public are not told, but those that were wanted. */
  found: z.array(z.string()),
});
export type DnsRecord = z.infer<typeof dnsRecord>;

export const reachabilityRoutes = defineRoutes({
  'resources.test': {
    tag: 'resources',
    permission: 'policies:read',
    method: 'POST',
    path: '/api/v1/resources/test',
    summary: 'What would happen to a request: which resource, which targets, which verdict and why',
    status: 200,
    body: z.strictObject({
      url: z
        .string()
        .max(2_000)
        .describe('https://host/path, or tcp://host:port and udp://host:port; the scheme https:// may be left out'),
      method: z
        .string()
        .regex(/^[A-Z]{1,20}$/)
        .default('GET'),
      user: accessQuestion.shape.user.default(null),
      circumstances: assumedCircumstances.default({}),
    }),
    response: z.strictObject({
      host: z.string(),
      port: z.int().nullable(),
      path: z.string(),
      /** What the host, or the port, leads to. `disabled`: there is a resource, and it is switched off. */
      match: z.enum(['name', 'domain', 'wildcard', 'port', 'portal', 'disabled', 'none']),
      resource: named.nullable(),
      /** The gateways that answer to it. */
      gateways: z.array(z.strictObject({ ...named.shape, connected: gateway.shape.connected })).max(1_000),
      targets: z.array(target),
      /** What is changed on the way; null where there is no resource. */
      headers: headerRules.nullable(),
      /** What is bounded, and how the target is chosen; null where there is no resource. */
      limits: resourceLimits.nullable(),
      balancing: balancing.nullable(),
      /** Null where there is no resource to decide about. */
      answer: accessAnswer.nullable(),
      reason: z.string(),
      title: z.string(),
      next: z.string(),
    }),
  },
  'resources.checkDns': {
    tag: 'resources',
    permission: 'resources:read',
    resource: 'params.id',
    method: 'GET',
    path: '/api/v1/resources/:id/dns',
    summary: 'The DNS records that lead to a resource, and whether they are there now',
    status: 200,
    params: byIdOrName,
    response: z.strictObject({ records: z.array(dnsRecord) }),
  },
  'resources.health': {
    tag: 'resources',
    permission: 'resources:read',
    method: 'GET',
    path: '/api/v1/resources/health',
    summary: 'Whether the targets of up to 100 resources can be reached, by what connected gateways say',
    status: 200,
    query: z.strictObject({ ids: listedIds }),
    response: z.strictObject({
      items: z.array(
        z.strictObject({
          id,
          /** `partly`: some targets, or at some gateways. `unknown`: no connected gateway said anything. */
          state: z.enum(['up', 'partly', 'down', 'unknown']),
          targets: z.array(
            z.strictObject({
              id,
              state: z.enum(['up', 'partly', 'down', 'unknown']),
              /** Connected gateways that cannot use it: its agent is not there, or it failed its checks. */
              away: z.array(id).max(1_000),
              unhealthy: z.array(id).max(1_000),
            }),
          ),
        }),
      ),
    }),
  },
  'gateways.getStatus': {
    tag: 'gateways',
    permission: 'gateways:read',
    method: 'GET',
    path: '/api/v1/gateways/:id/status',
    summary: 'How a gateway is now: snapshot, load, agents, unhealthy targets, certificates',
    status: 200,
    params: byId,
    response: z.strictObject({
      id,
      connected: z.boolean(),
      softwareVersion: z.string().nullable(),
      /** What it runs, and what is there for it. */
      snapshotVersion: z.int().nullable(),
      wantedSnapshotVersion: z.int(),
      /** Since when it is behind; null: it is not. */
      behindSince: timestamp.nullable(),
      /** Null: it never said. */
      load: gatewayLoad.nullable(),
      loadAt: timestamp.nullable(),
      /** See `gatewayView`. */
      loadIsStale: z.boolean(),
      /** Of the last hour, oldest first, as this console heard it since it started. */
      history: z.array(gatewayLoadPoint).max(240),
      /** The first 1,000. */
      devices: z.array(id).max(1_000),
      deviceCount: z.int(),
      unhealthy: z.array(unhealthyTarget).max(1_000),
      /** Those that end first, 100 of them. */
      certificates: z.array(z.strictObject({ host: z.string(), notAfter: timestamp })).max(100),
      certificateCount: z.int(),
    }),
  },
  'gateways.readLog': {
    tag: 'gateways',
    permission: 'gateway_logs:read',
    method: 'GET',
    path: '/api/v1/gateways/:id/log',
    summary: 'The newest lines of the log of a connected gateway; with after and waitSeconds, what comes next',
    status: 200,
    params: byId,
    query: z.strictObject({
      level: logLevel.default('warn').describe('and above; what is below warn is there from the first call on'),
      after: z.string().max(80).optional().describe('`cursor` of the last answer'),
      waitSeconds: z.coerce.number().int().min(0).max(25).default(0).describe('for a line, where there is none yet'),
    }),
    response: z.strictObject({
      connected: z.boolean(),
      lines: z.array(logLine).max(LOG_KEPT_LINES),
      /** Lines that were too many, or came and went while nobody asked. */
      dropped: z.int().min(0),
      cursor: z.string().max(80),
    }),
  },
  'gateways.drain': {
    tag: 'gateways',
    permission: 'gateways:write',
    method: 'POST',
    path: '/api/v1/gateways/:id/drain',
    summary: 'Empty a gateway before it is stopped, or let it work again; with dryRun only what would happen',
    status: 200,
    params: byId,
    body: z.strictObject({
      drain: z.boolean(),
      graceSeconds: z
        .int()
        .min(0)
        .max(604_800)
        .default(DRAIN_GRACE_SECONDS)
        .describe('how long open connections may go on; then they are cut'),
      dryRun: z.boolean().default(false),
    }),
    response: z.strictObject({
      /** As it is now, or would be. */
      draining: gateway.shape.draining,
      connected: z.boolean(),
      /** Connected gateways that take over. */
      others: z.int().min(0),
      /** What is open there by its last word, and goes on; null: it never said. */
      open: z
        .strictObject({
          connections: z.int(),
          websockets: z.int(),
          tcpConnections: z.int(),
          udpSessions: z.int(),
          forwards: z.int(),
          tunnels: z.int(),
        })
        .nullable(),
    }),
  },
  'branding.get': {
    tag: 'organizations',
    permission: 'organization:read',
    method: 'GET',
    path: '/api/v1/organizations/current/branding',
    summary: 'How sign-in and error pages of gateways present themselves',
    status: 200,
    response: brandingView,
  },
  'branding.set': {
    tag: 'organizations',
    permission: 'organization:write',
    method: 'PUT',
    path: '/api/v1/organizations/current/branding',
    summary: 'Set name, colour and text of the sign-in and error pages of gateways',
    status: 200,
    ifMatch: 'optional',
    body: branding,
    response: brandingView,
  },
  'organizations.update': {
    tag: 'organizations',
    permission: 'organization:write',
    method: 'PATCH',
    path: '/api/v1/organizations/current',
    summary:
      'Change the name, the time zone or the language of my organization, or how long its gateways decide without hearing from the console (`snapshotMaxAgeSeconds`; null: for ever)',
    status: 200,
    ifMatch: 'optional',
    body: z.strictObject({
      name: displayName.optional(),
      timeZone: timeZone.optional(),
      language: language.optional(),
      snapshotMaxAgeSeconds: snapshotMaxAgeSeconds.optional(),
    }),
    response: ownOrganization,
  },
});
