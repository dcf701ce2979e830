import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { temporaryDirectory, waitFor } from '@zeronaut/testkit';
import { SupervisedProgram } from './supervised-program.ts';

function supervise(t: TestContext, args: string[]) {
  const home = temporaryDirectory(t);
  const pids: number[] = [];
  const exits: (number | null)[] = [];
  const logPath = join(home, 'logs', 'program.log');
  const program = new SupervisedProgram({
    name: 'program',
    args,
    environment: { ...process.env, ZERONAUT_HOME: home },
    logPath,
    logCheckMs: 20,
    onStarted: (pid) => pids.push(pid),
    onExited: (_exit, restartInMs) => exits.push(restartInMs),
    onMessage: () => undefined,
  });
  t.after(() => program.stop());
  return { program, pids, exits, logPath };
}

it('starts again what ends, ever later, and keeps what it wrote', async (t) => {
  const { program, pids, exits, logPath } = supervise(t, ['version']);
  program.start();
  await waitFor(() => exits.length === 3, { what: 'three ends', timeoutMs: 10_000 });
  assert.deepEqual(exits, [100, 200, 400]);
  assert.equal(new Set(pids).size, 3);
  await program.stop();
  assert.equal(readFileSync(logPath, 'utf8').match(/^zeronaut \d/gm)?.length, 3);
  assert.equal(statSync(logPath).mode & 0o777, 0o600);
  assert.match(program.lastLines(1)[0]!, /^zeronaut/);
});

it('stops a program for good', async (t) => {
  const { program, pids, exits } = supervise(t, ['console', 'run', '--port', '0', '--sync-port', '0']);
  program.start();
  assert.equal(program.pid, pids[0]);
  await program.stop();
  assert.deepEqual(exits, [null]);
  assert.throws(() => process.kill(pids[0]!, 0), { code: 'ESRCH' });
});

it('bounds the log of a program that runs on', async (t) => {
  const { program, logPath } = supervise(t, ['console', 'run', '--port', '0', '--sync-port', '0']);
  program.start();
  const size = () => statSync(logPath).size;
  await waitFor(() => size() > 0, { what: 'its first line', timeoutMs: 10_000 });
  appendFileSync(logPath, Buffer.alloc(10 * 1024 * 1024, 'x'));
  await waitFor(() => size() < 1_000_000, { what: 'the log to be short again' });
  assert.ok(statSync(`${logPath}.1`).size > 10 * 1024 * 1024);
  assert.equal(statSync(`${logPath}.1`).mode & 0o777, 0o600);

  appendFileSync(logPath, 'after\n');
  await program.stop();
  assert.ok(existsSync(logPath) && readFileSync(logPath, 'utf8').includes('after'));
});
