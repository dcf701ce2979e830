/** A link that is cut: what agents notice, and when they are back. Mostly waits, so it runs beside others. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { it } from 'node:test';
import { networkNamespaces, networkNamespacesMissing, spawnProcess, waitFor } from '@zeronaut/testkit';
import { NODE, ROOT } from '../scripts/npm-packages.mjs';
import { startWorld } from './harness/world.ts';

const skip = networkNamespacesMissing() ?? false;

it('a link between agent and gateway that is cut for 30 s: the service is back by itself', { skip }, async (t) => {
  const [here, there] = ['10.231.77.1', '10.231.77.2'];
  const namespaces = networkNamespaces(t);
  const far = await namespaces.add('agent');
  const name = `zn${process.pid % 100_000}`;
  const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'pipe' });
  ip('link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', far.name);
  // Our end goes with its peer when the namespace does, sooner or later.
  t.after(() => execFileSync('sh', ['-c', 'ip link delete "$0" 2>/dev/null || ! ip link show "$0" 2>/dev/null', name]));
  ip('address', 'add', `${here}/24`, 'dev', name);
  ip('link', 'set', name, 'up');
  await far.run('ip', ['address', 'add', `${there}/24`, 'dev', 'eth0']);
  await far.run('ip', ['link', 'set', 'eth0', 'up']);

  const world = await startWorld(t, {
    address: here,
    place: (role, command, args) => (role === 'agent' ? far.inside(command, args) : [command, args]),
  });
  t.after(() => world.showLogsOnFailure(t));
  const service = spawnProcess(t, ...far.inside(NODE, [join(ROOT, 'e2e/harness/run-web-service.ts'), '0']));
  const [, port] = await service.waitForLine(/^listening on (\d+)$/);
  const exposed = await world.expose(t, [`127.0.0.1:${port}`, 'http', '--public', '--name', 'far']);
  const resolve = ['--resolve', `${exposed.host}:${world.httpsPort}:${here}`];
  const ask = () =>
    world
      .visitor()
      .ask(`${exposed.url}/x`, { extra: [...resolve, '--max-time', '3'] })
      .then(
        ({ status }) => status,
        () => 0,
      );
  await waitFor(async () => (await ask()) === 200, { what: 'served over the link' });

  ip('link', 'set', name, 'down');
  const cutAt = performance.now();
  const noticed = await waitFor(
    async () => {
      const status = await ask();
      return status !== 200 && status !== 0 && status;
    },
    { what: 'the gateway says that the agent is away', timeoutMs: 25_000, intervalMs: 200 },
  );
  t.diagnostic(`answered with ${noticed} after ${Math.round(performance.now() - cutAt)} ms`);
  await waitFor(() => performance.now() - cutAt > 30_000, { what: 'half a minute', timeoutMs: 35_000 });
  ip('link', 'set', name, 'up');
  const upAt = performance.now();
  await waitFor(async () => (await ask()) === 200, { what: 'served again', timeoutMs: 30_000, intervalMs: 50 });
  const tookMs = Math.round(performance.now() - upAt);
  t.diagnostic(`recovery: ${tookMs} ms after the link was up`);
  assert.ok(tookMs < 20_000);
});
