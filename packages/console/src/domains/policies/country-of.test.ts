import assert from 'node:assert/strict';
import type { AccessAnswer } from '@zeronaut/model';
import { eachDatabase } from '@zeronaut/testkit';
import { startFixture } from '../../testing/fixture.suite.ts';

eachDatabase('an answer says which country it took, and from where', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const targets = [{ address: '10.0.0.1:80' }];
  await organization.call('POST', '/api/v1/resources', { name: 'wiki', targets });
  const ask = async (circumstances: object, administer = false) => {
    const what = administer ? { object: 'users:write', action: 'administer' } : { object: 'wiki', action: 'read' };
    const body = { user: organization.owner.email, ...what, circumstances };
    const answer = await organization.call('POST', '/api/v1/policies/simulate', body);
    assert.equal(answer.statusCode, 200, answer.body);
    return (answer.json() as AccessAnswer).country;
  };
  for (const administer of [false, true]) {
    const google = await ask({ address: '8.8.8.8' }, administer);
    assert.deepEqual([google.code, google.from], ['US', 'console']);
    assert.ok(Date.parse(google.fileBuiltAt!) > Date.parse('2026-01-01'), `the file is of ${google.fileBuiltAt}`);
    const inside = await ask({ address: '10.0.0.7' }, administer);
    assert.deepEqual([inside.code, inside.from], [null, 'console'], 'private addresses have none');
    const said = { code: 'NZ', from: 'question', fileBuiltAt: null };
    assert.deepEqual(await ask({ address: '8.8.8.8', country: 'NZ' }, administer), said);
  }
});

eachDatabase('an answer says which address it took, and whether the question named it', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  await organization.call('POST', '/api/v1/resources', { name: 'wiki', targets: [{ address: '10.0.0.1:80' }] });
  for (const what of [
    { object: 'wiki', action: 'read' },
    { object: 'users:write', action: 'administer' },
  ]) {
    const ask = async (circumstances: object) => {
      const body = { user: organization.owner.email, ...what, circumstances };
      return (await organization.call('POST', '/api/v1/policies/simulate', body)).json().address;
    };
    assert.deepEqual(await ask({}), { value: '192.0.2.1', from: 'default' });
    assert.deepEqual(await ask({ address: '192.0.2.1' }), { value: '192.0.2.1', from: 'question' });
    assert.deepEqual(await ask({ address: '10.0.0.7' }), { value: '10.0.0.7', from: 'question' });
  }
});
