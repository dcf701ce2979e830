import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { eachDatabase, waitFor } from '@zeronaut/testkit';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { openidWorld, REDIRECT, ServiceBrowser, tokensOf } from '../../testing/openid-service.suite.ts';
import { startOpenidLogouts } from '../../workers/openid-logouts.ts';
import { sendLogouts } from './logouts.ts';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** A service's logout address, which keeps what it was told. */
async function startService(t: TestContext) {
  const told: string[] = [];
  let status = 204;
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      if (status === 204) told.push(new URLSearchParams(body).get('logout_token')!);
      response.writeHead(status).end();
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/logout`;
  return { url, told, answer: (next: number) => (status = next) };
}

eachDatabase('a service is told that a session ended, which one, once, and when it can hear', async (t, database) => {
  const world = await openidWorld(t, database);
  const { fixture, ours, user, url } = world;
  const service = await startService(t);
  const party = await world.party({ logoutUri: service.url });
  const deaf = await world.party({ name: 'Deaf' });
  const [one, two] = [new ServiceBrowser(url), new ServiceBrowser(url)];
  const first = decodeJwt((await tokensOf(one, party, user.email)).tokens.id_token!);
  const second = decodeJwt((await tokensOf(two, party, user.email)).tokens.id_token!);
  await tokensOf(one, deaf, user.email);
  assert.ok(
    typeof first.sid === 'string' && first.sid !== second.sid,
    'a session has a name of its own in each service',
  );
  assert.equal(await sendLogouts(fixture.context), 0);

  const sessionIds = async () =>
    (
      await fixture.context.store.db
        .selectFrom('sessions')
        .select('id')
        .where('user_id', '=', user.id)
        .orderBy('created_at')
        .orderBy('id')
        .execute()
    ).map(({ id }) => id);
  const mine = await fixture.context.store.db
    .selectFrom('openid_records')
    .select('session_id')
    .where('sid', '=', first.sid)
    .executeTakeFirstOrThrow();
  assert.ok((await sessionIds()).includes(mine.session_id!));
  // While the service is away nothing is lost, and it is not asked in a hurry.
  service.answer(503);
  await ours.call('DELETE', `/api/v1/sessions/${mine.session_id}`);
  assert.equal(await sendLogouts(fixture.context), 0);
  service.answer(204);
  assert.equal(await sendLogouts(fixture.context), 0, 'not again before its time');
  fixture.clock.nowMs += 11_000;
  const told = await Promise.all([sendLogouts(fixture.context), sendLogouts(fixture.context)]);
  assert.equal(told[0]! + told[1]!, 1, 'by one of two consoles');
  const { payload, protectedHeader } = await jwtVerify(
    service.told[0]!,
    createRemoteJWKSet(new URL(`${url}/oidc/jwks`)),
    {
      issuer: `${url}/oidc`,
      audience: party.id,
      typ: 'logout+jwt',
    },
  );
  assert.equal(protectedHeader.alg, 'RS256');
  assert.deepEqual(
    [payload.sub, payload.sid, payload.events, payload.nonce],
    [user.id, first.sid, { [EVENT]: {} }, undefined],
  );
  assert.equal(typeof payload.jti, 'string');
  fixture.clock.nowMs += 3_600_000;
  assert.equal(await sendLogouts(fixture.context), 0, 'once');

  // A disabled user, by the worker, at once.
  const stop = startOpenidLogouts(fixture.context, fixture.log);
  t.after(stop);
  const { version } = (await ours.call('GET', `/api/v1/users/${user.id}`)).json();
  await ours.call(
    'PATCH',
    `/api/v1/users/${user.id}`,
    { status: 'disabled' },
    { headers: { 'if-match': `"${version}"` } },
  );
  await waitFor(() => service.told.length === 2, { what: 'the service hears of it' });
  assert.equal(decodeJwt(service.told[1]!).sid, second.sid);
  const entries = async () =>
    (await ours.call('GET', '/api/v1/audit?limit=100'))
      .json()
      .items.filter(({ action }: { action: string }) => action === 'relying_party.logout');
  await waitFor(async () => (await entries()).length === 2, { what: 'both entries' });
  assert.deepEqual(
    new Set((await entries()).map(({ after }: { after: { told: boolean } }) => after.told)),
    new Set([true]),
  );
});

eachDatabase('logout addresses lead nowhere else, and a service that never hears is given up', async (t, database) => {
  const world = await openidWorld(t, database);
  const { fixture, ours, user, url } = world;
  for (const logoutUri of [
    'http://wiki.example/logout',
    'https://wiki.example/#x',
    'https://a:b@wiki.example/',
    'file:///etc/passwd',
  ]) {
    const answer = await ours.call('POST', '/api/v1/relying-parties', {
      name: 'x',
      redirectUris: [REDIRECT],
      logoutUri,
    });
    assert.equal(answer.statusCode, 400, logoutUri);
  }
  const party = await world.party({ logoutUri: 'https://169.254.169.254/logout' });
  await tokensOf(new ServiceBrowser(url), party, user.email);
  await fixture.context.store.db
    .updateTable('sessions')
    .set({ revoked_at: fixture.clock.nowMs })
    .where('user_id', '=', user.id)
    .execute();
  for (let i = 0; i < 10; i++) {
    assert.equal(await sendLogouts(fixture.context), 0);
    fixture.clock.nowMs += 7 * 3_600_000;
  }
  const entries = (await ours.call('GET', '/api/v1/audit?limit=100')).json().items;
  const given = entries.filter(({ action }: { action: string }) => action === 'relying_party.logout');
  assert.equal(given.length, 1, 'one entry, after the last try');
  assert.equal(given[0].after.told, false);
  assert.match(given[0].after.failure, /address_denied/);
});
