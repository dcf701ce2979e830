import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commitmentOf, isOpened, type OpenedPart, parseSealedParts, readableEntry } from './personal-data.ts';

const opened: OpenedPart = { salt: 'c2FsdA', values: ['ann@example.com', '192.0.2.7'] };
const part = {
  subject: 'sub_1',
  paths: ['/actor/name', '/after/list/1/a~1b~0'],
  sealed: 'AAAA',
  commitment: commitmentOf(opened),
};
const entry = {
  seq: 1,
  actor: { id: 'usr_1', name: '[sealed]' },
  after: { list: ['x', { 'a/b~': '[sealed]' }], note: '[sealed]' },
  personal: [part],
};

test('what is shown is what was sealed, or is not taken for it', () => {
  assert(isOpened(part, opened));
  for (const other of [
    null,
    {},
    { ...opened, values: ['eve@example.com', '192.0.2.7'] },
    { ...opened, values: ['192.0.2.7', 'ann@example.com'] },
    { ...opened, values: ['ann@example.com'] },
    { ...opened, values: ['ann@example.com', 7] },
    { ...opened, salt: 'c2FsdB' },
    { ...opened, more: 1 },
  ]) {
    assert.equal(isOpened(part, other), false, JSON.stringify(other));
  }
  assert.notEqual(commitmentOf({ salt: 'a', values: ['b","c'] }), commitmentOf({ salt: 'a', values: ['b', 'c'] }));
});

test('data stand where they belong, or the mark of the erased does', () => {
  assert.deepEqual(parseSealedParts(entry), [part]);
  const readable = readableEntry(entry, [opened]);
  assert.deepEqual(readable, {
    seq: 1,
    actor: { id: 'usr_1', name: 'ann@example.com' },
    after: { list: ['x', { 'a/b~': '192.0.2.7' }], note: '[sealed]' },
  });
  assert.deepEqual((readableEntry(entry, [null]) as typeof entry).actor.name, '[erased]');
  assert.equal(entry.actor.name, '[sealed]', 'what was hashed is not touched');
  assert.deepEqual(parseSealedParts({ seq: 1 }), []);
});

test('parts that are not written as they should be are none', () => {
  const with_ = (personal: unknown) => parseSealedParts({ ...entry, personal });
  const changed = (change: object) => with_([{ ...part, ...change }]);
  for (const parts of [
    with_(null),
    with_({}),
    with_([]),
    with_([null]),
    changed({ subject: 1 }),
    changed({ more: 1 }),
    changed({ paths: [] }),
    changed({ paths: ['/actor/id'] }),
    changed({ paths: ['/actor/name', '/nowhere'] }),
    changed({ paths: ['/__proto__/name'] }),
    changed({ paths: ['/constructor/name'] }),
    changed({ paths: [''] }),
  ]) {
    assert.equal(parts, undefined);
  }
});
