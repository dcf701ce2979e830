/**
 * The lists of the web console that stand in a card, as data: on which page, what the API answers for them, and rows of which there are too
 * many for a glance. `web-pages.test.ts` goes through each of them.
 */
import { type RouteId, routes } from '@zeronaut/model';

/** Rows that an answer is given, more than are seen at a glance. */
export const ROW_COUNT = 12;
const AT = '2026-06-01T08:00:00.000Z';
const LATER = '2046-06-01T08:00:00.000Z';

interface ShortList {
  /** What the URL calls its search. */
  readonly name: string;
  readonly route: RouteId;
  /** Where its rows are in the answer. Default: `items`. */
  readonly rows?: string;
  /** The n-th row; what it does not say is as in the first of those that there are. */
  readonly row: (n: number) => object | string;
  /** Of one row, and of another. Default: `nr7`, `nr3`. */
  readonly words?: readonly [string, string];
}

interface ShortListPage {
  readonly path: string;
  /** Where its lists are written. */
  readonly files: readonly string[];
  readonly lists: readonly ShortList[];
}

const person = (n: number) => ({ id: `usr_${n}`, name: `nr${n}` });
const session = (n: number) => ({
  ...{ id: `ses_${n}`, kind: 'console', userId: 'usr_0', userAgent: 'Firefox', address: `nr${n}` },
  ...{ createdAt: AT, expiresAt: LATER, endedAt: null },
});
const device = (n: number) => ({
  ...person(n),
  ...{ userId: 'usr_0', createdAt: AT, approvedAt: AT, revokedAt: null, posture: null },
});
const grant = (n: number) => ({
  ...{ id: `adr_${n}`, address: `192.0.2.${n}`, resource: `nr${n}`, gateway: 'edge', createdAt: AT, expiresAt: LATER },
});

/** `ids` by noun, as the test has furnished the console. */
export function shortListPages(ids: Readonly<Record<string, string>>): readonly ShortListPage[] {
  return [
    {
      path: '/policies/templates',
      files: ['features/policies/templates-page'],
      lists: [{ name: 'q', route: 'templates.list', row: person }],
    },
    {
      path: '/policies/assertions',
      files: ['features/policies/assertions-page'],
      lists: [
        {
          ...{ name: 'q', route: 'policyAssertions.get', rows: 'assertions' },
          row: (n) => ({ name: `nr${n}`, action: 'read', object: 'wiki', expect: 'deny', circumstances: {} }),
        },
      ],
    },
    {
      path: '/policies/reported',
      files: ['features/policies/reported-page'],
      lists: [
        {
          ...{ name: 'q', route: 'accessEvents.list' },
          row: (n) => ({
            ...{ gatewayId: 'gw_1', epoch: 'one', seq: n, at: AT, effect: 'pass', method: 'GET', host: 'wiki.test' },
            ...{ path: `/nr${n}`, subject: '', sourceAddress: '192.0.2.1', requestId: `req_${n}` },
            explanation: { policies: [], facts: {}, reported: { effect: 'deny', policies: [ids.policy!] } },
          }),
        },
      ],
    },
    {
      path: `/policies/${ids.policy}?view=versions`,
      files: ['features/policies/policy-versions'],
      lists: [{ name: 'versions', route: 'policies.versions', row: (n) => ({ version: 90 - n, by: `nr${n}` }) }],
    },
    {
      path: '/security/refusals',
      files: ['features/security/refusals-page'],
      lists: [
        { name: 'reasons', route: 'traffic.reasons', row: (n) => ({ reason: `access.nr${n}`, count: n + 1 }) },
        {
          ...{ name: 'resources', route: 'traffic.top' },
          row: (n) => ({ ...person(n), requests: 9, bytesIn: 0, bytesOut: 0, failed: 0, refused: n + 1 }),
        },
        {
          ...{ name: 'policies', route: 'policies.hits' },
          row: (n) => ({ policyId: `pol_${n}`, name: `nr${n}`, permitted: 0, forbade: n + 1, reported: 0, lastAt: AT }),
        },
      ],
    },
    {
      path: '/users/roles',
      files: ['features/roles/roles-page', 'features/roles/role-matrix'],
      lists: [
        { name: 'q', route: 'roles.list', row: (n) => ({ name: `nr${n}`, builtIn: false, description: '' }) },
        {
          ...{ name: 'permission', route: 'roles.list' },
          ...{
            row: (n: number) => ({ name: `nr${n}`, builtIn: false }),
            words: ['roles:write', 'roles:read'] as const,
          },
        },
      ],
    },
    {
      path: '/my-access',
      files: ['features/my-access/my-access-page'],
      lists: [
        {
          ...{ name: 'q', route: 'me.listReach' },
          row: (n) => ({
            ...person(n),
            kind: 'resource',
            protocol: 'http',
            urls: [`https://nr${n}.test/`],
            depends: false,
          }),
        },
      ],
    },
    {
      path: '/my-access/sign-in',
      files: ['features/my-access/my-sign-in-page', 'ui/sign-in-sections', 'ui/addresses-section'],
      lists: [
        { name: 'sessions', route: 'me.listSessions', row: session },
        { name: 'devices', route: 'me.listDevices', row: device },
        { name: 'addresses', route: 'me.listAddresses', row: grant },
        {
          ...{ name: 'consents', route: 'me.listConsents' },
          row: (n) => ({ relyingPartyId: `rp_${n}`, name: `nr${n}`, scopes: ['openid'], givenAt: AT }),
        },
      ],
    },
    {
      path: `/users/${ids.user}`,
      files: ['features/users/user-access'],
      lists: [
        { name: 'sessions', route: 'sessions.list', row: session },
        { name: 'devices', route: 'devices.list', row: device },
        { name: 'addresses', route: 'addresses.list', row: grant },
        {
          ...{ name: 'keys', route: 'apiKeys.list' },
          row: (n) => ({
            ...person(n),
            prefix: 'zn_1',
            lastUsedAt: null,
            createdAt: AT,
            expiresAt: null,
            revokedAt: null,
          }),
        },
      ],
    },
    {
      path: `/devices/${ids.device}`,
      files: [
        'features/devices/device-page',
        'features/devices/device-tunnels',
        'features/devices/discovered-services',
      ],
      lists: [
        {
          ...{ name: 'tunnels', route: 'devices.listTunnels', rows: 'gateways' },
          row: (n) => ({ ...person(n), tunnels: null }),
        },
        {
          ...{ name: 'discovered', route: 'devices.listDiscovered', rows: 'services' },
          row: (n) => ({
            port: 9_000 + n,
            process: `nr${n}`,
            guess: 'http',
            scope: 'any',
            address: `127.0.0.1:${9_000 + n}`,
          }),
        },
        {
          ...{ name: 'publishes', route: 'services.list' },
          row: (n) => ({ ...person(n), protocol: 'http', lastEventAt: null }),
        },
      ],
    },
    {
      path: `/resources/${ids.resource}`,
      files: ['features/resources/resource-page', 'features/resources/share-links'],
      lists: [
        {
          ...{ name: 'targets', route: 'resources.get', rows: 'targets' },
          row: (n) => ({ id: `tgt_${n}`, address: `nr${n}.corp:80` }),
        },
        {
          ...{ name: 'shares', route: 'shares.list' },
          row: (n) => ({ id: `shr_${n}`, createdBy: `nr${n}`, createdAt: AT, expiresAt: LATER, revokedAt: null }),
        },
      ],
    },
    {
      path: `/sites/${ids.site}`,
      files: ['features/sites/site-page'],
      lists: [{ name: 'q', route: 'sites.get', rows: 'destinations', row: (n) => `nr${n}.corp:22` }],
    },
    {
      path: `/settings/identity-providers/${ids.provider}`,
      files: ['features/identity-providers/provider-mappings', 'features/identity-providers/provider-directory'],
      lists: [
        {
          ...{ name: 'mappings', route: 'identityProviders.get', rows: 'groupMappings' },
          row: (n) => ({ from: `nr${n}`, group: 'dev', role: null }),
        },
        {
          ...{ name: 'groups', route: 'identityProviders.directory', rows: 'groups' },
          row: (n) => ({ id: `grp_${n}`, displayName: `nr${n}`, members: n, group: null, role: null }),
        },
      ],
    },
  ];
}

/** Whether a call goes to the route. */
export function isCallOf(route: RouteId, { pathname }: URL): boolean {
  const asked = pathname.split('/');
  const parts = routes[route].path.split('/');
  return parts.length === asked.length && parts.every((part, index) => part.startsWith(':') || part === asked[index]);
}

/** The answer with many rows; those of a search that the API makes are those that have its words. */
export function withManyRows(lists: readonly ShortList[], body: Record<string, unknown>, url: URL): unknown {
  const answer = { ...body };
  for (const { rows = 'items', row } of lists) {
    const first = (body[rows] as readonly unknown[] | undefined)?.[0];
    const all = Array.from({ length: ROW_COUNT }, (_, n) => {
      const made = row(n);
      return typeof made === 'string' ? made : { ...(first as object | undefined), ...made };
    });
    const q = url.searchParams.get('q');
    answer[rows] = q === null ? all : all.filter((one) => JSON.stringify(one).includes(q));
    if ('nextCursor' in body) answer.nextCursor = null;
    // A machine that never looked has no list.
    if ('reportedAt' in body) Object.assign(answer, { reportedAt: AT, publishes: true });
    if ('changedAt' in body && body.changedAt === null) answer.changedAt = AT;
  }
  return answer;
}
