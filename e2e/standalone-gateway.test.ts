/** `zeronaut gateway run --config gateway.yaml`: a gateway alone, from a file. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import {
  freePort,
  recordingUpstream,
  type SpawnedProcess,
  spawnProcess,
  temporaryDirectory,
  waitFor,
} from '@zeronaut/testkit';
import { NODE, ROOT } from '../scripts/npm-packages.mjs';
import { startWebService } from './harness/web-service.ts';

interface Alone {
  readonly process: SpawnedProcess;
  readonly port: number;
  readonly managementPort: number;
  readonly directory: string;
  /** Writes the file whole, as editors and deployments do. */
  write(resources: string): void;
  get(host: string, path?: string, headers?: Record<string, string>): Promise<number>;
}

async function startAlone(t: TestContext, resources: string): Promise<Alone> {
  const directory = temporaryDirectory(t);
  const [port, managementPort] = [await freePort(), await freePort()];
  const file = join(directory, 'gateway.yaml');
  const write = (text: string) => {
    writeFileSync(
      `${file}.new`,
      `version: 1
listeners: [{ address: "127.0.0.1:${port}", protocol: http }]
management: { address: "127.0.0.1:${managementPort}" }
rawAddress: 127.0.0.1
dataDirectory: ${join(directory, 'data')}
${text}`,
    );
    renameSync(`${file}.new`, file);
  };
  write(resources);
  const child = spawnProcess(
    t,
    NODE,
    [join(ROOT, 'packages/client/bin/zeronaut.mjs'), 'gateway', 'run', '--config', file],
    {
      env: { ...process.env, ZERONAUT_HOME: directory },
    },
  );
  await waitFor(
    async () => {
      if (child.child.exitCode !== null) throw new Error(child.output());
      return (await fetch(`http://127.0.0.1:${managementPort}/readyz`)).ok;
    },
    { what: 'the gateway is ready', timeoutMs: 10_000 },
  );
  const get = (host: string, path = '/', headers: Record<string, string> = {}) =>
    new Promise<number>((resolve, reject) => {
      request({ port, host: '127.0.0.1', path, headers: { host, ...headers }, agent: false }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode!));
      })
        .on('error', reject)
        .end();
    });
  return { process: child, port, managementPort, directory, write, get };
}

const resource = (name: string, host: string, target: string, access = 'public') =>
  `  - { name: ${name}, domains: [${host}], access: ${access}, targets: [{ address: "${target}" }] }\n`;

describe('from a file alone', () => {
  it('serves public resources, refuses unknown hosts, and needs a valid token where a key is named', async (t) => {
    const service = await startWebService(t);
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const directory = temporaryDirectory('keys');
    writeFileSync(join(directory, 'key.pem'), pem);
    const alone = await startAlone(
      t,
      `resources:\n${resource('open', 'open.example.com', service.address)}${resource(
        'closed',
        'closed.example.com',
        service.address,
        `{ verificationKey: { publicKeyFile: ${join(directory, 'key.pem')}, audience: closed } }`,
      )}`,
    );
    assert.equal(await alone.get('open.example.com'), 200);
    assert.equal(await alone.get('other.example.com'), 404);
    assert.equal(await alone.get('closed.example.com'), 401);
    const token = (claims: object, key = privateKey) => {
      const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const signed = `${encode({ alg: 'EdDSA', typ: 'JWT' })}.${encode(claims)}`;
      return `${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`;
    };
    const exp = Math.floor(Date.now() / 1000) + 300;
    const bearer = (text: string) => ({ authorization: `Bearer ${text}` });
    const good = token({ sub: 'robot', aud: 'closed', exp });
    assert.equal(await alone.get('closed.example.com', '/', bearer(good)), 200);
    assert.equal(await alone.get('closed.example.com', '/', bearer(token({ sub: 'robot', aud: 'other', exp }))), 401);
    assert.equal(
      await alone.get('closed.example.com', '/', bearer(token({ sub: 'robot', aud: 'closed', exp: 1 }))),
      401,
    );
    const stranger = generateKeyPairSync('ed25519').privateKey;
    assert.equal(await alone.get('closed.example.com', '/', bearer(token({ aud: 'closed', exp }, stranger))), 401);
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${good.split('.')[1]}.`;
    assert.equal(await alone.get('closed.example.com', '/', bearer(none)), 401);
  });

  it('opens a raw port', async (t) => {
    const upstream = await recordingUpstream(t, (socket, chunk) => socket.end(chunk));
    const port = await freePort();
    await startAlone(
      t,
      `resources:\n  - { name: raw, protocol: tcp, port: ${port}, access: { addresses: [127.0.0.1] }, targets: [{ address: "${upstream.address}" }] }\n`,
    );
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write('ping'));
      socket.on('data', (chunk: Buffer) => resolve(chunk.toString()));
      socket.on('error', reject);
    });
    assert.equal(answer, 'ping');
  });
});

describe('a mistake in the file', () => {
  const mistakes: readonly (readonly [string, string, RegExp])[] = [
    ['an unknown key', 'resource: []\n', /gateway\.yaml:\d+:1: .*resource/],
    [
      'a resource without access',
      'resources:\n  - { name: a, domains: [a.example.com], targets: [{ address: "b:1" }] }\n',
      /gateway\.yaml:7:\d+: .*access/,
    ],
    [
      'a port that is none',
      `resources:\n${resource('a', 'a.example.com', 'b:99999')}`,
      /gateway\.yaml:7:\d+: .*host:port/,
    ],
    ['text that is no YAML', 'resources: [\n', /gateway\.yaml:\d+:\d+: /],
  ];
  for (const [title, resources, expected] of mistakes) {
    it(`such as ${title} is reported with line, column and what was expected`, async (t) => {
      const directory = temporaryDirectory(t);
      const file = join(directory, 'gateway.yaml');
      writeFileSync(
        file,
        `version: 1\nlisteners: [{ address: "127.0.0.1:0", protocol: http }]\nmanagement: { address: "127.0.0.1:0" }\nrawAddress: 127.0.0.1\ndataDirectory: ${directory}\n${resources}`,
      );
      const child = spawnProcess(
        t,
        NODE,
        [join(ROOT, 'packages/client/bin/zeronaut.mjs'), 'gateway', 'run', '--config', file],
        {
          env: { ...process.env, ZERONAUT_HOME: directory },
        },
      );
      const { code } = await child.exited;
      assert.notEqual(code, 0);
      assert.match(child.output(), expected);
    });
  }
});

describe('reload', () => {
  for (const how of ['SIGHUP', 'the changed file alone'] as const) {
    it(`by ${how}, under load, drops no connection and no request`, async (t) => {
      const service = await startWebService(t);
      const alone = await startAlone(t, `resources:\n${resource('steady', 'steady.example.com', service.address)}`);
      const load = keepAsking(alone.port, 'steady.example.com', 16);
      for (let round = 0; round < 5; round++) {
        const host = `round-${round}.example.com`;
        alone.write(
          `resources:\n${resource('steady', 'steady.example.com', service.address)}${resource('new', host, service.address)}`,
        );
        if (how === 'SIGHUP') alone.process.signal('SIGHUP');
        await waitFor(async () => (await alone.get(host)) === 200, { what: `${host} is served` });
      }
      const { answers, failures, connections } = await load.stop();
      t.diagnostic(`${answers} answers over ${connections} connections during 5 reloads`);
      assert.deepEqual(failures, []);
      assert.ok(answers > 100);
      assert.equal(connections, 16, 'no connection was dropped');
    });
  }

  it('of a broken file leaves what runs untouched, and says what is wrong', async (t) => {
    const service = await startWebService(t);
    const alone = await startAlone(t, `resources:\n${resource('steady', 'steady.example.com', service.address)}`);
    alone.write(`resources:\n${resource('steady', 'steady.example.com', service.address, 'sometimes')}`);
    alone.process.signal('SIGHUP');
    await waitFor(() => /gateway\.yaml:7:\d+/.test(alone.process.output().replaceAll('\\"', '"')), {
      what: 'the mistake is in the log',
    });
    assert.equal(await alone.get('steady.example.com'), 200);
    alone.write(`resources:\n${resource('fixed', 'fixed.example.com', service.address)}`);
    alone.process.signal('SIGHUP');
    await waitFor(async () => (await alone.get('fixed.example.com')) === 200, { what: 'the corrected file is live' });
    assert.equal(await alone.get('steady.example.com'), 404);
  });
});

/** Keep-alive connections that ask one request after another. */
function keepAsking(
  port: number,
  host: string,
  lanes: number,
): { stop(): Promise<{ answers: number; failures: string[]; connections: number }> } {
  const agent = new Agent({ keepAlive: true, maxSockets: lanes });
  const failures: string[] = [];
  const sockets = new Set<unknown>();
  let answers = 0;
  let stopped = false;
  const one = () =>
    new Promise<void>((resolve) => {
      const outgoing = request({ port, host: '127.0.0.1', headers: { host }, agent }, (response) => {
        if (response.statusCode !== 200) failures.push(`status ${response.statusCode}`);
        answers++;
        response.resume().on('end', resolve);
      });
      outgoing.on('socket', (socket) => sockets.add(socket));
      outgoing.on('error', (error) => {
        failures.push(error.message);
        resolve();
      });
      outgoing.end();
    });
  const running = Array.from({ length: lanes }, async () => {
    while (!stopped) await one();
  });
  return {
    async stop() {
      stopped = true;
      await Promise.all(running);
      agent.destroy();
      return { answers, failures, connections: sockets.size };
    },
  };
}
