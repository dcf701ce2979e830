import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { commandLine, servesThisMachineAlone } from './command-line.ts';

test('a console of this machine alone says how its command line is started, and no other one does', () => {
  assert.ok(servesThisMachineAlone({ publicUrl: null, host: '127.0.0.1' }));
  assert.ok(!servesThisMachineAlone({ publicUrl: 'https://console.example.com', host: '127.0.0.1' }));
  assert.ok(!servesThisMachineAlone({ publicUrl: null, host: '0.0.0.0' }));
});

test('the directory is one where npx finds the program; a home is named where it is another one than without', () => {
  const { directory, home } = commandLine({ homeDirectory: join(homedir(), '.zeronaut') });
  assert.ok(existsSync(join(directory!, 'node_modules/.bin/zeronaut')));
  assert.equal(home, null);
  assert.equal(commandLine({ homeDirectory: '/srv/other home' }).home, '/srv/other home');
});
