/** How long a change in the console takes until the gateway acts on it. */
import assert from 'node:assert/strict';
import { Agent, request } from 'node:https';
import { afterEach, before, it } from 'node:test';
import { waitFor } from '@zeronaut/testkit';
import { fileOwner } from './harness/file-owner.ts';
import { startWebService, type WebService } from './harness/web-service.ts';
import { startWorld, type World } from './harness/world.ts';

const owner = fileOwner();
let world: World;
let service: WebService;

before(async () => {
  world = await startWorld(owner);
  service = await startWebService(owner);
});
afterEach((t) => world.showLogsOnFailure(t));

it('a change is live within 200 ms (p95 of 50 changes)', async (t) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ...world.clientOptions });
  t.after(() => agent.destroy());
  const url = `https://changes.${world.baseDomain}:${world.httpsPort}/`;
  const apply = (mode: 'public' | 'login') =>
    world.api.call('resources.apply', {
      body: { resources: [{ name: 'changes', access: { mode }, targets: [{ address: service.address }] }] },
    });
  // 0: cut off. A request that is on its way when its rule is tightened does not come to its end.
  const status = () =>
    new Promise<number>((resolve) => {
      request(url, { agent }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode!));
      })
        .on('error', () => resolve(0))
        .end();
    });
  const until = async (expected: number) => {
    while ((await status()) !== expected);
  };
  await apply('login');
  // Before the first version there is not even a certificate for this name.
  await waitFor(async () => (await status()) === 401, { what: 'the resource is there' });

  // From the call to the console until a request is decided by the new rule.
  const tookMs: number[] = [];
  for (let change = 0; change < 50; change++) {
    const open = change % 2 === 0;
    const started = performance.now();
    const applied = apply(open ? 'public' : 'login');
    await until(open ? 200 : 401);
    tookMs.push(performance.now() - started);
    await applied;
  }
  tookMs.sort((a, b) => a - b);
  const [p50, p95, max] = [tookMs[24]!, tookMs[47]!, tookMs[49]!];
  t.diagnostic(`live after p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms, max ${max.toFixed(0)} ms`);
  assert.ok(p95 < 200, `p95 ${p95} ms`);
});
