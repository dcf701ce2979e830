import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import type { Language } from '@zeronaut/model';
import { REASON_TEXTS } from '@zeronaut/model/reason-texts';
import { foreignTexts, temporaryDirectory } from '@zeronaut/testkit';
import { createSetupToken } from '../domains/setup/setup.ts';
import { type Fixture, startFixture } from '../testing/fixture.suite.ts';
import { ownPath } from './next.ts';
import { texts as de } from './texts.de.ts';
import { texts as en } from './texts.en.ts';

const PASSWORD = 'plum violin harbour seven';
const OURS = { host: 'localhost:8080', origin: 'http://localhost:8080' };
const TABLES = { en: [en, REASON_TEXTS.en], de: [de, REASON_TEXTS.de] } as const;

async function sqlite(t: TestContext): Promise<Fixture> {
  const file = `${temporaryDirectory(t)}/z.db`;
  return await startFixture(t, { kind: 'sqlite', file, url: `sqlite:${file}` });
}

function languageOf(page: string): string | undefined {
  return /<html lang="(\w+)">/.exec(page)?.[1];
}

/** One browser: what it likes, and the cookies that it holds. */
class Visitor {
  readonly #fixture: Fixture;
  readonly #accept: string;
  readonly cookies = new Map<string, string>();
  readonly seen: { readonly url: string; readonly page: string }[] = [];

  constructor(fixture: Fixture, accept: string) {
    this.#fixture = fixture;
    this.#accept = accept;
  }

  async open(url: string, fields?: Record<string, string>) {
    const answer = await this.#fixture.api.inject({
      method: fields === undefined ? 'GET' : 'POST',
      url,
      headers: {
        ...OURS,
        accept: 'text/html',
        'accept-language': this.#accept,
        cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(fields === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      ...(fields === undefined ? {} : { payload: new URLSearchParams(fields).toString() }),
    });
    for (const { name, value } of answer.cookies as { name: string; value: string }[]) this.cookies.set(name, value);
    if (String(answer.headers['content-type']).startsWith('text/html')) {
      this.seen.push({ url: `${fields === undefined ? 'GET' : 'POST'} ${url}`, page: answer.body });
      assert.match(String(answer.headers.vary), /accept-language/, url);
      assert.match(String(answer.headers['cache-control']), /no-store/, url);
    }
    return answer;
  }
}

/** Every page that a person can come to without another program. */
async function walk(fixture: Fixture, accept: string): Promise<Visitor> {
  const visitor = new Visitor(fixture, accept);
  const organization = await fixture.organization();
  await fixture.context.store.db.updateTable('users').set({ kind: 'local' }).execute();
  await visitor.open('/sign-in');
  const token = (await createSetupToken(fixture.context, organization.id))!;
  await visitor.open('/setup?token=none');
  await visitor.open(`/setup?token=${token}`);
  const owner = { token, organizationName: 'Acme', name: 'Zoe', email: 'zoe@example.com', password: PASSWORD };
  await visitor.open('/setup', { ...owner, organizationName: 'x'.repeat(200), name: '', email: 'no', password: '' });
  for (const password of ['short', 'zoe@example.com', 'passwordpassword']) {
    await visitor.open('/setup', { ...owner, password });
    const refused = visitor.seen.at(-1)!.page;
    assert.match(
      refused,
      new RegExp(`name="back" value="/setup\\?token=${token}"`),
      'it can be read in another language',
    );
  }
  await visitor.open('/setup', owner);
  await visitor.open(`/setup?token=${token}`);
  fixture.clock.nowMs += 3_600_000;

  for (const path of ['/', '/account', '/device', '/requests', '/organizations']) await visitor.open(path);
  await visitor.open('/account/totp', {});
  await visitor.open('/account/totp/confirmation', { code: '1' });
  await visitor.open('/account/passkeys', { name: '', credential: '' });
  await visitor.open('/device?user_code=BBBB-BBBB');
  const member = await organization.user('member', { email: 'yan@example.com', password: PASSWORD });
  const started = async () => {
    const body = { client_id: 'zeronaut-cli' };
    const answer = await organization.call('POST', '/api/v1/oauth/device_authorization', body, { key: null });
    return String(answer.json().user_code);
  };
  for (const decision of ['approve', 'refuse']) {
    const code = await started();
    await visitor.open(`/device?user_code=${code}`);
    await visitor.open('/device', { user_code: code, decision });
  }
  await organization.enrolGateway();
  const resources = [{ name: 'wiki', targets: [{ address: '127.0.0.1:80' }] }];
  await organization.call('POST', '/api/v1/resources/apply', { resources });
  const ask = { object: 'wiki', minutes: 60, reason: 'xyz' };
  await organization.call('POST', '/api/v1/access-requests', ask, { key: member.key });
  await visitor.open('/requests');
  await visitor.open('/requests', { object: 'wiki', minutes: '60', reason: 'xyz' });
  await visitor.open('/requests', { object: 'nothing', minutes: '60', reason: 'xyz' });
  const id = /name="id" value="(acr_\w+)"/.exec(visitor.seen.at(-1)!.page)?.[1] ?? '';
  await visitor.open('/requests/decision', { id, effect: 'approve', note: 'xyz' });
  await visitor.open('/requests');
  const invited = await organization.call('POST', '/api/v1/invitations', { email: 'xia@example.com', role: 'member' });
  const invitation = new URL(invited.json().url);
  await visitor.open(`${invitation.pathname}${invitation.search}`);
  const guest = { token: invitation.searchParams.get('token')!, name: 'Xia', password: PASSWORD };
  await visitor.open('/invitation', { ...guest, name: '' });
  await visitor.open('/invitation', { ...guest, password: 'passwordpassword' });
  await visitor.open('/invitation?token=none');
  const provider = await organization.call('POST', '/api/v1/identity-providers', {
    name: 'corp',
    settings: { kind: 'ldap', url: 'ldaps://127.0.0.1:1', bindDn: 'cn=zn,dc=corp', baseDn: 'ou=people,dc=corp' },
    secret: PASSWORD,
  });
  assert.equal(provider.statusCode, 201, provider.body);
  const directory = `/sign-in/with/${provider.json().id}`;
  await visitor.open(directory);
  await visitor.open(directory, { username: 'zoe', password: PASSWORD });
  await visitor.open('/sign-in/discover?email=zoe%40nowhere.example');
  await visitor.open('/sign-in/with/none');
  await visitor.open('/sign-in/callback/none');
  await visitor.open('/sign-in/saml/none', { RelayState: '', SAMLResponse: '' });
  await visitor.open('/oidc/interaction/aaaaaaaaaaaaaaaa');
  await visitor.open('/nowhere');

  await visitor.open('/sign-out', {});
  visitor.cookies.delete('zn_console');
  await visitor.open('/sign-in');
  await visitor.open('/sign-in', { email: 'zoe@example.com', password: 'x', next: '/' });
  await visitor.open('/sign-in/passkey', { credential: '{}', next: '/' });
  await visitor.open('/sign-in/link', { email: 'zoe@example.com', next: '/' });
  await visitor.open('/sign-in/link?token=none');
  const policy = '/api/v1/organizations/current/sign-in-policy';
  const { version } = (await organization.call('GET', policy)).json();
  const headers = { 'if-match': `"${version}"` };
  const required = await organization.call('PUT', policy, { secondFactor: 'required' }, { headers });
  assert.equal(required.statusCode, 200, required.body);
  await visitor.open('/sign-in', { email: 'yan@example.com', password: PASSWORD, next: '/' });
  await visitor.open('/sign-in/factor');
  await visitor.open('/sign-in/factor/totp', { next: '/' });
  await visitor.open('/sign-in/factor/confirmation', { code: '1', next: '/' });
  return visitor;
}

for (const [accept, language, other] of [
  ['de-CH,de;q=0.9,en;q=0.5', 'de', 'en'],
  ['en-GB', 'en', 'de'],
] as const satisfies [string, Language, Language][]) {
  test(`who wants ${accept} reads each page in one language`, async (t) => {
    const visitor = await walk(await sqlite(t), accept);
    assert.ok(visitor.seen.length >= 40, `${visitor.seen.length} pages`);
    for (const { url, page } of visitor.seen) {
      assert.equal(languageOf(page), language, url);
      assert.deepEqual(foreignTexts(page, TABLES[language], TABLES[other]), [], url);
    }
    const read = visitor.seen.map(({ page }) => page).join('\n');
    const unseen = foreignTexts(read, [], TABLES[language][0]);
    // Most of the table was on these pages, so that looking for the other one's texts means something.
    assert.ok(unseen.length > 100, `${unseen.length} texts`);
  });
}

test('no text stands in a page beside the tables', () => {
  for (const file of globSync('*.ts', { cwd: import.meta.dirname })) {
    if (/\.test\.|^texts\.|^docs-page/.test(file)) continue;
    const source = readFileSync(`${import.meta.dirname}/${file}`, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
    const between = [...source.matchAll(/<\w+(?:\s[^<>]*)?>([^<>{}();=$]*[A-Za-z]{2}[^<>{}();=$]*)</g)];
    const named = [...source.matchAll(/\s(?:aria-label|title|placeholder|data-label)="([^"$]+)"|title: '([^']+)'/g)];
    const texts = [...between, ...named].map(([, text, title]) => (text ?? title)!.trim());
    assert.deepEqual(
      texts.filter((text) => !['Zeronaut', 'API', 'XXXX-XXXX'].includes(text)),
      [],
      file,
    );
  }
});

test('a language is chosen without a script, and stays', async (t) => {
  const fixture = await sqlite(t);
  await fixture.organization();
  const visitor = new Visitor(fixture, 'de');
  const before = await visitor.open('/sign-in?next=%2Faccount');
  assert.equal(languageOf(before.body), 'de');
  assert.ok(before.body.includes('value="en" lang="en">English</button><span aria-current="true">Deutsch</span>'));
  const back = /name="back" value="([^"]*)"/.exec(before.body)![1]!;
  const chosen = await visitor.open('/language', { language: 'en', back });
  assert.equal(chosen.statusCode, 303);
  assert.equal(chosen.headers.location, '/sign-in?next=%2Faccount');
  const [cookie] = chosen.cookies as unknown as Record<string, unknown>[];
  assert.equal(cookie!.name, 'zn_language');
  assert.equal(cookie!.sameSite, 'Lax');
  assert.equal(cookie!.path, '/');
  assert.equal(languageOf((await visitor.open('/sign-in')).body), 'en');
  assert.equal(languageOf((await visitor.open('/nowhere')).body), 'en');

  for (const [fields, location] of [
    [{ language: 'xx', back: '/sign-in' }, '/sign-in'],
    [{ language: 'de', back: 'https://evil.example/' }, '/'],
    [{ language: 'de' }, '/'],
  ] as const) {
    assert.equal((await visitor.open('/language', { ...fields })).headers.location, location);
  }
  const foreign = await fixture.api.inject({
    method: 'POST',
    url: '/language',
    headers: { ...OURS, origin: 'https://evil.example', 'content-type': 'application/x-www-form-urlencoded' },
    payload: 'language=de',
  });
  assert.equal(foreign.statusCode, 403, 'another site chooses nothing');
  assert.equal(foreign.cookies.length, 0);
  // The description of the API is English, whoever reads it, and offers no choice.
  const docs = (await new Visitor(fixture, 'de').open('/api/docs')).body;
  assert.equal(languageOf(docs), 'en');
  assert.ok(!docs.includes('class="languages"'));
  // Where a page answered a form, there is its form to go back to, and on other pages none.
  const wrong = await visitor.open('/sign-in', { email: '', password: '', next: '/audit' });
  assert.match(wrong.body, /class="languages".*name="back" value="\/sign-in\?next=%2Faudit"/);
  const link = await visitor.open('/sign-in/link', { email: 'ann@example.com' });
  assert.ok(!link.body.includes('class="languages"'));
});

test('a choice leads back to addresses of this console alone', () => {
  for (const path of ['/sign-in?next=%2F', '/invitation?token=zni_x', '/']) assert.equal(ownPath(path), path);
  for (const path of [
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    '/..//evil.example',
    'javascript:alert(1)',
    '',
    `/${'x'.repeat(2_000)}`,
  ]) {
    assert.equal(ownPath(path), null, path);
  }
});
