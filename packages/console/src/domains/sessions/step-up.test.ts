import assert from 'node:assert/strict';
import { type RouteDefinition, routes } from '@zeronaut/model';
import { eachDatabase } from '@zeronaut/testkit';
import { TestBrowser } from '../../testing/browser.suite.ts';
import { startFixture } from '../../testing/fixture.suite.ts';

const PASSWORD = 'plum violin harbour seven';
/** What gives a lasting way in, or takes somebody's protection away. */
const DANGEROUS = [
  'apiKeys.create',
  'audit.erase',
  'audit.setRetention',
  'auditExports.create',
  'auditExports.delete',
  'auditExports.update',
  'backups.create',
  'devicePolicy.update',
  'factors.delete',
  'factors.renewRecoveryCodes',
  'factors.startTotp',
  'gateways.createEnrolment',
  'gateways.delete',
  'groups.update',
  'identityProviders.addDomain',
  'identityProviders.create',
  'identityProviders.update',
  'invitations.create',
  'organizations.create',
  'organizations.join',
  'passkeys.create',
  'passkeys.start',
  'personalAccessTokens.create',
  'relyingParties.create',
  'relyingParties.renewSecret',
  'relyingParties.update',
  'roles.create',
  'roles.update',
  'signInPolicy.update',
  'users.create',
  'users.delete',
  'users.deleteFactor',
  'users.resetFactors',
  'users.update',
  'workloadTrusts.create',
];

eachDatabase('dangerous actions ask a session for a sign-in that is not old', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const email = 'ann@example.com';
  await organization.user('owner', { email, password: PASSWORD });
  const signIn = async () =>
    (await organization.call('POST', '/api/v1/sessions', { email, password: PASSWORD }, { key: null })).json().session
      .token as string;
  const table: [string, RouteDefinition][] = Object.entries(routes);
  const marked = table.filter(([, route]) => route.stepUp === true);
  assert.deepEqual(marked.map(([id]) => id).sort(), DANGEROUS);

  const url = await fixture.listen();
  const browser = new TestBrowser();
  await browser.post(`${url}/sign-in`, { email, password: PASSWORD }, { origin: url });
  const old = await signIn();
  fixture.clock.nowMs += 900_000;
  const fresh = await signIn();
  const before = JSON.stringify(await fixture.context.store.db.selectFrom('audit_entries').selectAll().execute());
  for (const [id, route] of marked) {
    const path = route.path.replaceAll(/:[a-zA-Z]+/g, organization.owner.id);
    const reason = async (key: string) => (await organization.call(route.method, path, {}, { key })).json().reason;
    assert.equal(await reason(old), 'factor.expired', id);
  }
  // The forms of the account page do the same as the API.
  for (const path of ['totp', 'totp/confirmation', 'recovery-codes', 'factors/removal', 'passkeys']) {
    const answer = await browser.post(`${url}/account/${path}`, { id: organization.owner.id }, { origin: url });
    assert.equal(answer.status, 401, path);
    assert.match(await answer.text(), /too long ago/);
  }
  const after = JSON.stringify(await fixture.context.store.db.selectFrom('audit_entries').selectAll().execute());
  assert.equal(after, before, 'nothing was done');

  const body = { name: 'ci', role: 'member' };
  assert.equal((await organization.call('POST', '/api/v1/api-keys', body, { key: fresh })).statusCode, 201);
  assert.equal(
    (await organization.call('POST', '/api/v1/api-keys', body)).statusCode,
    201,
    'a key has nothing to show',
  );
  assert.equal((await organization.call('GET', '/api/v1/users', undefined, { key: old })).statusCode, 200, 'reading');
  // The organization says how long is not long.
  const policy = '/api/v1/organizations/current/sign-in-policy';
  const set = await organization.call(
    'PUT',
    policy,
    { factorMaxAgeSeconds: 86_400 },
    { headers: { 'if-match': '"1"' } },
  );
  assert.equal(set.statusCode, 200, set.body);
  assert.equal((await organization.call('POST', '/api/v1/api-keys', body, { key: old })).statusCode, 201);
});
