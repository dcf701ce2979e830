import assert from 'node:assert/strict';
import { eachDatabase, waitFor } from '@zeronaut/testkit';
import { URI } from 'otpauth';
import { TestBrowser } from '../../testing/browser.suite.ts';
import { type Fixture, startFixture, type TestOrganization } from '../../testing/fixture.suite.ts';
import { type CaughtMail, startMailCatcher } from '../../testing/mail-catcher.suite.ts';

const PASSWORD = 'plum violin harbour seven';

async function allow(organization: TestOrganization, magicLinks: boolean): Promise<void> {
  const url = '/api/v1/organizations/current/sign-in-policy';
  const { version } = (await organization.call('GET', url)).json();
  const headers = { 'if-match': `"${version}"` };
  assert.equal((await organization.call('PUT', url, { magicLinks }, { headers })).statusCode, 200);
}

function person(url: string) {
  const browser = new TestBrowser();
  const post = async (path: string, fields: Record<string, string>, origin = url) => {
    const answer = await browser.post(url + path, fields, { origin });
    return { status: answer.status, text: await answer.text() };
  };
  return {
    browser,
    post,
    ask: (email: string) => post('/sign-in/link', { email, next: '/account' }),
    open: async (link: string) => (await browser.get(link)).status,
    use: (link: string) => {
      const { searchParams } = new URL(link);
      const next = searchParams.get('next') ?? '';
      return post('/sign-in/link/confirmation', { token: searchParams.get('token')!, next });
    },
  };
}

function linkOf(mail: CaughtMail): string {
  return /http:\/\/\S+\/sign-in\/link\?\S+/.exec(mail.text)![0];
}

async function mailed(mails: CaughtMail[], count: number): Promise<string> {
  await waitFor(() => mails.length === count, { what: `mail ${count}` });
  return linkOf(mails.at(-1)!);
}

async function world(fixture: Fixture) {
  const organization = await fixture.organization();
  const { user } = await organization.user('member', { email: 'ann@example.com', password: PASSWORD });
  const url = await fixture.listen();
  return { organization, user, url };
}

eachDatabase('a mailed link signs in once, in the browser that asked, within ten minutes', async (t, database) => {
  const { mailer, mails } = await startMailCatcher(t);
  const fixture = await startFixture(t, database, { mailer });
  const { organization, user, url } = await world(fixture);
  const ann = person(url);
  assert.ok(!(await (await ann.browser.get(`${url}/sign-in`)).text()).includes('Mail me a link'), 'off by default');
  await allow(organization, true);
  assert.match(await (await ann.browser.get(`${url}/sign-in`)).text(), /Mail me a link/);

  const asked = await ann.ask('ann@example.com');
  const link = await mailed(mails, 1);
  assert.deepEqual(mails[0]!.to, ['ann@example.com']);
  const thief = person(url);
  await thief.ask('nobody@example.com');
  assert.equal(await thief.open(link), 401, 'a forwarded link');
  assert.equal((await thief.use(link)).status, 401);
  assert.equal(await ann.open(link), 200);
  assert.equal(await ann.open(link), 200, 'looking uses nothing up');
  assert.equal((await ann.post('/sign-in/link/confirmation', {}, 'https://evil.example')).status, 403);
  const both = await Promise.all([ann.use(link), ann.use(link)]);
  assert.deepEqual(both.map(({ status }) => status).sort(), [200, 401], 'of two at once one comes too late');
  assert.match(both.find(({ status }) => status === 200)!.text, /ann@example\.com · member/);
  const sessions = (await organization.call('GET', '/api/v1/sessions')).json().items;
  assert.deepEqual(
    sessions.map(({ factors }: { factors: string[] }) => factors.join()),
    ['mail'],
  );

  // Nobody can tell who exists; who may not sign in so gets no mail, and neither do the disabled.
  const stranger = await thief.ask('nobody@example.com');
  const same = (text: string) => text.replaceAll(/nonce[-=][^ ']+|[\w.]+@example\.com/g, '');
  assert.equal(same(stranger.text), same(asked.text));
  const late = person(url);
  await late.ask('ann@example.com');
  const second = await mailed(mails, 2);
  fixture.clock.nowMs += 600_000;
  assert.equal((await late.use(second)).status, 401, 'ten minutes are over');

  await late.ask('ann@example.com');
  const third = await mailed(mails, 3);
  const change = { password: 'another good password' };
  await organization.call('PATCH', `/api/v1/users/${user.id}`, change, { headers: { 'if-match': '"1"' } });
  assert.equal((await late.use(third)).status, 401, 'all sign-ins of the person were ended');
  await late.ask('ann@example.com');
  const fourth = await mailed(mails, 4);
  await allow(organization, false);
  assert.equal((await late.use(fourth)).status, 401, 'turned off meanwhile');

  const { db } = fixture.context.store;
  const stored = JSON.stringify([
    await db.selectFrom('magic_links').selectAll().execute(),
    await db.selectFrom('audit_entries').selectAll().execute(),
  ]);
  for (const text of [link, second, third, fourth]) {
    assert.ok(!stored.includes(new URL(text).searchParams.get('token')!), 'a link is in the database');
  }
  assert.match(stored, /session\.link_mailed/);
});

eachDatabase(
  'a link is one factor: who has an app is asked for its code; mailboxes are not flooded',
  async (t, database) => {
    const { mailer, mails } = await startMailCatcher(t);
    const fixture = await startFixture(t, database, { mailer });
    const { organization, url } = await world(fixture);
    await allow(organization, true);
    const credentials = { email: 'ann@example.com', password: PASSWORD };
    const key = (await organization.call('POST', '/api/v1/sessions', credentials, { key: null })).json().session.token;
    const started = (await organization.call('POST', '/api/v1/me/factors/totp', undefined, { key })).json();
    const code = URI.parse(started.uri).generate({ timestamp: fixture.clock.nowMs });
    await organization.call('POST', '/api/v1/me/factors/totp/confirmation', { code }, { key });
    const ann = person(url);
    await ann.ask('ann@example.com');
    assert.match((await ann.use(await mailed(mails, 1))).text, /One more step/);
    assert.equal(ann.browser.cookie(url, 'zn_console'), null, 'no session yet');

    // Five to one mailbox, whoever asks; ten asked for from one address.
    const answers: number[] = [];
    for (let i = 0; i < 10; i++) answers.push((await person(url).ask('ann@example.com')).status);
    assert.deepEqual([answers.filter((status) => status === 200).length, answers.at(-1)], [9, 429]);
    await mailed(mails, 5);
    fixture.clock.nowMs += 120_000;
    await ann.ask('ann@example.com');
    // The one after the pause is the sixth: none of the five that were too many came before it.
    await mailed(mails, 6);
  },
);
