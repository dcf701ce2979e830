import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineDiff } from './line-diff.ts';

const MARK = { same: ' ', added: '+', removed: '-' };
const marks = (before: string, after: string) => lineDiff(before, after).map(({ kind, text }) => MARK[kind] + text);

test('a diff keeps what is common and names what went and came', () => {
  assert.deepEqual(marks('a\nb\nc\n', 'a\nB\nc\n'), [' a', '-b', '+B', ' c']);
  assert.deepEqual(marks('', 'a'), ['+a']);
  assert.deepEqual(marks('a', ''), ['-a']);
  assert.deepEqual(marks('x\na\nb', 'a\nb\nx'), ['-x', ' a', ' b', '+x']);
  assert.deepEqual(marks('a\nb', 'a\nb\n'), [' a', ' b']);
});

test('both texts can be read out of any diff', () => {
  let seed = 7;
  const random = (n: number) => {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
    return seed % n;
  };
  for (let round = 0; round < 200; round++) {
    const text = () => Array.from({ length: 1 + random(12) }, () => 'abc'[random(3)]).join('\n');
    const [before, after] = [text(), text()];
    const lines = lineDiff(before, after);
    const of = (kind: 'added' | 'removed') => lines.filter((line) => line.kind !== kind).map((line) => line.text);
    assert.equal(of('added').join('\n'), before);
    assert.equal(of('removed').join('\n'), after);
  }
});

test('two very long texts are not compared line by line', () => {
  const long = (word: string) => Array.from({ length: 3000 }, (_, n) => `${word}${n}`).join('\n');
  assert.equal(lineDiff(long('a'), long('b')).length, 6000);
});
