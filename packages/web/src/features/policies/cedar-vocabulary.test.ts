import assert from 'node:assert/strict';
import { test } from 'node:test';
import { POLICY_SCHEMA } from '@zeronaut/policy';
import { attributesAt, vocabularyOf } from './cedar-vocabulary.ts';

const vocabulary = vocabularyOf(POLICY_SCHEMA);
const names = (path: string) => attributesAt(vocabulary, path).map(({ name }) => name);

test('completion knows what the schema of policies has', () => {
  assert.deepEqual(vocabulary.actions, ['access', 'read', 'write', 'connect', 'forward', 'administer']);
  assert.deepEqual(
    [...vocabulary.entities.keys()],
    ['Role', 'Group', 'Segment', 'User', 'ServiceAccount', 'Guest', 'Resource', 'Site', 'Console', 'Gateway', 'Device'],
  );
  assert.ok(names('context').includes('factorMinutesAgo'));
  assert.deepEqual(names('context.time'), ['weekday', 'hour', 'minute']);
  assert.ok(names('context.device').includes('diskEncryption'));
  assert.deepEqual(names('context.gateway'), ['id', 'name', 'region', 'segments']);
  assert.ok(!names('resource').includes('region'));
  assert.deepEqual(names('context.http'), ['method', 'host', 'path']);
  assert.ok(names('resource').includes('segments'));
  assert.deepEqual(names('nothing'), []);
  assert.deepEqual(names('context.nothing.more'), []);
  const device = attributesAt(vocabulary, 'context').find(({ name }) => name === 'device');
  assert.equal(device?.optional, true);
});

test('text that is no schema is passed over', () => {
  for (const text of ['', 'entity', 'entity A = {', 'type T = { a: { b', '}}}}', 'action "x" in']) {
    assert.ok(vocabularyOf(text));
  }
});
