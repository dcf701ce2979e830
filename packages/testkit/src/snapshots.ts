import {
  accessRule,
  createId,
  type Snapshot,
  type SnapshotResource,
  type SnapshotSite,
  type SnapshotUser,
  snapshotDefaults,
  type Target,
} from '@zeronaut/model';

/** Small, valid pieces of a snapshot; what a test cares about it names, the rest is filled in. */
export function testTarget(address: string, overrides: Partial<Target> = {}): Target {
  return {
    id: createId('target'),
    address,
    deviceId: null,
    protocol: 'tcp',
    weight: 1,
    healthCheck: null,
    tlsVerify: true,
    tlsServerName: null,
    ...overrides,
  };
}

/** Public by default is a convenience of tests alone. */
export function testResource(
  organizationId: string,
  overrides: Partial<Omit<SnapshotResource, 'access'>> & { access?: Partial<SnapshotResource['access']> } = {},
): SnapshotResource {
  const { access, ...rest } = overrides;
  const id = createId('resource');
  return {
    id,
    organizationId,
    name: id.slice(-12),
    protocol: 'tcp',
    hosts: [],
    port: null,
    shares: [],
    targets: [],
    proxyProtocol: 'none',
    deviceId: null,
    ...rest,
    access: accessRule.parse({ mode: 'public', ...access }),
  };
}

export function testSite(
  organizationId: string,
  overrides: Partial<Omit<SnapshotSite, 'access'>> & { access?: Partial<SnapshotSite['access']> } = {},
): SnapshotSite {
  const { access, ...rest } = overrides;
  const id = createId('site');
  return {
    id,
    organizationId,
    name: id.slice(-12),
    connection: 'local',
    deviceId: null,
    destinations: [],
    ...rest,
    access: accessRule.parse({ mode: 'login', ...access }),
  };
}

export function testUser(organizationId: string, overrides: Partial<SnapshotUser> = {}): SnapshotUser {
  const id = createId('user');
  return {
    id,
    organizationId,
    email: `${id.slice(-8)}@example.com`,
    name: 'Ann',
    role: 'member',
    groups: [],
    ...overrides,
  };
}

export function testSnapshot(overrides: Partial<Snapshot> = {}): Snapshot {
  return {
    format: 1,
    version: 1,
    gatewayId: createId('gateway'),
    organizationId: createId('organization'),
    issuedAt: new Date().toISOString(),
    baseDomain: 'gateway.example.com',
    portalHost: 'portal.gateway.example.com',
    httpsPort: 8443,
    portRange: { from: 20_000, to: 20_999 },
    certificateAuthority: '',
    consoleKeys: [],
    gatewayKeys: [],
    certificates: [],
    users: [],
    devices: [],
    revokedSessions: [],
    ...snapshotDefaults(),
    resources: [],
    sites: [],
    ...overrides,
  };
}
