import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory } from '@zeronaut/testkit';
import { type Fixture, startFixture } from '../testing/fixture.suite.ts';

const PASSWORD = 'plum violin harbour seven';
const HOST = { host: 'localhost:8080' };
const HTML = { ...HOST, accept: 'text/html' };

function build(directory: string, hash: string): void {
  const fresh = `${directory}.new`;
  mkdirSync(`${fresh}/assets`, { recursive: true });
  writeFileSync(`${fresh}/index.html`, `<script src="/assets/main-${hash}.js"></script>`);
  writeFileSync(`${fresh}/assets/main-${hash}.js`, `plain ${hash}`);
  writeFileSync(`${fresh}/assets/main-${hash}.js.br`, `brotli ${hash}`);
  writeFileSync(`${fresh}/assets/main-${hash}.js.gz`, `gzip ${hash}`);
  writeFileSync(`${fresh}/icon.svg`, '<svg/>');
  writeFileSync(`${fresh}/service-worker.js`, 'worker');
  writeFileSync(`${fresh}/build-stamp.txt`, hash);
  rmSync(directory, { recursive: true, force: true });
  renameSync(fresh, directory);
}

async function world(t: TestContext): Promise<{ fixture: Fixture; directory: string; cookie: { cookie: string } }> {
  const home = temporaryDirectory(t);
  const directory = `${home}/web`;
  const database = { kind: 'sqlite', file: `${home}/z.db`, url: `sqlite:${home}/z.db` } as const;
  const fixture = await startFixture(t, database, { webDirectory: directory });
  await (await fixture.organization()).user('member', { email: 'ann@example.com', password: PASSWORD });
  const signIn = await fixture.api.inject({
    method: 'POST',
    url: '/sign-in',
    headers: { ...HOST, origin: 'http://localhost:8080', 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams({ email: 'ann@example.com', password: PASSWORD, next: '/' }).toString(),
  });
  const [cookie] = signIn.cookies as { name: string; value: string }[];
  return { fixture, directory, cookie: { cookie: `${cookie!.name}=${cookie!.value}` } };
}

test('its page needs a session, forbids everything but our own files, and stands at its own addresses only', async (t) => {
  const { fixture, directory, cookie } = await world(t);
  const get = (url: string, headers: object = {}) => fixture.api.inject({ url, headers: { ...HTML, ...headers } });
  assert.equal((await get('/', cookie)).statusCode, 503);
  assert.match((await get('/', cookie)).body, /npm run web/);
  build(directory, 'aaa');

  assert.equal((await get('/')).headers.location, '/sign-in');
  assert.equal((await get('/gateways?q=a')).headers.location, '/sign-in?next=%2Fgateways%3Fq%3Da');
  for (const path of ['/', '/gateways', '/resources/res_1']) {
    const page = await get(path, cookie);
    assert.equal(page.statusCode, 200, path);
    assert.match(page.body, /main-aaa/);
    assert.equal(page.headers['cache-control'], 'no-cache');
    const policy = String(page.headers['content-security-policy']);
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /require-trusted-types-for 'script'/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe|nonce|https?:|\*/);
    assert.equal(page.headers['cross-origin-opener-policy'], 'same-origin');
    assert.equal(page.headers['cross-origin-resource-policy'], 'same-origin');
  }
  const worker = await get('/service-worker.js');
  assert.equal(worker.headers['content-security-policy'], "default-src 'none'; connect-src 'self'");
  assert.equal(worker.headers['cache-control'], 'no-cache');
  for (const path of ['/nothing', '/gatewaysque', '/index.html', '/build-stamp.txt', '/assets/none.js']) {
    assert.equal((await get(path, cookie)).statusCode, 404, path);
  }
  assert.equal((await get('/api/v1/nothing', cookie)).json().reason, 'api.not_found');
  assert.equal((await get('/nothing', { accept: '*/*' })).json().reason, 'api.not_found');
  for (const path of ['/assets/../../z.db', '/assets/%2e%2e/%2e%2e/z.db', '/..%2f..%2fz.db', '/assets/%00']) {
    assert.equal((await get(path, cookie)).statusCode, 404, path);
  }
});

test('its files are compressed as the browser asks, kept for ever by name, and not sent twice', async (t) => {
  const { fixture, directory, cookie } = await world(t);
  build(directory, 'aaa');
  const get = (url: string, headers: object = {}) => fixture.api.inject({ url, headers: { ...HOST, ...headers } });
  const cases: [string | undefined, string | undefined, string][] = [
    [undefined, undefined, 'plain aaa'],
    ['gzip, deflate, br, zstd', 'br', 'brotli aaa'],
    ['gzip, br;q=0', 'gzip', 'gzip aaa'],
    ['br;q=0.5, identity', 'br', 'brotli aaa'],
    ['GZIP', 'gzip', 'gzip aaa'],
    ['brx', undefined, 'plain aaa'],
  ];
  const etags = new Set<unknown>();
  for (const [accept, coding, body] of cases) {
    const file = await get('/assets/main-aaa.js', accept === undefined ? {} : { 'accept-encoding': accept });
    assert.deepEqual([file.headers['content-encoding'], file.body], [coding, body], String(accept));
    assert.equal(file.headers['cache-control'], 'public, max-age=31536000, immutable');
    assert.equal(file.headers['content-type'], 'text/javascript; charset=utf-8');
    assert.equal(file.headers['x-content-type-options'], 'nosniff');
    assert.equal(file.headers.vary, 'accept-encoding');
    etags.add(file.headers.etag);
  }
  assert.equal(etags.size, 3, 'each coding has a tag of its own');
  const { etag } = (await get('/icon.svg')).headers;
  const again = await get('/icon.svg', { 'if-none-match': `"x", W/${etag}` });
  assert.deepEqual([again.statusCode, again.body], [304, '']);

  build(directory, 'bbb');
  assert.match((await get('/', { ...HTML, ...cookie })).body, /main-bbb/);
  assert.equal((await get('/assets/main-bbb.js')).body, 'plain bbb');
  assert.equal((await get('/assets/main-aaa.js')).body, 'plain aaa', 'an open page still gets its files');
});
