import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseClaims, parseKeys } from './claims.ts';

test('claims are one a line, and a pattern may hold what it likes', () => {
  assert.deepEqual(parseClaims(' ref_protected = true \n\n/kubernetes.io/namespace=prod=*'), {
    ref_protected: 'true',
    '/kubernetes.io/namespace': 'prod=*',
  });
  for (const text of ['no claim', '=value', 'a=1\na=2']) assert.equal(parseClaims(text), undefined, text);
  assert.deepEqual(Object.keys(parseClaims('__proto__=x')!), ['__proto__']);
});

test('keys come as a JWKS or alone, without what is no part of them', () => {
  const key = { kty: 'RSA', n: 'x', e: 'AQAB', kid: '1' };
  assert.deepEqual(parseKeys(JSON.stringify({ keys: [{ ...key, x5t: '…', x5c: ['…'] }] })), [key]);
  assert.deepEqual(parseKeys(JSON.stringify(key)), [key]);
  for (const text of ['{', '"x"', '{"keys":1}', '{"keys":[1]}', 'null']) assert.equal(parseKeys(text), undefined, text);
});
