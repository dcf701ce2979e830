import assert from 'node:assert/strict';
import { syncFromConsole } from '@zeronaut/model';
import { eachDatabase, waitFor } from '@zeronaut/testkit';
import { startFixture } from '../../testing/fixture.suite.ts';
import { connectSync } from '../../testing/sync-client.suite.ts';

eachDatabase(
  'a gateway is emptied by its snapshot, once, if it understands that, and by its own people',
  async (t, database) => {
    const fixture = await startFixture(t, database);
    const [ours, theirs] = [await fixture.organization(), await fixture.organization()];
    const sync = await fixture.startSync();
    const [one, two] = [await ours.enrolGateway(), await ours.enrolGateway()];
    const path = (id: string) => `/api/v1/gateways/${id}/drain`;
    const hello = { type: 'hello', protocol: 1, softwareVersion: '1.2.3', snapshotVersion: 0 };
    const connect = async (identity: typeof one, features?: string[]) => {
      const client = await connectSync(sync.port, identity);
      client.send({ ...hello, ...(features && { features }) });
      const { snapshot } = await client.next('snapshot');
      client.send({ type: 'applied', version: JSON.parse(snapshot.payload).version });
      return client;
    };
    const first = await connect(one, ['drain', 'of tomorrow']);
    const old = await connect(two);
    const draining = async () => {
      const { snapshot } = await first.next('snapshot');
      syncFromConsole.parse({ type: 'snapshot', snapshot });
      return JSON.parse(snapshot.payload).draining;
    };

    const plan = await ours.call('POST', path(one.gateway.id), { drain: true, graceSeconds: 600, dryRun: true });
    assert.deepEqual([plan.statusCode, plan.json().others, plan.json().open], [200, 1, null], plan.body);
    assert.equal((await ours.call('GET', '/api/v1/endpoints')).json().gateways.length, 2, 'nothing happened');
    assert.equal((await theirs.call('POST', path(one.gateway.id), { drain: true })).statusCode, 404);
    const tooOld = await ours.call('POST', path(two.gateway.id), { drain: true });
    assert.deepEqual([tooOld.statusCode, tooOld.json().reason], [409, 'api.conflict'], tooOld.body);

    const done = (await ours.call('POST', path(one.gateway.id), { drain: true, graceSeconds: 600 })).json();
    assert.equal(Date.parse(done.draining.until) - Date.parse(done.draining.since), 600_000);
    assert.deepEqual(await draining(), { until: done.draining.until });
    const again = (await ours.call('POST', path(one.gateway.id), { drain: true, graceSeconds: 600 })).json();
    assert.deepEqual(again.draining, done.draining, 'asked twice, done once');
    const endpoints = (await ours.call('GET', '/api/v1/endpoints')).json();
    assert.deepEqual(
      [endpoints.gateways, endpoints.draining].map((list) =>
        list.map(({ gatewayId }: { gatewayId: string }) => gatewayId),
      ),
      [[two.gateway.id], [one.gateway.id]],
    );
    // Stopped while it drains: that is what it was for.
    first.socket.destroy();
    await waitFor(async () => !(await ours.call('GET', `/api/v1/gateways/${one.gateway.id}`)).json().connected, {
      what: 'it is gone',
    });
    assert.deepEqual((await ours.call('GET', '/api/v1/overview')).json().alarms, []);
    const entries = (await ours.call('GET', `/api/v1/audit?objectId=${one.gateway.id}`)).json().items;
    assert.deepEqual(
      entries.map(({ action }: { action: string }) => action).filter((action: string) => action === 'gateway.drain'),
      ['gateway.drain'],
    );
    const resumed = (await ours.call('POST', path(one.gateway.id), { drain: false })).json();
    assert.equal(resumed.draining, null);
    old.socket.destroy();
  },
);
