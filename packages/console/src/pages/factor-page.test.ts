import assert from 'node:assert/strict';
import { eachDatabase } from '@zeronaut/testkit';
import { type TOTP, URI } from 'otpauth';
import { TestBrowser } from '../testing/browser.suite.ts';
import { type Fixture, startFixture } from '../testing/fixture.suite.ts';

const PASSWORD = 'plum violin harbour seven';
const unescaped = (text: string) => text.replaceAll('&amp;', '&');

/** The pages as a browser without scripts sees them. */
function open(url: string) {
  const browser = new TestBrowser();
  const post = async (path: string, fields: Record<string, string>) => {
    const answer = await browser.post(url + path, fields, { origin: url });
    return { url: answer.url, status: answer.status, text: await answer.text() };
  };
  const signIn = () => post('/sign-in', { email: 'ann@example.com', password: PASSWORD, next: '/account' });
  return { browser, post, signIn };
}

function appOf(text: string, fixture: Fixture): () => string {
  const app = URI.parse(unescaped(/href="(otpauth:[^"]+)"/.exec(text)![1]!)) as TOTP;
  return () => app.generate({ timestamp: fixture.clock.nowMs });
}

eachDatabase('an app is set up on the account page, and asked for at the next sign-in', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  await organization.user('member', { email: 'ann@example.com', password: PASSWORD });
  const url = await fixture.listen();
  const ann = open(url);
  assert.match((await ann.signIn()).text, /None yet/);
  const started = await ann.post('/account/totp', {});
  const code = appOf(started.text, fixture);
  assert.match((await ann.post('/account/totp/confirmation', { code: '12345' })).text, /The code is wrong/);
  const on = await ann.post('/account/totp/confirmation', { code: code() });
  assert.match(on.text, /Keep your recovery codes/);
  assert.match(await (await ann.browser.get(`${url}/account`)).text(), /10 left/);

  fixture.clock.nowMs += 30_000;
  const again = open(url);
  const step = await again.signIn();
  assert.match(step.text, /One more step/);
  assert.match(step.text, /name="next" value="\/account"/);
  assert.equal(again.browser.cookie(url, 'zn_console'), null, 'no session yet');
  assert.match((await again.post('/sign-in/factor', { code: '000000', next: '/account' })).text, /The code is wrong/);

  // Another browser with the right code has no pending sign-in.
  const thief = open(url);
  assert.match((await thief.post('/sign-in/factor', { code: code(), next: '/' })).text, /not begun in this browser/);
  assert.match((await again.post('/sign-in/factor', { code: code(), next: '//evil.example' })).text, /is not built/);
  assert.notEqual(again.browser.cookie(url, 'zn_console'), null);
  assert.match(await (await again.browser.get(`${url}/account`)).text(), /10 left/);

  // Five wrong ones, and the password has to come again.
  fixture.clock.nowMs += 600_000;
  const guesser = open(url);
  await guesser.signIn();
  for (let i = 0; i < 5; i++) await guesser.post('/sign-in/factor', { code: '000000' });
  assert.match((await guesser.post('/sign-in/factor', { code: code() })).text, /tried too often/);

  // A pending sign-in lasts ten minutes, and a new password voids it.
  fixture.clock.nowMs += 600_000;
  const late = open(url);
  await late.signIn();
  fixture.clock.nowMs += 600_000;
  assert.match((await late.post('/sign-in/factor', { code: code() })).text, /took too long/);
  const voided = open(url);
  await voided.signIn();
  const { id } = (await organization.call('GET', '/api/v1/users'))
    .json()
    .items.find((one: { email: string }) => one.email === 'ann@example.com');
  const change = { password: 'another good password' };
  await organization.call('PATCH', `/api/v1/users/${id}`, change, { headers: { 'if-match': '"1"' } });
  assert.match((await voided.post('/sign-in/factor', { code: code() })).text, /Sign in again/);
});

eachDatabase('who must have a second factor sets it up while signing in', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  await organization.user('member', { email: 'ann@example.com', password: PASSWORD });
  const url = await fixture.listen();
  const policy = await organization.call(
    'PUT',
    '/api/v1/organizations/current/sign-in-policy',
    { secondFactor: 'required' },
    { headers: { 'if-match': '"1"' } },
  );
  assert.equal(policy.statusCode, 200, policy.body);
  const ann = open(url);
  assert.match((await ann.signIn()).text, /Set up a second factor/);
  const code = appOf((await ann.post('/sign-in/factor/totp', { next: '/account' })).text, fixture);
  assert.match((await ann.post('/sign-in/factor', { code: code() })).text, /The code is wrong/, 'not on yet');
  const done = await ann.post('/sign-in/factor/confirmation', { code: code(), next: '/account' });
  assert.match(done.text, /Keep your recovery codes/);
  assert.match(await (await ann.browser.get(`${url}/account`)).text(), /Authenticator app/);

  // Whoever has one cannot be given another by somebody who knows the password alone.
  fixture.clock.nowMs += 30_000;
  const thief = open(url);
  assert.match((await thief.signIn()).text, /One more step/);
  assert.match((await thief.post('/sign-in/factor/totp', {})).text, /took too long/);
  assert.match((await thief.post('/sign-in/factor/confirmation', { code: '000000' })).text, /took too long/);
});
