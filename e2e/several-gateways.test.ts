/** One agent, several gateways at once: what is published answers at each of them, and none misses another that is gone. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, before, describe, it } from 'node:test';
import { freePort, temporaryDirectory, waitFor } from '@zeronaut/testkit';
import { WebSocket } from 'ws';
import { fileOwner } from './harness/file-owner.ts';
import type { JsonProcess } from './harness/json-process.ts';
import { startWebService, type WebService } from './harness/web-service.ts';
import { type Exposed, startWorld, type User, type World } from './harness/world.ts';

const owner = fileOwner();
const SECOND = 'second.localhost';
let world: World;
let service: WebService;
let second: JsonProcess;
let secondPort: number;
let exposed: Exposed;
let ann: User;
let forward: { readonly port: number; readonly cli: JsonProcess };

before(async () => {
  world = await startWorld(owner);
  service = await startWebService(owner);
});
afterEach((t) => world.showLogsOnFailure(t));

/** Ports of its own, one base domain further down, in a directory of its own. */
async function startSecondGateway(): Promise<void> {
  const [httpsPort, tunnelPort, managementPort] = await Promise.all([freePort(), freePort(), freePort()]);
  const { token } = await world.api.call('gateways.createEnrolment', { body: {} });
  const directory = temporaryDirectory('second-gateway');
  const file = join(directory, 'gateway.yaml');
  writeFileSync(
    file,
    `version: 1
listeners:
  - { address: "127.0.0.1:${httpsPort}", protocol: https }
tunnel: { address: "127.0.0.1:${tunnelPort}" }
management: { address: "127.0.0.1:${managementPort}" }
dataDirectory: ${join(directory, 'data')}
console:
  url: ${world.consoleUrl}
  token: ${token}
  name: second
  baseDomain: ${SECOND}
  publicHost: "127.0.0.1"
  portRange: { from: ${world.portRange.from}, to: ${world.portRange.to} }
`,
  );
  secondPort = httpsPort;
  second = world.start(owner, ['gateway', 'run', '--config', file]);
  await waitFor(async () => (await fetch(`http://127.0.0.1:${managementPort}/readyz`)).ok, {
    what: 'the second gateway is ready',
    timeoutMs: 20_000,
  });
}

const atFirst = (path: string) => `https://shop.${world.baseDomain}:${world.httpsPort}${path}`;
const atSecond = (path: string) => `https://shop.${SECOND}:${secondPort}${path}`;
const throughForward = async (path: string) => (await fetch(`http://127.0.0.1:${forward.port}${path}`)).text();

/** Until it is served there; what curl says before counts as not yet. */
async function servedAt(url: string): Promise<number> {
  const startedAt = performance.now();
  await waitFor(
    async () =>
      (
        await world
          .visitor()
          .ask(url)
          .catch(() => null)
      )?.status === 200,
    {
      what: `${url} is served`,
      timeoutMs: 20_000,
    },
  );
  return Math.round(performance.now() - startedAt);
}

describe('two gateways', () => {
  it('are dialled by each agent, and serve the same', async () => {
    await startSecondGateway();
    exposed = await world.expose(owner, [service.address, 'http', '--name', 'shop', '--public']);
    await servedAt(atFirst('/one'));
    const file = join(temporaryDirectory('site'), 'agent.yaml');
    writeFileSync(
      file,
      `version: 1\nsites:\n  - { name: rack, destinations: ["${service.address}"], allow: ["group:web"] }\n`,
    );
    await world.agent(owner, file);
    ann = await world.createUser({ email: 'ann@example.com', groups: ['web'] });
    forward = await world.forward(owner, ann, [service.address, '127.0.0.1:0']);

    await servedAt(atSecond('/two'));
    assert.equal((await world.visitor().ask(atFirst('/three'))).body, 'GET /three\n');
    const { items } = await world.api.call('services.list', {});
    const urls = items.find(({ name }) => name === 'shop')!.urls.map((url) => new URL(url).host);
    assert.deepEqual(urls.sort(), [new URL(atFirst('/')).host, new URL(atSecond('/')).host].sort());
    assert.equal(await throughForward('/forwarded'), 'GET /forwarded\n');
  });

  it('lose nothing when the other is killed: what is open goes on, what is new goes through', async (t) => {
    const socket = new WebSocket(atSecond('/').replace('https', 'wss'), world.clientOptions);
    t.after(() => socket.terminate());
    await once(socket, 'open');
    const echo = async (text: string) => {
      const message = once(socket, 'message');
      socket.send(text);
      assert.equal(String((await message)[0]), text);
    };
    await echo('before');
    await world.gateway.kill('SIGKILL');
    await echo('after');
    assert.equal((await world.visitor().ask(atSecond('/alone'))).body, 'GET /alone\n');
    const startedAt = performance.now();
    await waitFor(async () => (await throughForward('/other-way').catch(() => '')) === 'GET /other-way\n', {
      what: 'the forward goes through the other gateway',
    });
    t.diagnostic(`the forward goes on ${Math.round(performance.now() - startedAt)} ms after the kill was over`);
    await world.gateway.start();
    t.diagnostic(`the killed one serves again ${await servedAt(atFirst('/back'))} ms after it was ready`);
    await echo('still');
    assert.equal(exposed.cli.process.child.exitCode, null);
  });

  it('tell what each of them served, once', async () => {
    const gateways = new Map(
      (await world.api.call('gateways.list', {})).items.map(({ id, baseDomain }) => [id, baseDomain]),
    );
    const paths = async (domain: string) =>
      (await world.accessEvents({ resourceId: exposed.id }))
        .filter(({ gatewayId, effect }) => effect === 'pass' && gateways.get(gatewayId) === domain)
        .map(({ path }) => path);
    await waitFor(async () => (await paths(world.baseDomain)).includes('/back'), { what: 'all is told' });
    for (const [domain, path] of [
      [world.baseDomain, '/three'],
      [SECOND, '/alone'],
    ] as const) {
      assert.equal((await paths(domain)).filter((one) => one === path).length, 1, `${path} at ${domain}`);
    }
    assert.ok(!(await paths(SECOND)).includes('/three'), 'each tells its own');
  });

  it('are left one by one: the agent of an emptied gateway goes on at the other', async () => {
    const { items } = await world.api.call('gateways.list', {});
    const emptied = items.find(({ baseDomain }) => baseDomain === SECOND)!;
    await world.api.call('gateways.delete', { params: { id: emptied.id } });
    await waitFor(
      async () =>
        (
          await world
            .visitor()
            .ask(atSecond('/gone'))
            .catch(() => null)
        )?.status !== 200,
      // Agents ask every half minute which gateways there are.
      { what: 'a revoked gateway serves nothing', timeoutMs: 40_000 },
    );
    assert.equal((await world.visitor().ask(atFirst('/stays'))).body, 'GET /stays\n');
    assert.equal(await throughForward('/stays-too'), 'GET /stays-too\n');
    await second.process.kill('SIGTERM');
  });
});
