import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { Fault, type OpenFromGateway, type Target } from '@zeronaut/model';
import { createTestAuthority, recordingUpstream, temporaryDirectory, testTarget } from '@zeronaut/testkit';
import { type ByteStream, pipePair, socketStream, splice } from '@zeronaut/tunnel';
import { HOST, httpWorld, rawClient, statuses } from '../http/testdata/http-world.ts';
import { createDialer } from './dialer.ts';

const GET = `GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`;
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const CONTEXT = { flow: null, resourceId: 'res_1', protocol: 'tcp' } as const;

async function httpsService(t: TestContext, names: readonly string[]) {
  const authority = await createTestAuthority();
  const { cert, key } = await authority.server(names);
  const server = createHttps({ cert, key }, (_request, response) => response.end('secure'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { authority, address: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** An agent that dials what it is asked to, over an in-memory stream. */
function agent(opened: OpenFromGateway[]) {
  return {
    serves: (deviceId: string) => deviceId === 'dev_1',
    open(_deviceId: string, request: OpenFromGateway): ByteStream {
      opened.push(request);
      const [ours, theirs] = pipePair();
      theirs.pause();
      const address = request.kind === 'target' ? request.address : '';
      const socket = connect({ host: '127.0.0.1', port: Number(address.split(':')[1]), allowHalfOpen: true });
      socket.on('error', () => theirs.abort('target.dial_refused'));
      socket.on('connect', () => splice(theirs, socketStream(socket), { onDone: () => undefined }));
      return ours;
    },
  };
}

describe('the dialer', () => {
  it('reaches a Unix socket', async (t) => {
    const path = join(temporaryDirectory(t), 'app.sock');
    const server = createServer((socket) => {
      socket.on('data', () => socket.write(OK));
      socket.on('error', () => socket.destroy());
    });
    server.listen(path);
    await once(server, 'listening');
    t.after(() => {
      server.close();
    });
    const world = await httpWorld(t, { targets: [testTarget(`unix:${path}`, { protocol: 'http' })] });
    const client = rawClient(t, world.port, GET);
    await client.until((text) => text.endsWith('ok'), 'an answer');
    await world.pipeline.stop(0);
  });

  it('verifies the certificate of an https target, its issuer and its name, unless told not to', async (t) => {
    const { authority, address } = await httpsService(t, ['service.internal']);
    const cases: readonly [Partial<Target>, trusted: boolean, status: number][] = [
      [{ tlsServerName: 'service.internal' }, true, 200],
      [{ tlsServerName: 'other.internal' }, true, 502],
      [{}, true, 502],
      [{ tlsServerName: 'service.internal' }, false, 502],
      [{ tlsVerify: false }, false, 200],
    ];
    for (const [overrides, trusted, status] of cases) {
      const world = await httpWorld(t, {
        targets: [testTarget(address, { protocol: 'https', ...overrides })],
        ...(trusted ? { extraCertificateAuthorities: [authority.certificate] } : {}),
      });
      const client = rawClient(t, world.port, GET);
      await client.until((text) => statuses(text).length === 1, 'an answer');
      assert.deepEqual(statuses(client.text()), [status], JSON.stringify([overrides, trusted]));
    }
  });

  it('goes through the agent, keeps the stream for the next request, and says whose request it is', async (t) => {
    const upstream = await recordingUpstream(t, (socket) => socket.write(OK));
    const opened: OpenFromGateway[] = [];
    const world = await httpWorld(t, {
      targets: [testTarget(upstream.address, { protocol: 'http', deviceId: 'dev_1' })],
      agentLinks: agent(opened),
    });
    const client = rawClient(t, world.port, GET);
    await client.until((text) => statuses(text).length === 1, 'one answer');
    client.socket.write(GET);
    await client.until((text) => statuses(text).length === 2, 'two answers');
    assert.equal(opened.length, 1);
    assert.deepEqual(
      { ...opened[0], source: '' },
      {
        kind: 'target',
        resourceId: world.snapshot.resources[0]!.id,
        address: upstream.address,
        protocol: 'tcp',
        source: '',
      },
    );
    const { localPort } = client.socket;
    assert.equal(opened[0]!.source, `127.0.0.1:${localPort}`);
  });

  it('speaks TLS to an https target through the agent, end to end', async (t) => {
    const { authority, address } = await httpsService(t, ['service.internal']);
    const world = await httpWorld(t, {
      targets: [testTarget(address, { protocol: 'https', deviceId: 'dev_1', tlsServerName: 'service.internal' })],
      agentLinks: agent([]),
      extraCertificateAuthorities: [authority.certificate],
    });
    const client = rawClient(t, world.port, GET);
    await client.until((text) => text.includes('secure'), 'the answer');
    await world.pipeline.stop(0);
  });

  it('an agent that cannot dial says so on the stream, and the caller learns it', async (t) => {
    const world = await httpWorld(t, {
      targets: [testTarget('127.0.0.1:1', { protocol: 'http', deviceId: 'dev_1' })],
      agentLinks: agent([]),
    });
    const client = rawClient(t, world.port, GET);
    await client.until((text) => text.includes('target.dial_refused'), 'the reason');
    assert.deepEqual(statuses(client.text()), [502]);
  });

  it('rejects with a Fault that says what happened', async (t) => {
    const silent = await recordingUpstream(t);
    const dialer = createDialer({ agentLinks: null, connectTimeoutMs: 80 });
    const cases: readonly [Target, string][] = [
      [testTarget('127.0.0.1:1'), 'target.dial_refused'],
      [testTarget('unix:/nonexistent/socket'), 'target.dial_refused'],
      [testTarget(silent.address, { protocol: 'https' }), 'target.dial_timeout'],
      [testTarget('127.0.0.1:1', { deviceId: 'dev_1' }), 'balancer.agent_away'],
    ];
    for (const [target, code] of cases) {
      await assert.rejects(
        dialer.dial(target, CONTEXT),
        (error) => error instanceof Fault && error.code === code,
        code,
      );
    }
    assert.equal(dialer.reachable(testTarget('127.0.0.1:1'), 'res_1'), true);
    assert.equal(dialer.reachable(testTarget('127.0.0.1:1', { deviceId: 'dev_1' }), 'res_1'), false);
  });
});
