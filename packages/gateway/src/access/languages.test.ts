import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { REASONS, type Reason } from '@zeronaut/model';
import { REASON_TEXTS } from '@zeronaut/model/reason-texts';
import { foreignTexts } from '@zeronaut/testkit';
import { refusal } from '../http/refusal.ts';
import type { RequestHead } from '../http/request-head.ts';
import {
  AccessWorld,
  type Answer,
  createResource,
  hiddenFields,
  TestBrowser,
  type Visit,
} from './access-world.suite.ts';
import { passkeyAddedPage, passkeysPage } from './passkey-pages.ts';
import type { Page } from './responses.ts';
import { texts as de } from './texts.de.ts';
import { texts as en } from './texts.en.ts';

const APP = 'https://app.base.test:8443';
const HOME = 'https://portal.base.test:8443';
const TABLES = { en: [en, REASON_TEXTS.en], de: [de, REASON_TEXTS.de] } as const;

const app = createResource('app');
const ops = createResource('ops', { access: { ...app.access, allow: ['group:ops'] } });
const ssh = createResource('ssh', { protocol: 'tcp', hosts: [], port: 20_022 });
const open = createResource('dns', {
  ...{ protocol: 'udp', hosts: [], port: 20_023, access: { ...app.access, mode: 'public' } },
});

/** A browser that likes one language, and keeps the pages that it saw. */
class Reader extends TestBrowser {
  readonly accept: string;
  readonly seen: { readonly url: string; readonly page: string }[];

  constructor(world: AccessWorld, accept: string, seen: { readonly url: string; readonly page: string }[] = []) {
    super(world);
    this.accept = accept;
    this.seen = seen;
  }

  override async visit(url: string, visit: Visit = {}): Promise<Answer> {
    const answer = await super.visit(url, { ...visit, headers: { 'accept-language': this.accept, ...visit.headers } });
    if (answer.header('content-type')?.startsWith('text/html')) {
      this.seen.push({ url, page: answer.body });
      assert.equal(answer.header('vary'), 'accept-language, cookie');
      assert.equal(answer.header('cache-control'), 'no-store');
    }
    return answer;
  }
}

function languageOf(page: string): string | undefined {
  return /<html lang="(\w+)">/.exec(page)?.[1];
}

async function walk(reader: Reader, world: AccessWorld): Promise<void> {
  const wrong = await reader.signIn(`${APP}/`, 'ann@example.com', 'wrong');
  assert.equal(wrong.status, 401);
  world.secondFactor = '123456';
  await reader.signIn(`${APP}/`, 'ann@example.com');
  world.secondFactor = null;
  await reader.visit(`${HOME}/sign-in`);
  await reader.signIn(`${APP}/`, 'ann@example.com');
  const home = await reader.visit(`${HOME}/`);
  const { csrf } = hiddenFields(home.body);
  await reader.visit(`${HOME}/grants`, { form: { csrf: csrf!, resource: ssh.id, hours: '8' } });
  await reader.visit(`${HOME}/?done=authorised`);
  await reader.visit(`${HOME}/?done=revoked`);
  await reader.visit(`${HOME}/grants`, { form: { csrf: csrf!, resource: 'none', hours: '8' } });
  await reader.visit(`${HOME}/passkeys`);
  await reader.visit(`${HOME}/passkeys`, { form: { csrf: csrf!, name: '', credential: '' } });
  await reader.visit(`${HOME}/nowhere`);
  await reader.visit(`${HOME}/sign-in?state=x`);
  const stranger = new Reader(world, reader.accept, reader.seen);
  const refused = await stranger.signIn(`${APP}/`, 'eve@example.com');
  assert.equal(refused.status, 403);
  const jar = reader.jars.get('ops.base.test') ?? new Map<string, string>();
  reader.jars.set('ops.base.test', jar.set('__Host-zn_session', await world.domainToken(world.ann, 'ops.base.test')));
  assert.equal((await reader.visit('https://ops.base.test:8443/')).status, 403);
  await reader.visit(`${APP}/.zeronaut/callback?code=x`);
  await reader.visit(`${APP}/.zeronaut/share/x`);
  await reader.visit(`${APP}/.zeronaut/sign-out`);
  await reader.visit(`${APP}/.zeronaut/sign-out`, { form: {} });
  await reader.visit(`${HOME}/sign-out`);
  await reader.visit(`${HOME}/sign-out`, { form: { csrf: csrf! } });
}

for (const [accept, language, other] of [
  ['de-AT, de;q=0.9', 'de', 'en'],
  ['en', 'en', 'de'],
] as const) {
  test(`who wants ${accept} reads each page in one language`, async () => {
    const world = await AccessWorld.create([app, ops, ssh, open]);
    const reader = new Reader(world, accept);
    await walk(reader, world);
    assert.ok(reader.seen.length >= 18, `${reader.seen.length} pages`);
    for (const { url, page } of reader.seen) {
      assert.equal(languageOf(page), language, url);
      assert.deepEqual(foreignTexts(page, TABLES[language], TABLES[other]), [], url);
    }
    const read = reader.seen.map(({ page }) => page).join('\n');
    const shown = foreignTexts(read, [], TABLES[language][0]);
    assert.ok(shown.length > 40, `${shown.length} texts of the table were on these pages`);
  });
}

test('pages that take a passkey are in one language, too', () => {
  const user = { email: 'ann@example.com' } as Parameters<typeof passkeysPage>[1]['user'];
  const pages = (t: typeof en): Page[] => [
    passkeysPage(t, { user, csrf: 'x', options: {}, count: 0, failure: 'passkey.malformed' }),
    passkeyAddedPage(t, ['aaaa-bbbb']),
  ];
  for (const { title, content } of pages(de))
    assert.deepEqual(foreignTexts(title + content.text, TABLES.de, TABLES.en), []);
  for (const { title, content } of pages(en))
    assert.deepEqual(foreignTexts(title + content.text, TABLES.en, TABLES.de), []);
});

test('a refusal before anybody is known is told in the language of the browser, each reason of them', () => {
  const head = (headers: Record<string, string>): RequestHead =>
    ({
      headers: { names: Object.keys(headers), rawNames: [], values: Object.values(headers) },
    }) as unknown as RequestHead;
  for (const reason of Object.keys(REASONS) as Reason[]) {
    const german = refusal(reason, 'req_1', head({ accept: 'text/html', 'accept-language': 'de' }));
    const english = refusal(reason, 'req_1', head({ accept: 'text/html' }));
    assert.equal(languageOf(String(german.body)), 'de');
    assert.equal(languageOf(String(english.body)), 'en');
    assert.deepEqual(foreignTexts(String(german.body), TABLES.de, TABLES.en), [], reason);
    assert.deepEqual(foreignTexts(String(english.body), TABLES.en, TABLES.de), [], reason);
    assert.match(String(german.body), /<code>req_1<\/code>/);
  }
  const cookie = 'a=b; __Host-zn_language=de';
  const chosen = refusal('router.no_resource', 'req_1', head({ accept: 'text/html', 'accept-language': 'en', cookie }));
  assert.equal(languageOf(String(chosen.body)), 'de', 'what was chosen by hand comes first');
  assert.ok(chosen.headers.some(([name, value]) => name === 'vary' && value.includes('accept-language')));
  // What programs read never changes with the language.
  const problem = refusal('router.no_resource', 'req_1', head({ accept: '*/*', 'accept-language': 'de' }));
  assert.equal(JSON.parse(String(problem.body)).title, REASONS['router.no_resource'].title);
});

test('a language is chosen without a script on the portal and on a refusal, each for its own host', async () => {
  const world = await AccessWorld.create([app, ops]);
  const reader = new Reader(world, 'de');
  await reader.signIn(`${APP}/`, 'ann@example.com');
  const home = await reader.visit(`${HOME}/?done=revoked`);
  assert.ok(home.body.includes('value="en" lang="en">English</button><span aria-current="true">Deutsch</span>'));
  const back = /name="back" value="([^"]*)"/.exec(home.body)![1]!;
  const chosen = await reader.visit(`${HOME}/language`, { form: { language: 'en', back } });
  assert.equal(chosen.status, 303);
  assert.equal(chosen.header('location'), `${HOME}/?done=revoked`);
  assert.equal(chosen.cookie('__Host-zn_language'), 'en');
  assert.equal(languageOf((await reader.visit(`${HOME}/`)).body), 'en');

  const jar = new Map([['__Host-zn_session', await world.domainToken(world.ann, 'ops.base.test')]]);
  reader.jars.set('ops.base.test', jar);
  const refused = await reader.visit('https://ops.base.test:8443/deep?a=1');
  assert.equal(languageOf(refused.body), 'de');
  assert.match(refused.body, /action="\/\.zeronaut\/language"/);
  const choose = (form: Record<string, string>, headers: Record<string, string> = {}) =>
    reader.visit('https://ops.base.test:8443/.zeronaut/language', { form, headers });
  const there = await choose({ language: 'en', back: '/deep?a=1' });
  assert.equal(there.header('location'), 'https://ops.base.test:8443/deep?a=1');
  assert.equal(languageOf((await reader.visit('https://ops.base.test:8443/')).body), 'en');

  for (const elsewhere of ['//evil.example', 'https://evil.example/', '/a b', `/${'x'.repeat(3_000)}`]) {
    const location = (await choose({ language: 'de', back: elsewhere })).header('location')!;
    assert.equal(new URL(location).host, 'ops.base.test:8443', elsewhere);
  }
  assert.equal((await choose({ language: 'xx', back: '/' })).status, 403);
  assert.equal((await choose({ language: 'de' }, { origin: 'https://evil.example' })).status, 403);
  assert.equal(
    (await reader.visit(`${HOME}/language`, { form: { language: 'de' }, headers: { 'sec-fetch-site': 'cross-site' } }))
      .status,
    403,
  );
});

test('no text stands in a page beside the tables', () => {
  for (const file of globSync('*.ts', { cwd: import.meta.dirname })) {
    if (/\.test\.|\.suite\.|^texts\./.test(file)) continue;
    const source = readFileSync(`${import.meta.dirname}/${file}`, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
    const between = [...source.matchAll(/<\w+(?:\s[^<>]*)?>([^<>{}();=$]*[A-Za-z]{2}[^<>{}();=$]*)</g)];
    const named = [...source.matchAll(/\s(?:aria-label|title|placeholder)="([^"$]+)"|title: '([^']+)'/g)];
    const texts = [...between, ...named].map(([, text, title]) => (text ?? title)!.trim());
    assert.deepEqual(texts, [], file);
  }
});
