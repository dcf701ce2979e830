import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, it } from 'node:test';
import { createId, NO_HEADER_RULES, NO_LIMITS, type ServiceView } from '@zeronaut/model';
import { ApiClient } from '../api/client.ts';
import type { Connection } from '../profile/connection.ts';
import { type GatewayEnd, startGatewayEnd } from './gateway-end.suite.ts';
import { type Publisher, publishService } from './publish.ts';
import { createExposeWish } from './wish.ts';

let gateway: GatewayEnd;
let server: Server;
let answer: { status: number; body: unknown };
let asked = 0;
let publisher: Publisher;

before(async () => {
  gateway = await startGatewayEnd();
  server = createServer((_request, response) => {
    asked += 1;
    response.writeHead(answer.status).end(JSON.stringify(answer.body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const consoleUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const api = new ApiClient({ consoleUrl, token: 'znk_x' });
  const connection: Connection = { ...gateway.connection, consoleUrl, api };
  publisher = { connection, device: gateway.device, state: gateway.state };
});
after(async () => {
  server.closeAllConnections();
  server.close();
  await gateway.stop();
});

const problem = (status: number, reason: string) => ({
  status,
  body: { type: 'x', title: reason, status, reason, requestId: 'req_1' },
});

it('goes on from memory while the console is away, for the very same wish only', async () => {
  const open = createExposeWish('3000', 'http', { public: true });
  const view = service();
  answer = { status: 200, body: view };
  assert.deepEqual(await publishService(publisher, open), { value: view, fresh: true });

  answer = problem(503, 'api.unavailable');
  assert.deepEqual(await publishService(publisher, open), { value: view, fresh: false });
  // Another rule must not be served under what was agreed for the old one, in either direction.
  for (const options of [
    {},
    { policy: true },
    { allow: ['group:dev'] },
    { basic: [{ username: 'a', password: 'b' }] },
  ]) {
    await assert.rejects(publishService(publisher, createExposeWish('3000', 'http', options)), { status: 503 });
  }
  await assert.rejects(publishService(publisher, createExposeWish('3001', 'http', { public: true })), { status: 503 });

  const before = asked;
  const spared = { ...publisher, consoleAway: true };
  assert.equal((await publishService(spared, open)).fresh, false);
  await assert.rejects(publishService(spared, createExposeWish('3001', 'http', {})), { exitCode: 7 });
  assert.equal(asked, before, 'a console that is known to be away is not asked');
});

it('takes a no for a no, whatever it remembers', async () => {
  const wish = createExposeWish('3000', 'http', { public: true });
  for (const [status, reason] of [
    [403, 'api.forbidden'],
    [401, 'api.unauthenticated'],
    [409, 'api.name_taken'],
  ] as const) {
    answer = problem(status, reason);
    await assert.rejects(publishService(publisher, wish), { reason });
  }
});

function service(): ServiceView {
  const now = new Date().toISOString();
  return {
    id: createId('resource'),
    organizationId: createId('organization'),
    name: 'calm-otter',
    origin: 'service',
    protocol: 'http',
    domains: [],
    port: null,
    access: { mode: 'public', allow: [], addresses: [], basic: [], tokens: null },
    targets: [],
    proxyProtocol: 'none',
    headers: NO_HEADER_RULES,
    limits: NO_LIMITS,
    balancing: 'weighted',
    segments: [],
    deviceId: gateway.device.deviceId,
    enabled: true,
    createdAt: now,
    updatedAt: now,
    version: 1,
    urls: ['https://calm-otter.localhost:8443'],
    dns: [],
    gateways: [],
    connected: false,
    lastEventAt: null,
  };
}

it('asks for a rule that leaves it to policies, and for nothing that contradicts it', () => {
  const { access } = createExposeWish('3000', 'http', { policy: true, allowIp: ['192.0.2.0/24'] });
  assert.deepEqual([access.mode, access.addresses], ['policy', ['192.0.2.0/24']]);
  for (const options of [{ public: true }, { allow: ['group:dev'] }]) {
    assert.throws(
      () => createExposeWish('3000', 'http', { policy: true, ...options }),
      /--policy leaves it to policies/,
    );
  }
});
