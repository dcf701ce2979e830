import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import {
  createTestAuthority,
  freePort,
  type SpawnedProcess,
  spawnProcess,
  temporaryDirectory,
  waitFor,
} from '@zeronaut/testkit';

interface Service {
  readonly address: string;
  /** Lets the answers of `/slow` go. */
  release(): void;
  readonly waiting: number;
}

async function startService(t: TestContext, name: string): Promise<Service> {
  const slow: (() => void)[] = [];
  const server = createServer((incoming, response) => {
    const answer = () => response.end(`${name} ${incoming.url}`);
    if (incoming.url !== '/slow') return answer();
    response.write('begun ');
    slow.push(answer);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    release: () => {
      for (const answer of slow.splice(0)) answer();
    },
    get waiting() {
      return slow.length;
    },
  };
}

interface Running {
  readonly process: SpawnedProcess;
  readonly file: string;
  readonly data: string;
  readonly port: number;
  readonly managementPort: number;
  /** Replaces the file. */
  write(text: string): void;
}

function start(
  t: TestContext,
  text: string,
  ...more: string[]
): { process: SpawnedProcess; file: string; data: string } {
  const directory = temporaryDirectory('gateway');
  const file = join(directory, 'gateway.yaml');
  const data = join(directory, 'data');
  const script = join(directory, 'run.ts');
  writeFileSync(file, text);
  writeFileSync(
    script,
    `import { runGateway } from ${JSON.stringify(new URL('./main.ts', import.meta.url).href)};
     const fail = () => { throw new Error('a bug of the test'); };
     const onReady = process.argv[4] === 'crash' ? () => setImmediate(fail) : undefined;
     process.exitCode = await runGateway({ configFile: process.argv[2], dataDirectory: process.argv[3], onReady });`,
  );
  return { process: spawnProcess(t, process.execPath, [script, file, data, ...more]), file, data };
}

async function startReady(t: TestContext, text: string): Promise<Running> {
  const started = start(t, text);
  const [line] = await started.process.waitForLine(/^.*"msg":"gateway ready".*$/);
  const info = JSON.parse(line);
  return {
    ...started,
    port: info.listeners[0].port,
    managementPort: info.managementPort,
    write: (next) => writeFileSync(started.file, next),
  };
}

function fileFor(resources: string, listener = '127.0.0.1:0'): string {
  return `version: 1
listeners: [{ address: "${listener}", protocol: http }]
management: { address: "127.0.0.1:0" }
rawAddress: 127.0.0.1
resources:
${resources}`;
}

const publicApp = (host: string, address: string): string =>
  `  - { name: app, domains: [${host}], access: public, targets: [{ address: "${address}" }] }\n`;

function get(port: number, host: string, path = '/', agent: Agent | false = false, onBegin = () => {}) {
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, headers: { host }, agent }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
        onBegin();
      });
      response.on('end', () => resolve({ status: response.statusCode!, body }));
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end();
  });
}

test('a gateway from a file serves what the file says, and ends cleanly', async (t) => {
  const service = await startService(t, 'one');
  const rawPort = await freePort();
  const gateway = await startReady(
    t,
    fileFor(
      `${publicApp('app.example.com', service.address)}  - { name: shut, domains: [shut.example.com], access: { addresses: [192.0.2.1] }, targets: [{ address: "${service.address}" }] }
  - { name: raw, protocol: tcp, port: ${rawPort}, access: public, targets: [{ address: "${service.address}" }] }\n`,
    ),
  );
  assert.deepEqual(await get(gateway.port, 'app.example.com', '/x'), { status: 200, body: 'one /x' });
  assert.equal((await get(gateway.port, 'shut.example.com')).status, 403);
  assert.equal((await get(gateway.port, 'other.example.com')).status, 404);
  assert.deepEqual(await get(rawPort, 'anything', '/raw'), { status: 200, body: 'one /raw' });
  const ready = await get(gateway.managementPort, 'localhost', '/readyz');
  assert.equal(ready.status, 200);
  assert.deepEqual(JSON.parse(ready.body).listeners, [{ protocol: 'http', host: '127.0.0.1', port: gateway.port }]);
  const { body } = await get(gateway.managementPort, 'localhost', '/metrics');
  assert.match(body, /flows_total\{protocol="http",effect="deny",reason="router\.no_resource"\} 1/);
  assert.deepEqual(await gateway.process.kill('SIGTERM'), { code: 0, signal: null });
});

test('a changed file is live without a signal, SIGHUP and POST /reload do the same, and no connection is dropped', async (t) => {
  const one = await startService(t, 'one');
  const two = await startService(t, 'two');
  const gateway = await startReady(t, fileFor(publicApp('app.example.com', one.address)));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const raw = connect(gateway.port, '127.0.0.1');
  t.after(() => raw.destroy());
  await once(raw, 'connect');
  let begun = false;
  const slow = get(gateway.port, 'app.example.com', '/slow', agent, () => {
    begun = true;
  });
  await waitFor(() => begun, { what: 'the first bytes of a slow answer' });

  const reloaded = (count: number) => gateway.process.output().split('configuration reloaded').length - 1 >= count;
  gateway.write(fileFor(publicApp('new.example.com', two.address)));
  await waitFor(() => reloaded(1), { what: 'the changed file' });
  assert.deepEqual(await get(gateway.port, 'new.example.com'), { status: 200, body: 'two /' });
  assert.equal((await get(gateway.port, 'app.example.com')).status, 404);

  one.release();
  assert.deepEqual(await slow, { status: 200, body: 'begun one /slow' });
  assert.deepEqual(await get(gateway.port, 'new.example.com', '/kept', agent), { status: 200, body: 'two /kept' });
  raw.write('GET /old HTTP/1.1\r\nHost: new.example.com\r\nConnection: close\r\n\r\n');
  const [answer] = await once(raw, 'data');
  assert.match(String(answer), /^HTTP\/1\.1 200 /);

  gateway.process.signal('SIGHUP');
  await waitFor(() => reloaded(2), { what: 'SIGHUP' });
  const posted = await fetch(`http://127.0.0.1:${gateway.managementPort}/reload`, { method: 'POST' });
  assert.deepEqual(await posted.json(), { ok: true, problems: [] });
});

test('a broken file is reported with its place and leaves everything as it is', async (t) => {
  const service = await startService(t, 'one');
  const good = fileFor(publicApp('app.example.com', service.address));
  const gateway = await startReady(t, good);
  gateway.write(good.replace('access: public', 'acces: public'));
  await gateway.process.waitForLine(/gateway\.yaml:6:\d+: unknown key \\"acces\\"/);
  await gateway.process.waitForLine(/configuration refused, the running one stays/);
  assert.equal((await get(gateway.port, 'app.example.com')).status, 200);
  const posted = await fetch(`http://127.0.0.1:${gateway.managementPort}/reload`, { method: 'POST' });
  assert.equal(posted.status, 422);
});

test('listeners move: the new address answers, the old one no more, and an open connection goes on', async (t) => {
  const service = await startService(t, 'one');
  const [first, second] = [await freePort(), await freePort()];
  const resources = publicApp('app.example.com', service.address);
  const gateway = await startReady(t, fileFor(resources, `127.0.0.1:${first}`));
  const slow = get(first, 'app.example.com', '/slow');
  await waitFor(() => service.waiting === 1, { what: 'the slow request' });
  gateway.write(fileFor(resources, `127.0.0.1:${second}`));
  await gateway.process.waitForLine(/configuration reloaded/);
  assert.equal((await get(second, 'app.example.com')).status, 200);
  await assert.rejects(get(first, 'app.example.com'), { code: 'ECONNREFUSED' });
  service.release();
  assert.equal((await slow).body, 'begun one /slow');

  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.after(() => taken.close());
  gateway.write(fileFor(resources, `127.0.0.1:${(taken.address() as AddressInfo).port}`));
  await gateway.process.waitForLine(/EADDRINUSE.*configuration refused, the running one stays/);
  assert.equal((await get(second, 'app.example.com')).status, 200, 'an address that is taken costs nothing');
});

test('certificates of the file are shown by name, and a renewed one without a restart', async (t) => {
  const service = await startService(t, 'one');
  const authority = await createTestAuthority();
  const files = temporaryDirectory('certificates');
  const [certificateFile, keyFile] = [join(files, 'app.pem'), join(files, 'app.key')];
  const issue = async () => {
    const { cert, key } = await authority.server(['app.example.com']);
    return { cert, key };
  };
  const install = ({ cert, key }: { cert: string; key: string }): void => {
    writeFileSync(certificateFile, cert);
    writeFileSync(keyFile, key);
  };
  const shown = (port: number): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connectTls(
        { host: '127.0.0.1', port, servername: 'app.example.com', ca: authority.certificate },
        () => {
          resolve(socket.getPeerX509Certificate()!.fingerprint256);
          socket.destroy();
        },
      );
      socket.on('error', reject);
    });
  const [first, second] = [await issue(), await issue()];
  install(first);
  const text = `${fileFor(publicApp('app.example.com', service.address)).replace('protocol: http ', 'protocol: https ')}certificates:
  - { hosts: [app.example.com], certificateFile: ${JSON.stringify(certificateFile)}, keyFile: ${JSON.stringify(keyFile)} }
`;
  const gateway = await startReady(t, text);
  assert.equal(await shown(gateway.port), new X509Certificate(first.cert).fingerprint256);
  install(second);
  await waitFor(async () => (await shown(gateway.port)) === new X509Certificate(second.cert).fingerprint256, {
    what: 'the renewed certificate',
  });
  await assert.rejects(
    new Promise((_, reject) => {
      connectTls({
        host: '127.0.0.1',
        port: gateway.port,
        servername: 'other.example.com',
        ca: authority.certificate,
      }).on('error', reject);
    }),
  );
});

test('mistakes at the start end it with 2, and each is printed with its place', async (t) => {
  const { process } = start(t, 'version: 1\nlistener: []\n');
  assert.deepEqual(await process.exited, { code: 2, signal: null });
  assert.match(process.stderr(), /gateway\.yaml:2:1: unknown key "listener"\n$/);
});

test('an address that is taken ends it with 1', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.after(() => taken.close());
  const { process } = start(t, fileFor('  []', `127.0.0.1:${(taken.address() as AddressInfo).port}`));
  assert.deepEqual(await process.exited, { code: 1, signal: null });
  assert.match(process.stderr(), /EADDRINUSE/);
});

test('one process per data directory', async (t) => {
  const first = await startReady(t, fileFor('  []'));
  const script = join(first.file, '..', 'run.ts');
  const second = spawnProcess(t, process.execPath, [script, first.file, first.data]);
  assert.deepEqual(await second.exited, { code: 1, signal: null });
  assert.match(second.stderr(), /another gateway runs with/);
  await first.process.kill('SIGKILL');
  const third = spawnProcess(t, process.execPath, [script, first.file, first.data]);
  await third.waitForLine(/gateway ready/);
  assert.ok(existsSync(join(first.data, 'signing.key')));
});

test('a stop waits for what is under way, a second signal does not', async (t) => {
  const service = await startService(t, 'one');
  const text = fileFor(publicApp('app.example.com', service.address));
  const patient = await startReady(t, text);
  const slow = get(patient.port, 'app.example.com', '/slow');
  await waitFor(() => service.waiting === 1, { what: 'the slow request' });
  patient.process.signal('SIGTERM');
  await patient.process.waitForLine(/"stopping"/);
  service.release();
  assert.equal((await slow).body, 'begun one /slow');
  assert.equal((await patient.process.exited).code, 0);

  const hasty = await startReady(t, text);
  const cut = get(hasty.port, 'app.example.com', '/slow');
  cut.catch(() => undefined);
  await waitFor(() => service.waiting === 1, { what: 'the slow request' });
  hasty.process.signal('SIGINT');
  await hasty.process.waitForLine(/"stopping"/);
  hasty.process.signal('SIGINT');
  assert.equal((await hasty.process.exited).code, 130);
  await assert.rejects(cut);
});

test('a bug that nobody caught ends it with 70 and says where it was', async (t) => {
  const { process } = start(t, fileFor('  []'), 'crash');
  assert.deepEqual(await process.exited, { code: 70, signal: null });
  assert.match(process.stderr(), /"level":"fatal".*a bug of the test.*a bug ended the gateway/);
});
