import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createExposeWish } from '../agent/wish.ts';
import { withHeaders } from './changed-headers.ts';
import { parseHeader } from './header-options.ts';

test('a header of the command line sets, adds or removes', () => {
  assert.deepEqual(parseHeader('X-Env: a: b'), [{ action: 'set', name: 'X-Env', value: 'a: b' }]);
  assert.deepEqual(parseHeader('Server:'), [{ action: 'remove', name: 'Server', value: null }]);
  assert.deepEqual(parseHeader('+Link:</a>', parseHeader('A: b')), [
    { action: 'set', name: 'A', value: 'b' },
    { action: 'add', name: 'Link', value: '</a>' },
  ]);
  for (const text of ['', 'Server', ':', '+Server:', ': x']) assert.throws(() => parseHeader(text), text);
});

test('rules that are given take the place of those under the same name, and leave the others', () => {
  const before = [...parseHeader('X-A: 1'), ...parseHeader('X-B: 2')];
  assert.deepEqual(withHeaders(before, parseHeader('x_a:')), [
    before[1],
    { action: 'remove', name: 'x_a', value: null },
  ]);
});

test('expose refuses rules that the console would, and headers of raw ports, before it asks anybody', () => {
  const wish = createExposeWish('3000', 'http', { hostHeader: 'a.internal', responseHeader: parseHeader('Server:') });
  assert.equal(wish.headers?.host, 'a.internal');
  assert.equal(createExposeWish('3000', 'http', {}).headers, undefined);
  assert.throws(() => createExposeWish('3000', 'http', { requestHeader: parseHeader('Host: a') }), /Host: none that/);
  assert.throws(() => createExposeWish('22', 'tcp', { hostHeader: 'a' }), /headers are for http/);
});
