import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forwardCommand, isPattern } from './forward-command.ts';

test('each destination has a command that reaches it', () => {
  const commands: Record<string, string> = {
    'db.corp:5432': 'npx zeronaut forward db.corp:5432 localhost:5432',
    'web.corp:80': 'npx zeronaut forward web.corp:80 localhost:10080',
    '*.corp:*': 'npx zeronaut forward host.corp:443 localhost:10443',
    '10.0.0.0/8:22': 'npx zeronaut forward 10.0.0.0:22 localhost:10022',
    '[fd00::]/8:5432': 'npx zeronaut forward [fd00::]:5432 localhost:5432',
  };
  for (const [destination, command] of Object.entries(commands)) assert.equal(forwardCommand(destination), command);
  assert.deepEqual(Object.keys(commands).map(isPattern), [false, false, true, true, true]);
});
