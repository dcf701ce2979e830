import assert from 'node:assert/strict';
import { eachDatabase } from '@zeronaut/testkit';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { openidWorld, ServiceBrowser, tokensOf } from '../../testing/openid-service.suite.ts';
import { tidy } from '../../workers/housekeeping.ts';

const DAY_MS = 86_400_000;

eachDatabase('the key of the OpenID provider takes turns, and what it signed stays good', async (t, database) => {
  const world = await openidWorld(t, database);
  const { fixture, user, url } = world;
  const { db } = fixture.context.store;
  // From before keys had turns: one key, without a time of its own.
  const { authority } = fixture.context;
  const first = await authority.openidKeys();
  const old = JSON.stringify({ jwk: first.keys[0]!.jwk, cookieKey: first.cookieKey });
  await db
    .updateTable('secrets')
    .set({ sealed: authority.sealer.seal('openid-keys', old) })
    .where('name', '=', 'openid-keys')
    .execute();

  const party = await world.party({ consent: 'skip' });
  const keySet = async () =>
    (await (await fetch(`${url}/oidc/jwks`)).json()) as { keys: { kid: string; d?: string }[] };
  const kids = async () => (await keySet()).keys.map(({ kid }) => kid);
  const signIn = async () => (await tokensOf(new ServiceBrowser(url), party, user.email)).tokens.id_token!;
  const kidOf = (token: string) => decodeProtectedHeader(token).kid!;
  const pass = async (days: number) => {
    fixture.clock.nowMs += days * DAY_MS;
    await tidy(fixture.context);
  };

  const token = await signIn();
  const one = kidOf(token);
  assert.equal(one, first.keys[0]!.jwk.kid, 'what was there goes on');
  await pass(88);
  assert.deepEqual(await kids(), [one]);
  await pass(1);
  const [stays, two, ...more] = await kids();
  assert.deepEqual([stays, more], [one, []], 'the next one is shown before it signs');
  assert.equal(kidOf(await signIn()), one);
  // Two consoles at once make one change of it.
  fixture.clock.nowMs += DAY_MS;
  await Promise.all([tidy(fixture.context), tidy(fixture.context)]);
  fixture.clock.nowMs += 61_000;
  assert.deepEqual(new Set(await kids()), new Set([one, two]));
  assert.equal(kidOf(await signIn()), two, 'a day later it signs');
  const set = await keySet();
  assert.ok(
    set.keys.every(({ d }) => d === undefined),
    'no private half is shown',
  );
  await jwtVerify(token, createLocalJWKSet(set as never), { clockTolerance: 1e12 });
  await pass(1.1);
  assert.deepEqual(await kids(), [two], 'and the old one goes when all that it signed has ended');
  await tidy(fixture.context);
  assert.deepEqual(await kids(), [two]);
  const rows = await db.selectFrom('secrets').selectAll().where('name', '=', 'openid-keys').execute();
  assert.ok(!JSON.stringify(rows).includes(two!), 'sealed, as before');
});
