import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { formatVerifierKey } from '@zeronaut/audit';
import { liveFromConsole, snapshot as snapshotSchema } from '@zeronaut/model';
import { postgresCluster, postgresMissing, temporaryDirectory, waitFor } from '@zeronaut/testkit';
import WebSocket from 'ws';
import { gatewayEnrolment } from './testing/fixture.suite.ts';
import { connectSync } from './testing/sync-client.suite.ts';

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
  readonly info: { url: string; syncPort: number; setupUrl: string | null; organizationId: string; readyMs: number };
}

function launch(t: TestContext, home: string, env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM], {
    env: { PATH: process.env.PATH, ZERONAUT_HOME: home, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  return { child, errors: text(child.stderr) };
}

async function start(t: TestContext, home: string, env: Record<string, string> = {}): Promise<Running> {
  const launched = launch(t, home, env);
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
  for (const [env, said] of [
    [{ ZERONAUT_CONSOLE_DATABASE_URL: 'postgres://127.0.0.1:1/none' }, /the postgres database cannot be opened/],
    [
      { ZERONAUT_CONSOLE_BREACHED_PASSWORDS: import.meta.filename },
      /the list of breached passwords .* cannot be used: its first line is no SHA-1/,
    ],
  ] as const) {
    const { child, errors } = launch(t, temporaryDirectory(t), env);
    const [code] = await once(child, 'exit');
    assert.equal(code, 1);
    assert.match(await errors, said);
  }
});

const noPostgres = postgresMissing();
test('what is changed at one console is live at the gateways of another, and told to the pages that watch there', {
  skip: noPostgres !== null && !process.env.ZERONAUT_REQUIRE_POSTGRES ? noPostgres : false,
}, async (t) => {
  const database = await (await postgresCluster()).createDatabase();
  t.after(database.release);
  const home = join(temporaryDirectory(t), 'home');
  // Both have the master key, as all consoles on one database must.
  const here = await start(t, home, { ZERONAUT_CONSOLE_DATABASE_URL: database.url });
  const there = await start(t, home, { ZERONAUT_CONSOLE_DATABASE_URL: database.url });
  const { apiKey } = JSON.parse(readFileSync(join(home, 'local-credential.json'), 'utf8'));
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  const call = async (console: Running, method: string, path: string, body?: unknown) => {
    const answer = await fetch(`${console.info.url}/api/v1/${path}`, { method, headers, body: JSON.stringify(body) });
    assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
    return (await answer.json()) as Record<string, never>;
  };
  const { token } = await call(here, 'POST', 'gateways/enrolments', {});
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const enrolled = await call(here, 'POST', 'gateways/enrol', await gatewayEnrolment(token!, privateKey));
  const client = await connectSync(there.info.syncPort, {
    ...(enrolled as unknown as { certificate: string; certificateAuthority: string }),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  });
  t.after(() => client.socket.destroy());
  const witness = generateKeyPairSync('ed25519').privateKey;
  const witnessKey = formatVerifierKey('zeronaut/gateway/gw', 'cosignature', witness);
  client.send({
    type: 'hello',
    protocol: 1,
    softwareVersion: '0.1.0',
    snapshotVersion: 0,
    witness: { key: witnessKey, size: 0 },
  });
  await client.next('snapshot');
  const page = new WebSocket(`${there.info.url.replace('http', 'ws')}/ws`, { headers });
  t.after(() => page.terminate());
  const heard: string[] = [];
  page.on('message', (data) => {
    const message = liveFromConsole.parse(JSON.parse(String(data)));
    if (message.type === 'hello') heard.push('hello');
    if (message.type === 'changes') heard.push(...message.items.map(({ noun, action }) => `${noun}: ${action}`));
  });
  await once(page, 'open');
  page.send(JSON.stringify({ type: 'subscribe' }));
  await waitFor(() => heard.includes('hello'), { what: 'the greeting' });

  // Of three, as the machine may be busy: the first one also waits for what checks policies to be loaded.
  const tookMs: number[] = [];
  for (const name of ['one', 'two', 'three']) {
    const startedAt = performance.now();
    await call(here, 'POST', 'policies', { name, text: 'forbid (principal, action, resource);' });
    const { snapshot } = await client.next('snapshot');
    tookMs.push(Math.round(performance.now() - startedAt));
    const { policies } = snapshotSchema.parse(JSON.parse(snapshot.payload));
    assert.ok(policies.some((policy) => policy.name === name));
  }
  assert.ok(Math.min(...tookMs) < 1_000, `${tookMs} ms`);
  await waitFor(() => heard.filter((change) => change === 'policies: policy.create').length === 3, {
    what: 'the page to hear',
  });
  t.diagnostic(`live at the gateway of the other console after ${tookMs} ms`);

  // A checkpoint that is made here is offered to the witnesses there.
  await call(here, 'GET', 'audit/checkpoint');
  assert.match((await client.next('checkpoint')).note, /^zeronaut\/audit\//);

  // A gateway is linked to one console; the others know.
  const connected = async () => {
    const { items } = (await call(here, 'GET', 'gateways')) as { items?: { connected: boolean }[] };
    return items![0]!.connected;
  };
  await waitFor(connected, { what: 'the other console to know that the gateway is here' });
  client.socket.destroy();
  await waitFor(async () => !(await connected()), { what: 'the other console to know that the gateway is away' });
  for (const console of [here, there]) assert.equal(await stop(console, 'SIGTERM'), 0);
});
