import type { Seeded } from './console-seed.ts';

/** Asks a path below `/api/v1/` and gives what was answered. */
export type Ask = (path: string) => Promise<unknown>;

/** How the lists can be sorted, upwards and downwards each. */
const SORTED_LISTS: Readonly<Record<string, readonly string[]>> = {
  users: ['created', 'name', 'email'],
  resources: ['created', 'name', 'updated'],
  services: ['created', 'name', 'updated'],
  gateways: ['created', 'name', 'seen'],
  devices: ['created', 'name'],
  sessions: ['created'],
};
const DAY_MS = 86_400_000;
/** Rows of a page in the web console. */
const PAGE = 200;
/** As many as its filters and names are made of. */
const MANY = 500;

/** What pages ask, by what it is; `n` counts the requests, so that each is of something else. */
export async function questions(
  { gatewayIds, serviceIds, userIds, deviceIds }: Seeded,
  ask: Ask,
): Promise<Record<string, (n: number) => string>> {
  const some = (list: readonly string[], n: number) => list[(n * 7_919) % list.length]!;
  const page = (list: readonly string[], n: number) => {
    const from = (n * 100) % Math.max(1, list.length - 100);
    return list.slice(from, from + 100).join(',');
  };
  const cursor = (...parts: (string | number)[]) => Buffer.from(JSON.stringify(parts)).toString('base64url');
  const asked: Record<string, (n: number) => string> = {
    me: () => 'me',
    overview: () => 'overview',
    'traffic, an hour': () => 'traffic?range=1h',
    'traffic, six hours by the minute': () => 'traffic?range=6h',
    'traffic, a day': () => 'traffic?range=24h',
    'traffic, a week': () => 'traffic?range=7d',
    'traffic, a month': () => 'traffic?range=30d',
    'traffic of a service': (n) => `traffic?range=7d&resourceId=${some(serviceIds, n)}`,
    'traffic of a service, a month': (n) => `traffic?range=30d&resourceId=${some(serviceIds, n)}`,
    'traffic of a gateway': (n) => `traffic?range=24h&gatewayId=${some(gatewayIds, n)}`,
    'small charts of 100 services, an hour': (n) => `traffic/sparklines?range=1h&ids=${page(serviceIds, n)}`,
    'small charts of 100 services, a day': (n) => `traffic/sparklines?range=24h&ids=${page(serviceIds, n)}`,
    'reasons of refusals, a week': () => 'traffic/reasons?range=7d',
    'reasons of refusals of a service': (n) => `traffic/reasons?range=7d&resourceId=${some(serviceIds, n)}`,
    'health of 100 services': (n) => `resources/health?ids=${page(serviceIds, n)}`,
    'one service': (n) => `services/${some(serviceIds, n)}`,
    'one resource': (n) => `resources/${some(serviceIds, n)}`,
    'one gateway': (n) => `gateways/${some(gatewayIds, n)}/status`,
    'one user': (n) => `users/${some(userIds, n)}`,
    'one device': (n) => `devices/${some(deviceIds, n)}`,
    'gateways that are away': () => `gateways?limit=${PAGE}&connected=false`,
    'users of a group': (n) => `users?limit=${PAGE}&group=team-${n % 50}`,
    'users of a role': () => `users?limit=${PAGE}&role=admin`,
    '500 users': () => `users?limit=${MANY}`,
    '500 resources': () => `resources?limit=${MANY}`,
    'devices of a user': (n) => `devices?limit=${PAGE}&userId=${some(userIds, n)}`,
    'open sessions': () => `sessions?limit=${PAGE}&open=true&sort=-created`,
    'sessions of a user': (n) => `sessions?limit=${PAGE}&userId=${some(userIds, n)}`,
    audit: () => `audit?limit=${PAGE}`,
    'audit of an object': (n) => `audit?limit=${PAGE}&objectId=${some(serviceIds, n)}`,
    'audit of a kind': () => `audit?limit=${PAGE}&action=service.*`,
    'audit, searched': (n) => `audit?limit=${PAGE}&q=service-${n}`,
    'audit, searched in vain': (n) => `audit?limit=${PAGE}&q=nothing-${n}`,
    groups: () => `groups?limit=${PAGE}`,
    policies: () => `policies?limit=${PAGE}`,
    'API keys': () => `api-keys?limit=${PAGE}`,
    'access requests': () => `access-requests?limit=${PAGE}`,
    sites: () => `sites?limit=${PAGE}`,
    invitations: () => `invitations?limit=${PAGE}`,
    'my access': () => `me/reach?limit=${PAGE}`,
  };
  for (const range of ['1h', '24h']) {
    for (const order of ['requests', 'failed', 'refused', 'bytes']) {
      asked[`top services by ${order}, ${range}`] = () => `traffic/top?range=${range}&order=${order}`;
    }
    asked[`top gateways, ${range}`] = () => `traffic/top?range=${range}&by=gateway`;
  }
  const events: Record<string, (n: number) => string> = {
    'access events': () => '',
    'access events, denied': () => '&effect=deny',
    'access events, passed': () => '&effect=pass',
    'access events by reason': () => '&reason=access.not_allowed',
    'access events by a reason of most': () => '&reason=access.session',
    'access events of a user': (n) => `&subject=${some(userIds, n)}`,
    'access events of a service': (n) => `&resourceId=${some(serviceIds, n)}`,
    'denied access events of a service': (n) => `&resourceId=${some(serviceIds, n)}&effect=deny`,
    'access events of a gateway': (n) => `&gatewayId=${some(gatewayIds, n)}`,
    'denied access events of a gateway': (n) => `&gatewayId=${some(gatewayIds, n)}&effect=deny`,
    'access events of an address': (n) => `&sourceAddress=203.0.113.${n % 250}`,
    'access events of a user at a service': (n) => `&subject=${some(userIds, n)}&resourceId=${some(serviceIds, n)}`,
    'access events, searched': (n) => `&q=/page/${n}`,
    'access events, searched in vain': (n) => `&q=nothing-${n}`,
    'denied access events, searched in vain': (n) => `&effect=deny&q=nothing-${n}`,
    'access events of long ago': (n) => `&cursor=${cursor(Date.now() - 20 * DAY_MS - n * 60_000, '', '', 0)}`,
    'access events of a week ago': (n) =>
      `&from=${new Date(Date.now() - 8 * DAY_MS).toISOString()}&to=${new Date(Date.now() - 7 * DAY_MS - n * 60_000).toISOString()}`,
  };
  for (const [what, query] of Object.entries(events)) asked[what] = (n) => `access-events?limit=${PAGE}${query(n)}`;
  const searched = {
    users: 'user-',
    resources: 'service-',
    services: 'service-',
    gateways: 'edge-',
    devices: 'laptop-',
  };
  for (const [list, text] of Object.entries(searched)) {
    asked[`${list}, searched`] = (n) => `${list}?limit=${PAGE}&q=${text}${n}`;
    asked[`${list}, searched in vain`] = (n) => `${list}?limit=${PAGE}&q=nothing-${n}`;
  }
  for (const [list, sorts] of Object.entries(SORTED_LISTS)) {
    for (const sort of sorts.flatMap((one) => [one, `-${one}`])) {
      const first = `${list}?limit=${PAGE}&sort=${sort}`;
      asked[`${list} by ${sort}`] = () => first;
      const last = await lastPage(`${list}?limit=${PAGE}&sort=${sort}`, ask);
      asked[`${list} by ${sort}, last page`] = () => `${first}&cursor=${last}`;
    }
  }
  return asked;
}

/** The cursor of a list's last page. */
async function lastPage(path: string, ask: Ask): Promise<string> {
  let cursor = '';
  for (;;) {
    const { nextCursor } = (await ask(cursor === '' ? path : `${path}&cursor=${cursor}`)) as {
      nextCursor: string | null;
    };
    if (nextCursor === null) return cursor;
    cursor = nextCursor;
  }
}
