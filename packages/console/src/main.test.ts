import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory, waitFor } from '@zeronaut/testkit';

const PROGRAM = `
const { runConsole } = await import(${JSON.stringify(new URL('./main.ts', import.meta.url).href)});
const started = performance.now();
process.exitCode = await runConsole({
  port: 0, syncPort: 0,
  onReady(info) { console.log(JSON.stringify({ ...info, readyMs: performance.now() - started })); },
});`;

interface Running {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly errors: Promise<string>;
  readonly info: { url: string; setupUrl: string | null; organizationId: string; readyMs: number };
}

function launch(t: TestContext, home: string, env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM], {
    env: { PATH: process.env.PATH, ZERONAUT_HOME: home, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  return { child, errors: text(child.stderr) };
}

async function start(t: TestContext, home: string): Promise<Running> {
  const launched = launch(t, home);
  let output = '';
  launched.child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  await waitFor(() => output.includes('\n'), { what: 'a console', timeoutMs: 20_000 });
  return { ...launched, info: JSON.parse(output) };
}

async function stop(running: Running, signal: NodeJS.Signals): Promise<number | null> {
  running.child.kill(signal);
  const [code] = running.child.exitCode === null ? await once(running.child, 'exit') : [running.child.exitCode];
  return code;
}

test('a console starts from nothing, keeps everything over a kill, and stops cleanly', async (t) => {
  const home = join(temporaryDirectory(t), 'home');
  const first = await start(t, home);
  const file = join(home, 'local-credential.json');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(statSync(join(home, 'console', 'zeronaut.db')).mode & 0o777, 0o600);
  assert.match(readFileSync(join(home, 'ca.pem'), 'utf8'), /BEGIN CERTIFICATE/);
  const credential = JSON.parse(readFileSync(file, 'utf8'));
  assert.deepEqual(Object.keys(credential).sort(), ['apiKey', 'consoleUrl', 'organizationId']);
  const ask = async (info: Running['info'], path: string) =>
    await (await fetch(info.url + path, { headers: { authorization: `Bearer ${credential.apiKey}` } })).json();
  const me = (await ask(first.info, '/api/v1/me')) as { user: { kind: string }; role: string; credential: string };
  assert.deepEqual([me.user.kind, me.role, me.credential], ['local', 'owner', 'local']);
  const setupToken = new URL(first.info.setupUrl!).searchParams.get('token')!;

  const second = launch(t, home);
  const [code] = await once(second.child, 'exit');
  assert.equal(code, 1, 'a second console on the same file refuses to start');
  assert.match(await second.errors, /in use by another console/);
  await stop(first, 'SIGKILL');

  const again = await start(t, home);
  assert.equal(again.info.organizationId, first.info.organizationId);
  assert.notEqual(again.info.setupUrl, null);
  assert.equal(JSON.parse(readFileSync(file, 'utf8')).apiKey, credential.apiKey, 'the credential is kept');
  assert.equal(((await ask(again.info, '/api/v1/me')) as { role: string }).role, 'owner');
  t.diagnostic(`ready after ${Math.round(again.info.readyMs)} ms on an existing database`);
  const created = await fetch(`${again.info.url}/api/v1/setup`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      token: new URL(again.info.setupUrl!).searchParams.get('token'),
      email: 'ann@example.com',
      name: 'Ann',
      password: 'plum violin harbour seven',
    }),
  });
  assert.equal(created.status, 201);
  assert.equal(await stop(again, 'SIGTERM'), 0);
  const log = (await first.errors) + (await again.errors);
  for (const secret of [setupToken, credential.apiKey, 'plum violin harbour seven']) {
    assert.ok(!log.includes(secret), 'no secret in the log');
  }
  for (const line of log.trim().split('\n')) JSON.parse(line);

  // Without the file the key is gone, and what an old copy of it holds must be void.
  writeFileSync(file, 'no JSON');
  const third = await start(t, home);
  assert.equal(third.info.setupUrl, null, 'there is an owner');
  assert.notEqual(JSON.parse(readFileSync(file, 'utf8')).apiKey, credential.apiKey);
  const old = (await ask(third.info, '/api/v1/me')) as { reason: string };
  assert.equal(old.reason, 'api.unauthenticated');
  assert.equal(await stop(third, 'SIGINT'), 0);
});

test('a console that cannot start says why in words, with exit code 1', async (t) => {
  const { child, errors } = launch(t, temporaryDirectory(t), {
    ZERONAUT_CONSOLE_DATABASE_URL: 'postgres://127.0.0.1:1/none',
  });
  const [code] = await once(child, 'exit');
  assert.equal(code, 1);
  assert.match(await errors, /the postgres database cannot be opened/);
});
