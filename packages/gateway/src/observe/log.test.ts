import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from './log.ts';

test('secrets do not reach the log, at the top or one level down', () => {
  const lines: string[] = [];
  const log = createLog({ level: 'debug', destination: { write: (line: string) => void lines.push(line) } });
  const secret = 'hunter2-hunter2';
  for (const name of ['password', 'token', 'cookie', 'authorization', 'clientKey', 'signingKey', 'secret', 'key']) {
    log.info({ [name]: secret, request: { [name]: secret }, kept: name }, 'something happened');
  }
  assert.equal(lines.length, 8);
  for (const line of lines) {
    assert.ok(!line.includes(secret), line);
    const parsed = JSON.parse(line);
    assert.equal(parsed.level, 'info');
    assert.equal(parsed.msg, 'something happened');
    assert.match(parsed.time, /^\d{4}-\d\d-\d\dT/);
  }
});
