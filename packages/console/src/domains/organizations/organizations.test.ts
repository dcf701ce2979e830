import assert from 'node:assert/strict';
import { eachDatabase } from '@zeronaut/testkit';
import { startFixture } from '../../testing/fixture.suite.ts';

eachDatabase(
  'how long gateways decide without the console: within bounds, by owners, audited, alone',
  async (t, database) => {
    const fixture = await startFixture(t, database);
    const [ours, theirs] = [await fixture.organization(), await fixture.organization()];
    const path = '/api/v1/organizations/current';
    const set = (snapshotMaxAgeSeconds: unknown, options = {}) =>
      ours.call('PATCH', path, { snapshotMaxAgeSeconds }, options);
    assert.equal(
      (await ours.call('GET', path)).json().snapshotMaxAgeSeconds,
      null,
      'for ever, until somebody says otherwise',
    );
    for (const bad of [0, -1, 299, 31_536_001, 300.5, '300', true]) {
      assert.equal((await set(bad)).statusCode, 400, String(bad));
    }
    const operator = await ours.user('operator');
    assert.equal((await set(300, { key: operator.key })).statusCode, 403);
    for (const good of [300, 31_536_000]) assert.equal((await set(good)).json().snapshotMaxAgeSeconds, good);
    const renamed = await ours.call('PATCH', path, { name: 'Acme' });
    assert.equal(renamed.json().snapshotMaxAgeSeconds, 31_536_000, 'what is not said stays');
    assert.equal((await set(null)).json().snapshotMaxAgeSeconds, null);
    assert.equal((await theirs.call('GET', path)).json().snapshotMaxAgeSeconds, null);
    const entries = (await ours.call('GET', '/api/v1/audit?action=organization.update')).json().items;
    const values = entries.map(({ before, after }: Record<'before' | 'after', { snapshotMaxAgeSeconds: number }>) => [
      before.snapshotMaxAgeSeconds,
      after.snapshotMaxAgeSeconds,
    ]);
    assert.deepEqual(values, [
      [31_536_000, null],
      [31_536_000, 31_536_000],
      [300, 31_536_000],
      [null, 300],
    ]);
  },
);
