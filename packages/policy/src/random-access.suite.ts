import type { SnapshotResource, SnapshotSite, SnapshotUser } from '@zeronaut/model';
import type { seededRandom } from '@zeronaut/testkit';
import type { Circumstances } from './circumstances.ts';

/** Random users, objects, policies and circumstances of a small organization, for tests that compare what decides. */
export type Random = ReturnType<typeof seededRandom>;

const GROUPS = ['dev', 'ops', 'sales', 'x'];
const SEGMENTS = ['prod', 'lab', 'pci'];
const FACTORS = ['password', 'totp', 'passkey'] as const;

export function randomUser(random: Random, index: number): SnapshotUser {
  const service = random.next() < 0.2;
  return {
    id: `usr_${index}`,
    organizationId: 'org_1',
    email: service ? `bot-${index}@service-account.invalid` : `user-${index}@example.com`,
    name: `User ${index}`,
    role: random.pick(['owner', 'admin', 'member']),
    groups: GROUPS.filter(() => random.next() < 0.4),
  };
}

export function randomResource(random: Random, index: number): SnapshotResource {
  return {
    id: `res_${index}`,
    organizationId: 'org_1',
    name: `resource-${index}`,
    protocol: 'http',
    hosts: [`resource-${index}.example`],
    port: null,
    access: { mode: random.pick(['login', 'public']), allow: [], addresses: [], basic: [], tokens: null },
    segments: SEGMENTS.filter(() => random.next() < 0.4),
    shares: [],
    targets: [],
    proxyProtocol: 'none',
    deviceId: null,
  };
}

export function randomSite(random: Random, index: number): SnapshotSite {
  return {
    id: `site_${index}`,
    organizationId: 'org_1',
    name: `site-${index}`,
    connection: 'local',
    deviceId: null,
    destinations: [],
    access: { mode: 'login', allow: [], addresses: [], basic: [], tokens: null },
    segments: SEGMENTS.filter(() => random.next() < 0.4),
  };
}

/** Overflows: the policy errs, wherever it is evaluated. */
const ERRING = '(context.risk + 9007199254740000) * 1000000 < 0';

export const CONDITIONS = [
  'context.risk < 50',
  'context.risk >= 20 && context.risk < 80',
  'context.factors.contains("totp")',
  'context.factors.containsAny(["totp", "passkey"])',
  'context has factorMinutesAgo && context.factorMinutesAgo < 15',
  'context.address.isInRange(ip("10.0.0.0/8"))',
  'context.address.isIpv6()',
  'context has country && ["CH", "DE"].contains(context.country)',
  'context has country && context.country == "US"',
  'context.time.hour >= 8 && context.time.hour < 18',
  'context.time.weekday < 6',
  'context.now < datetime("2026-11-27T12:00:00Z")',
  'context.by == "session"',
  'context.granted',
  'context has device && context.device has firewall && context.device.firewall',
  'context has device && context.device.segments.contains("lab")',
  'context has device && context.device.processes.contains("edr") && context.device.risk < 30',
  'context has device && context.device has reportedMinutesAgo && context.device.reportedMinutesAgo < 60',
  'context has device && context.device in Segment::"lab"',
  'context has device && context.device == Device::"dev_1"',
  'context has device && context.device in [Segment::"prod", Segment::"pci"]',
  'context has gateway && context.gateway in Segment::"prod"',
  'context has gateway && context.gateway == Gateway::"gw_1"',
  'context has gateway && context.gateway.name == "fra1"',
  'context has gateway && context.gateway.region == "eu" && !context.gateway.segments.contains("pci")',
  'context has http && context.http.path like "/admin/*"',
  'context has http && context.http.method == "DELETE"',
  'context has http && context.http == { method: "GET", host: "a.example", path: "/" }',
  'resource is Resource && resource.public',
  'resource.segments.contains("pci")',
  'resource.name like "resource-*"',
  'principal is User && principal.email like "*@example.com"',
  'principal in Group::"dev" && resource in Segment::"prod"',
  ERRING,
];

export function randomPolicyText(random: Random): string {
  const effect = random.pick(['permit', 'permit', 'forbid']);
  const principal = random.pick([
    'principal',
    'principal is User',
    `principal in Group::"${random.pick(GROUPS)}"`,
    `principal == User::"usr_${random.integer(8)}"`,
    'principal is ServiceAccount',
    'principal is Guest',
    'principal in Role::"admin"',
  ]);
  const action = random.pick(['action', `action == Action::"${random.pick(['read', 'write', 'connect', 'forward'])}"`]);
  const resource = random.pick([
    'resource',
    `resource in Segment::"${random.pick(SEGMENTS)}"`,
    `resource == Resource::"res_${random.integer(6)}"`,
    'resource is Resource',
  ]);
  const clauses = Array.from(
    { length: random.integer(3) },
    () =>
      `${random.pick(['when', 'unless'])} { ${random.pick(CONDITIONS)}${random.next() < 0.4 ? ` ${random.pick(['&&', '||'])} (${random.pick(CONDITIONS)})` : ''} }`,
  );
  return `${effect}(${principal}, ${action}, ${resource}) ${clauses.join(' ')};`;
}

export function randomErringPolicy(random: Random): string {
  return `${random.pick(['permit', 'forbid'])}(principal, action, resource) when { ${ERRING} };`;
}

export function randomCircumstances(random: Random): Circumstances {
  const nowMs = Date.UTC(2026, 10, 27, 6 + random.integer(14), random.integer(60));
  const device = random.next() < 0.5;
  const state = () => random.pick(['on', 'off', 'unknown'] as const);
  return {
    address: random.pick(['10.1.2.3', '192.0.2.7', '2001:db8::7']),
    country: random.pick([null, null, 'CH', 'DE', 'US']),
    nowMs,
    timeZone: 'UTC',
    risk: random.pick([0, 10, 30, 60, 90]),
    factors: FACTORS.filter(() => random.next() < 0.5),
    factorsAtMs: random.next() < 0.3 ? null : nowMs - random.integer(40) * 60_000,
    by: random.pick(['session', 'personal_access_token', 'public']),
    granted: random.next() < 0.2,
    device: device
      ? {
          id: `dev_${random.integer(3)}`,
          segments: SEGMENTS.filter(() => random.next() < 0.3),
          risk: random.pick([0, 40]),
          posture:
            random.next() < 0.3
              ? null
              : {
                  collectedAt: new Date(nowMs - random.integer(120) * 60_000).toISOString(),
                  facts: {
                    platform: 'linux',
                    os: 'debian',
                    osVersion: '12',
                    kernel: '6.1',
                    diskEncryption: state(),
                    firewall: state(),
                    screenLock: state(),
                    processes: { edr: random.next() < 0.5 },
                    files: {},
                  },
                },
        }
      : null,
    http:
      random.next() < 0.8
        ? { method: random.pick(['GET', 'DELETE']), host: 'a.example', path: random.pick(['/', '/admin/x', '/b']) }
        : null,
    destination: null,
    gateway:
      random.next() < 0.7
        ? {
            id: `gw_${random.integer(3)}`,
            name: random.pick(['fra1', 'nyc1']),
            region: random.pick(['', 'eu', 'us']),
            segments: SEGMENTS.filter(() => random.next() < 0.4),
          }
        : null,
  };
}
