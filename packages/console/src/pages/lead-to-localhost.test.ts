import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryDirectory } from '@zeronaut/testkit';
import { startFixture } from '../testing/fixture.suite.ts';

const PASSWORD = 'plum violin harbour seven';

test('a browser at an address of this machine is led to localhost with where it was; programs, and who is signed in, stay', async (t) => {
  const file = `${temporaryDirectory(t)}/z.db`;
  const fixture = await startFixture(t, { kind: 'sqlite', file, url: `sqlite:${file}` });
  await (await fixture.organization()).user('member', { email: 'ann@example.com', password: PASSWORD });
  const navigates = { 'sec-fetch-mode': 'navigate' };
  const get = async (host: string, url: string, headers: object = navigates) =>
    (await fixture.api.inject({ url, headers: { host, ...headers } })).headers.location;

  assert.equal(await get('127.0.0.1:8080', '/'), 'http://localhost:8080/');
  assert.equal(await get('127.0.0.1:9000', '/setup?token=a%2Fb'), 'http://localhost:9000/setup?token=a%2Fb');
  assert.equal(await get('[::1]:8080', '/sign-in?next=%2Faccount'), 'http://localhost:8080/sign-in?next=%2Faccount');
  assert.equal(await get('localhost:8080', '/account'), '/sign-in?next=%2Faccount');
  assert.equal(await get('127.0.0.1:8080', '/account', {}), '/sign-in?next=%2Faccount', 'no browser');
  assert.equal(await get('127.0.0.1:8080', '/sign-in', { 'sec-fetch-mode': 'cors' }), undefined);

  const signIn = await fixture.api.inject({
    method: 'POST',
    url: '/sign-in',
    headers: {
      ...{ host: '127.0.0.1:8080', origin: 'http://127.0.0.1:8080', ...navigates },
      'content-type': 'application/x-www-form-urlencoded',
    },
    payload: new URLSearchParams({ email: 'ann@example.com', password: PASSWORD, next: '/' }).toString(),
  });
  const [cookie] = signIn.cookies as { name: string; value: string }[];
  const signedIn = { ...navigates, cookie: `${cookie!.name}=${cookie!.value}` };
  assert.equal(await get('127.0.0.1:8080', '/account', signedIn), undefined, 'whoever is signed in stays');
});
