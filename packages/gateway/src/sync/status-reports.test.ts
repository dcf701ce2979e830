import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createId, type SyncFromGateway, syncFromGateway } from '@zeronaut/model';
import { waitFor } from '@zeronaut/testkit';
import { StatusReports } from './status-reports.ts';

test('the console is told of what changed, of everything when it is back, and of nothing while it is away', async (t) => {
  const sent: (SyncFromGateway & { type: 'status' })[] = [];
  let up = true;
  const reports = new StatusReports((message) => {
    if (!up) return false;
    sent.push(syncFromGateway.parse(message) as SyncFromGateway & { type: 'status' });
    return true;
  });
  const [device, resource, target] = [createId('device'), createId('resource'), createId('target')];
  const devices: string[] = [];
  const unhealthy: { resourceId: string; targetId: string }[] = [];
  reports.start({
    load: () => ({ connections: 7, tunnels: devices.length, streams: 0, eventsWaiting: 0, eventsDropped: 0 }),
    presence: () => ({ devices, serving: devices.length > 0 ? [resource] : [] }),
    unhealthy: () => unhealthy,
    tunnelsOf: () => [],
  });
  t.after(() => reports.stop());
  reports.linkUp();
  const [first] = sent;
  assert.deepEqual([first?.devices, first?.serving, first?.unhealthy], [[], [], []]);
  assert.ok(first!.load.memoryBytes > 1_000_000 && first!.load.cpuPercent >= 0 && first!.load.connections === 7);

  devices.push(device);
  await waitFor(() => sent.length === 2, { what: 'the agent', timeoutMs: 3_000 });
  assert.deepEqual([sent[1]?.devices, sent[1]?.serving, sent[1]?.unhealthy], [[device], [resource], undefined]);
  unhealthy.push({ resourceId: resource, targetId: target });
  await waitFor(() => sent.length === 3, { what: 'the target', timeoutMs: 3_000 });
  assert.deepEqual([sent[2]?.devices, sent[2]?.unhealthy], [undefined, unhealthy]);

  up = false;
  devices.pop();
  reports.linkUp();
  assert.equal(sent.length, 3);
  up = true;
  reports.linkUp();
  assert.deepEqual([sent[3]?.devices, sent[3]?.serving, sent[3]?.unhealthy], [[], [], unhealthy]);
});
