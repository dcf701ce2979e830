import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CompletionContext } from '@codemirror/autocomplete';
import { EditorState } from '@codemirror/state';
import { completeCedar } from './cedar-language.ts';

test('what the organization has is completed by its name and written by its id', () => {
  const named = new Map([['Resource', [{ id: 'res_1', name: 'wiki' }]]]);
  const complete = completeCedar({ entities: new Map(), types: new Map(), actions: ['read'], named });
  const at = (doc: string) => complete(new CompletionContext(EditorState.create({ doc }), doc.length, false));
  const found = at('permit (principal, action, resource == Resource::"wi');
  assert.deepEqual(
    found?.options.map(({ label, apply }) => [label, apply]),
    [['wiki', 'res_1']],
  );
  assert.equal(found?.from, 'permit (principal, action, resource == Resource::"'.length);
  assert.deepEqual(at('permit (principal == User::"')?.options, []);
  assert.deepEqual(
    at('permit (principal, action == Action::"')?.options.map(({ label }) => label),
    ['read'],
  );
});
