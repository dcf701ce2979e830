/** Header rules, limits and balancing of resources, through a gateway that runs from a file: curl and WebSockets on one side, services on the other. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { freePort, spawnProcess, temporaryDirectory, waitFor } from '@zeronaut/testkit';
import { WebSocket } from 'ws';
import { NODE, ROOT } from '../scripts/npm-packages.mjs';
import { fileOwner } from './harness/file-owner.ts';
import { startWebService, type WebService } from './harness/web-service.ts';

const owner = fileOwner();
let port = 0;
let service: WebService;
let twin: WebService;

before(async () => {
  [service, twin] = [await startWebService(owner), await startWebService(owner)];
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  owner.after(() => {
    silent.closeAllConnections();
    silent.close();
  });
  await waitFor(() => silent.listening, { what: 'a service that never answers' });
  const directory = temporaryDirectory();
  const managementPort = await freePort();
  port = await freePort();
  const file = join(directory, 'gateway.yaml');
  const one = `targets: [{ address: "${service.address}" }]`;
  const both = `targets: [{ address: "${service.address}" }, { address: "${twin.address}" }]`;
  writeFileSync(
    file,
    `version: 1
listeners: [{ address: "127.0.0.1:${port}", protocol: http }]
management: { address: "127.0.0.1:${managementPort}" }
dataDirectory: ${join(directory, 'data')}
resources:
  - name: ruled
    domains: [ruled.example.com]
    access: public
    headers:
      host: inside.example.com
      request: [{ action: set, name: X-Env, value: prod }, { action: set, name: Authorization, value: Bearer backend }]
      response: [{ action: set, name: X-Content-Type-Options, value: nosniff }, { action: remove, name: Content-Type }]
    ${one}
  - { name: small, domains: [small.example.com], access: public, limits: { bodyBytes: 1000 }, ${one} }
  - name: slow
    domains: [slow.example.com]
    access: public
    limits: { responseTimeoutMs: 200 }
    targets: [{ address: "127.0.0.1:${(silent.address() as AddressInfo).port}" }]
  - { name: rated, domains: [rated.example.com], access: public, limits: { rate: { requests: 2, perSeconds: 3600 } }, ${one} }
  - { name: few, domains: [few.example.com], access: public, limits: { concurrent: 1 }, ${one} }
  - { name: sticky, domains: [sticky.example.com], access: public, balancing: source, ${both} }
  - { name: least, domains: [least.example.com], access: public, balancing: least-connections, ${both} }
`,
  );
  const child = spawnProcess(
    owner,
    NODE,
    [join(ROOT, 'packages/client/bin/zeronaut.mjs'), 'gateway', 'run', '--config', file],
    { env: { ...process.env, ZERONAUT_HOME: directory } },
  );
  await waitFor(
    async () => {
      if (child.child.exitCode !== null) throw new Error(child.output());
      return (await fetch(`http://127.0.0.1:${managementPort}/readyz`)).ok;
    },
    { what: 'the gateway is ready', timeoutMs: 20_000 },
  );
});

/** Head and body of the answer, as curl prints them. */
function curl(host: string, path = '/', ...options: string[]): Promise<string> {
  const args = ['-s', '-i', '-H', `Host: ${host}.example.com`, ...options, `http://127.0.0.1:${port}${path}`];
  return new Promise((resolve) => execFile('curl', args, (_error, stdout) => resolve(stdout)));
}

function socketTo(host: string): WebSocket {
  return new WebSocket(`ws://127.0.0.1:${port}/`, { headers: { host: `${host}.example.com` } });
}

const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);

describe('a resource with rules of its own', () => {
  it('changes headers both ways, whatever a visitor sends under their names', async () => {
    const answer = await curl('ruled', '/headers', '-H', 'X_Env: evil', '-H', 'Authorization: Bearer evil');
    assert.equal(statusOf(answer), 200, answer);
    assert.match(answer, /\r\nX-Content-Type-Options: nosniff\r\n/);
    assert.doesNotMatch(answer, /content-type:/i);
    const { headers } = service.requests.at(-1)!;
    assert.ok(!headers.includes('evil') && !headers.includes('Bearer evil'), String(headers));
    for (const [name, value] of [
      ['Host', 'inside.example.com'],
      ['X-Env', 'prod'],
      ['Authorization', 'Bearer backend'],
      ['X-Forwarded-Host', 'ruled.example.com'],
    ] as const) {
      assert.equal(headers[headers.indexOf(name) + 1], value, name);
    }
  });

  it('changes those of a WebSocket, too', async (t) => {
    const socket = socketTo('ruled');
    t.after(() => socket.terminate());
    let upgraded: Record<string, unknown> = {};
    socket.on('upgrade', ({ headers }) => {
      upgraded = headers;
    });
    socket.on('open', () => socket.send('hello'));
    const echo = await new Promise((resolve, reject) => {
      socket.on('message', (data) => resolve(String(data))).on('error', reject);
    });
    assert.equal(echo, 'hello');
    assert.equal(upgraded['x-content-type-options'], 'nosniff');
  });

  it('refuses bodies that are too large, said or not, and takes the others', async () => {
    const fits = await curl('small', '/hash', '--data', 'x'.repeat(1000));
    assert.equal(statusOf(fits), 200, fits);
    const before = service.requests.length;
    const said = await curl('small', '/hash', '--data', 'x'.repeat(1001));
    assert.match(said, /limit\.body_too_large/);
    assert.equal(statusOf(said), 413);
    assert.equal(service.requests.length, before, 'the service hears nothing of it');
    const chunked = await curl('small', '/hash', '-H', 'Transfer-Encoding: chunked', '--data', 'x'.repeat(5000));
    assert.equal(statusOf(chunked), 413, chunked);
  });

  it('gives a service no more time than it says', async () => {
    const answer = await curl('slow');
    assert.equal(statusOf(answer), 504, answer);
    assert.match(answer, /target\.response_timeout/);
  });

  it('slows an address down that asks too often', async () => {
    const answers = [await curl('rated'), await curl('rated'), await curl('rated')];
    assert.deepEqual(answers.map(statusOf), [200, 200, 429]);
    assert.match(answers[2]!, /\r\nretry-after: \d+\r\n/);
    assert.match(answers[2]!, /limit\.rate/);
  });

  it('serves so many at the same time, an open WebSocket among them', async () => {
    const socket = socketTo('few');
    await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
    const full = await curl('few');
    assert.equal(statusOf(full), 503, full);
    assert.match(full, /\r\nretry-after: 1\r\n/);
    socket.terminate();
    await waitFor(async () => statusOf(await curl('few')) === 200, { what: 'its place is free again' });
  });

  it('sends one address to one target, or whoever comes to the one with the fewest', async (t) => {
    const counts = () => [service.requests.length, twin.requests.length];
    const grown = async (host: string, times: number) => {
      const [one, two] = counts() as [number, number];
      for (let i = 0; i < times; i++) assert.equal(statusOf(await curl(host)), 200);
      return [service.requests.length - one, twin.requests.length - two].sort();
    };
    assert.deepEqual(await grown('sticky', 6), [0, 6]);
    const held = socketTo('least');
    t.after(() => held.terminate());
    await new Promise((resolve, reject) => held.on('open', resolve).on('error', reject));
    // An upgrade is no request to node:http: where the WebSocket is shows in who gets none of the others.
    assert.deepEqual(await grown('least', 4), [0, 4]);
  });
});
