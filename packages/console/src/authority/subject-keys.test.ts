import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SubjectKeys } from './subject-keys.ts';

function countingSealer() {
  const opened: string[] = [];
  const sealer = {
    seal: () => '',
    open(name: string, sealed: string) {
      opened.push(`${name} ${sealed}`);
      return Buffer.from(sealed).toString('base64url');
    },
  };
  return { opened, keys: new SubjectKeys(sealer) };
}

test('a key is opened once, until it is forgotten', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { opened, keys } = countingSealer();
  assert.equal(keys.open('a', 'one').toString(), 'one');
  assert.equal(keys.open('a', 'one').toString(), 'one');
  assert.equal(keys.open('a', 'two').toString(), 'two');
  assert.equal(keys.open('b', 'one').toString(), 'one');
  assert.deepEqual(opened, ['a one', 'a two', 'b one']);
  keys.forget();
  keys.open('a', 'one');
  assert.equal(opened.length, 4);
  t.mock.timers.tick(59_999);
  keys.open('a', 'one');
  assert.equal(opened.length, 4);
  t.mock.timers.tick(1);
  keys.open('a', 'one');
  assert.equal(opened.length, 5, 'within a minute it is forgotten by itself');
  keys.forget();
});

test('so many are remembered, and not more', () => {
  const { opened, keys } = countingSealer();
  for (let person = 0; person < 5_000; person++) keys.open('a', String(person));
  keys.open('a', '0');
  assert.equal(opened.length, 5_000);
  keys.open('a', 'one more');
  keys.open('a', '0');
  assert.equal(opened.length, 5_002);
  keys.forget();
});
