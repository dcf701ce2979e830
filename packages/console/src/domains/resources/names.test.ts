import assert from 'node:assert/strict';
import { CONSOLE_SERVER_NAME, gatewayServerName } from '@zeronaut/model';
import { eachDatabase } from '@zeronaut/testkit';
import { startFixture } from '../../testing/fixture.suite.ts';

eachDatabase('nothing gets a certificate for a name of console or gateways', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const { gateway } = await organization.enrolGateway();
  const tunnelName = gatewayServerName(gateway.id);
  const wildcard = tunnelName.replace(/^[^.]+/, '*');
  for (const domain of [CONSOLE_SERVER_NAME, tunnelName, wildcard, 'zeronaut.internal', '*.zeronaut.internal']) {
    const answer = await organization.call('POST', '/api/v1/resources', {
      name: 'mimic',
      domains: ['fine.example.com', domain],
      targets: [{ address: '10.0.0.1:80' }],
    });
    assert.equal(answer.statusCode, 409, domain);
    assert.equal(answer.json().errors[0].path, '/domains/1', domain);
  }
  for (const baseDomain of ['zeronaut.internal', 'gateway.zeronaut.internal']) {
    await assert.rejects(organization.enrolGateway({ baseDomain }), /\/baseDomain/, baseDomain);
  }
  await organization.enrolGateway({ baseDomain: 'notzeronaut.internal' });
});
