import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { LIVE_NOUNS } from '@zeronaut/model';
import { changeOf } from './live-feed.ts';

const SOURCES = `${import.meta.dirname}/..`;
/** Actions that a verifier of the log knows are named there. */
const FILES = ['**/*.ts', '../../audit/src/**/*.ts'];

/** The first words of audit actions that are told as an entry of the audit log only, and why. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  access: 'decisions of gateways: whoever watches accesses is told each of them as an event',
  audit: 'what is kept, removed and erased is shown with the log, and of the log each entry is told as `audit-entries`',
  console: 'a backup changes nothing, and no list has it',
  device_authorization: 'nothing lists them; a session that comes of one is told as a session',
  push: 'a browser that is told of alarms is shown in itself alone, where it was turned on and off',
};

/** Every word of an action that is written as one in the sources, with the file. */
function writtenActions(): Map<string, string> {
  const found = new Map<string, string>();
  for (const file of globSync(FILES, { cwd: SOURCES })) {
    if (/\.(?:test|suite)\.ts$/.test(file)) continue;
    const source = readFileSync(`${SOURCES}/${file}`, 'utf8');
    // `action: 'a.b'`, the same with a condition over several lines, `X_ACTION = 'a.b'`, and as an argument.
    for (const [, value] of source.matchAll(/(?:\baction: |_ACTION = )((?:[^,;}]|\$\{[^}]*\})*)/g)) {
      for (const [, action] of value!.matchAll(/['`]([a-z_]+\.[a-z_$]+)/g)) found.set(action!, file);
    }
  }
  return found;
}

const changeBy = (action: string, objectKind: string) =>
  changeOf({
    ...{ action, objectKind, objectId: 'x', at: '2026-01-01T00:00:00.000Z' },
    ...{ before: null, after: { id: 'x' }, actor: { kind: 'user', id: 'usr_1' } },
  });

test('each audit action is a change of something that is listed, or left out for a reason', () => {
  const actions = writtenActions();
  // A search that finds none would let everything through.
  for (const known of [
    'audit.retention',
    'audit_export.create',
    'scim_group.members',
    'approval_rule.set',
    'segments.set',
  ]) {
    assert.ok(actions.has(known), `${known} is found`);
  }
  assert.ok(actions.size > 90, String(actions.size));
  for (const [action, file] of actions) {
    const word = action.split('.')[0]!;
    const isTold = changeBy(action, word === 'segments' ? 'site' : word) !== null;
    assert.equal(isTold, LEFT_OUT[word] === undefined, `${action} of ${file}`);
  }
});

test('whatever can be in segments is told when it is put into some', () => {
  const source = readFileSync(`${SOURCES}/domains/policies/segments.ts`, 'utf8');
  const [, kinds] = /const KINDS = \{([^}]*)\}/.exec(source)!;
  const words = [...kinds!.matchAll(/'(\w+)'/g)].map(([, kind]) => kind!);
  assert.ok(words.includes('gateway') && words.includes('resource'));
  for (const kind of words) assert.notEqual(changeBy('segments.set', kind), null, kind);
});

test('that the log goes elsewhere, or does not any more, is told to those who may read where', () => {
  assert.equal(LIVE_NOUNS[changeBy('audit_export.delete', 'audit_export')!.noun], 'audit_exports:read');
});
