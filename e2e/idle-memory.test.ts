/** What the programs take when nothing happens. The exact figures, per stream too, are `npm run bench -- road`. */
import assert from 'node:assert/strict';
import { afterEach, before, it } from 'node:test';
import { fileOwner } from './harness/file-owner.ts';
import { startWebService } from './harness/web-service.ts';
import { residentBytes, startWorld, type World } from './harness/world.ts';

const owner = fileOwner();
let world: World;

before(async () => {
  world = await startWorld(owner);
});
afterEach((t) => world.showLogsOnFailure(t));

it('gateway and agent stay below 180 MB each when idle, and a further agent costs the gateway less than 2 MB', async (t) => {
  const service = await startWebService(t);
  const first = await world.expose(t, [service.address, 'http', '--public', '--name', 'idle-0']);
  const before = residentBytes(world.gateway.pid);
  const more = 5;
  for (let index = 1; index <= more; index++) {
    await world.expose(t, [service.address, 'http', '--public', '--name', `idle-${index}`]);
  }
  const after = residentBytes(world.gateway.pid);
  const agent = residentBytes(first.cli.process.pid);
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  t.diagnostic(
    `gateway ${megabytes(after)} MB, agent ${megabytes(agent)} MB, console ${megabytes(residentBytes(world.console.pid))} MB, ` +
      `${megabytes((after - before) / more)} MB of the gateway per further agent and service`,
  );
  assert.ok(after < 180e6 && agent < 180e6);
  assert.ok((after - before) / more < 2e6);
});
