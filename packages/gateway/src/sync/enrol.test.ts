import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type GatewayFile, gatewayFile } from '@zeronaut/model';
import { createTestAuthority, freePort } from '@zeronaut/testkit';
import { EnrolmentRefused, enrol } from './enrol.ts';
import { enrolWhenReachable } from './enrolment.ts';

type ConsoleFile = NonNullable<GatewayFile['console']>;

function consoleAt(url: string): ConsoleFile {
  return gatewayFile.parse({ version: 1, console: { url, baseDomain: 'example.com' } }).console!;
}

/** Answers every request the same way and remembers what it was sent. */
async function startConsole(t: TestContext, status: number, body: string, headers: Record<string, string> = {}) {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    request.on('end', () => {
      bodies.push(`${request.method} ${request.url} ${text}`);
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies };
}

const options = { token: 'a-token-of-twenty-characters', httpsPort: 443, tunnelPort: 8444 };

test('no private key leaves the machine', async (t) => {
  const { url, bodies } = await startConsole(t, 500, '{}');
  await assert.rejects(enrol({ ...options, console: consoleAt(url) }), EnrolmentRefused);
  assert.equal(bodies.length, 1);
  const sent = bodies[0]!;
  assert.match(sent, /^POST \/api\/v1\/gateways\/enrol /);
  assert.match(sent, /BEGIN CERTIFICATE REQUEST/);
  assert.match(sent, /BEGIN PUBLIC KEY/);
  assert.doesNotMatch(sent, /PRIVATE KEY|"d":/);
});

const problem = {
  type: 'x',
  title: 'The link or token has expired',
  status: 410,
  reason: 'api.token_expired',
  requestId: 'req_1',
  next: 'Ask for a new one.',
};
const refusals: [string, number, string, RegExp][] = [
  ['a problem', 410, JSON.stringify(problem), /expired \(api\.token_expired\)\. Ask for a new one/],
  ['no JSON', 200, '<html>', /no JSON; is it a console/],
  ['another status', 404, '{}', /answered 404/],
  ['another shape', 201, '{}', /something else than an enrolment/],
  ['too much', 201, `"${'x'.repeat(2 << 20)}"`, /more than 1 MiB/],
];
for (const [name, status, body, message] of refusals) {
  test(`refused in words: ${name}`, async (t) => {
    const { url } = await startConsole(t, status, body);
    await assert.rejects(enrol({ ...options, console: consoleAt(url) }), (error: Error) => {
      assert.ok(error instanceof EnrolmentRefused);
      assert.match(error.message, message);
      return true;
    });
  });
}

test('the token is not carried to where a redirect points', async (t) => {
  const other = await startConsole(t, 201, '{}');
  const { url } = await startConsole(t, 307, '', { location: other.url });
  await assert.rejects(enrol({ ...options, console: consoleAt(url) }));
  assert.deepEqual(other.bodies, []);
});

test('certificates for keys that are not ours are not taken', async (t) => {
  const authority = await createTestAuthority();
  const { cert } = await authority.server(['gateway.example.com']);
  const id = (kind: string) => `${kind}_${'0'.repeat(26)}`;
  const jwk = { kty: 'OKP', crv: 'Ed25519', kid: 'k', x: 'x' };
  const { url } = await startConsole(
    t,
    201,
    JSON.stringify({
      gateway: {
        id: id('gw'),
        organizationId: id('org'),
        name: 'gateway',
        region: 'default',
        baseDomain: 'example.com',
        publicHost: 'example.com',
        httpsPort: 443,
        tunnelPort: 8444,
        portRange: { from: 20_000, to: 20_999 },
        signingKey: jwk,
        status: 'active',
        draining: null,
        connected: false,
        lastSeenAt: null,
        snapshotVersion: null,
        softwareVersion: null,
        place: null,
        segments: [],
        createdAt: '2026-01-01T00:00:00.000Z',
      },
      certificate: cert,
      tunnelCertificate: cert,
      certificateAuthority: authority.certificate,
      snapshotKey: jwk,
      syncAddress: '127.0.0.1:8081',
    }),
  );
  await assert.rejects(enrol({ ...options, console: consoleAt(url) }), /not for our key/);
});

test('waiting for a console that is not there ends when told to', async () => {
  const stop = new AbortController();
  const failures: string[] = [];
  const log = {
    warn: (details: { err: Error }) => {
      failures.push(details.err.message);
      stop.abort();
    },
  };
  const console = consoleAt(`http://127.0.0.1:${await freePort()}`);
  await assert.rejects(enrolWhenReachable({ ...options, console, signal: stop.signal }, log as never));
  assert.equal(failures.length, 1);
});
