import assert from 'node:assert/strict';
import { eachDatabase } from '@zeronaut/testkit';
import { startFixture } from '../../testing/fixture.suite.ts';

const OLD = 'plum violin harbour seven';
const NEW = 'seven harbours of violin plums';

eachDatabase('people change their own password, and nobody does it for them', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const ann = await organization.user('member', { password: OLD });
  const { email } = ann.user;
  const signIn = async (password: string) =>
    await organization.call('POST', '/api/v1/sessions', { email, password }, { key: null });
  const session = async () => (await signIn(OLD)).json().session.token as string;
  const change = async (key: string, currentPassword: string, newPassword: string) => {
    const body = { currentPassword, newPassword };
    return await organization.call('POST', '/api/v1/me/password', body, { key });
  };
  const statusOf = async (key: string) =>
    (await organization.call('GET', '/api/v1/me', undefined, { key })).json().reason ?? 'open';
  const [here, elsewhere] = [await session(), await session()];

  const refused = async (reason: string, path: string | null, answer: ReturnType<typeof change>) => {
    const { reason: said, errors } = (await answer).json();
    assert.deepEqual([said, errors?.[0]?.path ?? null], [reason, path]);
  };
  await refused('api.password_wrong', null, change(here, NEW, NEW));
  await refused('api.password_weak', '/newPassword', change(here, OLD, 'short'));
  await refused('api.password_weak', '/newPassword', change(here, OLD, '1qaz2wsx3edc4rfv'));
  await refused('api.password_weak', '/newPassword', change(here, OLD, email));
  await refused('factor.session_needed', null, change(ann.key, OLD, NEW));
  assert.equal(await statusOf(elsewhere), 'open', 'what was refused changed nothing');

  // Both showed a password that counted, and one of them came first.
  const both = await Promise.all([change(here, OLD, NEW), change(here, OLD, NEW)]);
  assert.deepEqual(both.map(({ statusCode }) => statusCode).sort(), [204, 403]);
  assert.equal(await statusOf(here), 'open');
  assert.equal(await statusOf(elsewhere), 'access.session_revoked');
  assert.equal((await signIn(OLD)).json().reason, 'api.credentials_invalid');
  assert.equal((await signIn(NEW)).statusCode, 201);

  const { items } = (await organization.call('GET', '/api/v1/audit?action=user.change_password')).json();
  assert.equal(items.length, 1);
  assert.deepEqual([items[0].actor.id, items[0].objectId], [ann.user.id, ann.user.id]);
  assert.doesNotMatch(JSON.stringify(items), /violin/);

  // Guesses run into the nets of signing in.
  const answers = await Promise.all(Array.from({ length: 12 }, (_, index) => change(here, `a guess ${index}`, NEW)));
  const reasons = answers.map((answer) => answer.json().reason);
  assert.ok(reasons.includes('api.rate_limited'), reasons.join());
  assert.ok(reasons.filter((reason) => reason === 'api.password_wrong').length <= 5, reasons.join());
});

eachDatabase('who has no password changes none', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const factors = async (key: string) =>
    (await organization.call('GET', '/api/v1/me/factors', undefined, { key })).json().hasPassword;
  assert.equal(await factors((await organization.user('member')).key), false);
  assert.equal(await factors((await organization.user('member', { password: OLD })).key), true);
});
