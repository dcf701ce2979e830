import assert from 'node:assert/strict';
import { eachDatabase } from '@zeronaut/testkit';
import { startFixture } from '../testing/fixture.suite.ts';

eachDatabase(
  'gateways, sites and devices have the place that somebody gave, and lose it again',
  async (t, database) => {
    const fixture = await startFixture(t, database);
    const organization = await fixture.organization();
    const call = async (method: 'GET' | 'PUT' | 'POST', path: string, body?: object) => {
      const answer = await organization.call(method, `/api/v1/${path}`, body);
      assert.ok(answer.statusCode < 300, answer.body);
      return answer.json();
    };
    const { gateway } = await organization.enrolGateway();
    const device = await organization.enrolDevice();
    await organization.enrolDevice();
    const site = await call('POST', 'sites', {
      name: 'lab',
      connection: 'local',
      destinations: ['10.0.0.0/8:*'],
    });
    const bern = { name: 'Bern, cellar', latitude: 46.95, longitude: 7.45 };
    for (const path of [`gateways/${gateway.id}`, `sites/${site.id}`, `devices/${device.id}`]) {
      assert.deepEqual((await call('PUT', `${path}/place`, { place: bern })).place, bern);
      assert.deepEqual((await call('GET', path)).place, bern);
      const outside = { place: { ...bern, latitude: 91 } };
      assert.equal((await organization.call('PUT', `/api/v1/${path}/place`, outside)).statusCode, 400);
      const [entry] = (await call('GET', 'audit?limit=1')).items;
      assert.equal(entry.objectId, path.split('/')[1]);
      assert.deepEqual([entry.before, entry.after], [{ place: null }, { place: bern }]);
    }
    const placed = async (is: boolean) =>
      (await call('GET', `devices?placed=${is}`)).items.map(({ id }: { id: string }) => id);
    assert.deepEqual(await placed(true), [device.id]);
    assert.equal((await placed(false)).length, 1);
    assert.equal((await call('PUT', `devices/${device.id}/place`, { place: null })).place, null);
    assert.deepEqual(await placed(true), []);
  },
);
