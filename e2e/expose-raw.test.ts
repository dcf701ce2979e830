/** `zeronaut expose … tcp` and `… udp`: ports without a login of their own, with real ssh and real DNS through them. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { freePort, recordingUpstream, spawnProcess, temporaryDirectory, waitFor } from '@zeronaut/testkit';
import { findProgram } from '../scripts/needs.mjs';
import { fileOwner } from './harness/file-owner.ts';
import { accepts, startSshd } from './harness/sshd.ts';
import { startWorld, type World } from './harness/world.ts';

const run = promisify(execFile);
const owner = fileOwner();
let world: World;

before(async () => {
  world = await startWorld(owner);
});
afterEach((t) => world.showLogsOnFailure(t));

describe('tcp', () => {
  const skip = findProgram('sshd') === null && 'openssh-server is not installed';

  it('carries ssh to a real sshd, once the address is authorised on the portal', { skip }, async (t) => {
    const sshd = await startSshd((command, args) => spawnProcess(t, command, args));
    const exposed = await world.expose(t, [`127.0.0.1:${sshd.port}`, 'tcp', '--name', 'ssh']);
    const ssh = (...command: string[]) =>
      run('ssh', [...sshd.clientArguments, '-p', String(exposed.port), sshd.destination(), ...command]);

    await assert.rejects(ssh('echo', 'in'), 'nobody is authorised yet');

    const user = await world.createUser({ email: 'ssh@example.com' });
    const visitor = world.visitor();
    const home = await visitor.signIn(world.portalUrl, user);
    assert.match(home.body, /Authorise my address/);
    const granted = await visitor.submit(home, { resource: exposed.id, hours: '1' }, '/grants');
    assert.equal(granted.status, 200, granted.body);
    assert.equal((await ssh('echo', 'in')).stdout, 'in\n');

    const megabytes = 32;
    const { stdout } = await run(
      'sh',
      ['-c', `head -c ${megabytes}M /dev/zero | "$@" sha256sum`, 'sh', 'ssh', ...sshd.clientArguments].concat(
        ...[['-p', String(exposed.port), sshd.destination()]],
      ),
    );
    const { stdout: expected } = await run('sh', ['-c', `head -c ${megabytes}M /dev/zero | sha256sum`]);
    assert.equal(stdout, expected);

    const page = await visitor.open(world.portalUrl);
    await visitor.submit(page, {}, '/grants/revoke');
    await assert.rejects(ssh('echo', 'again'), 'a revoked address is out');
  });

  it('accepts nobody by default, and says why in the access events', async (t) => {
    const upstream = await recordingUpstream(t);
    const exposed = await world.expose(t, [upstream.address, 'tcp', '--name', 'shut']);
    assert.equal(await talk(exposed.port, 'hello'), null);
    assert.equal(upstream.connections.length, 0);
    const event = await waitFor(
      async () => (await world.accessEvents({ resourceId: exposed.id })).find(({ effect }) => effect === 'deny'),
      { what: 'the refusal is in the access events' },
    );
    assert.equal(event.reason, 'access.address_unknown');
  });

  it('--allow-ip opens for its networks, --public for everybody, --port asks for a port', async (t) => {
    const upstream = await recordingUpstream(t, (socket, chunk) => socket.end(chunk));
    const inside = await world.expose(t, [upstream.address, 'tcp', '--name', 'inside', '--allow-ip', '127.0.0.0/8']);
    const outside = await world.expose(t, [upstream.address, 'tcp', '--name', 'outside', '--allow-ip', '192.0.2.0/24']);
    const asked = world.portRange.to;
    const open = await world.expose(t, [upstream.address, 'tcp', '--name', 'open', '--public', '--port', `${asked}`]);
    assert.equal(open.port, asked);
    assert.equal(await talk(inside.port, 'hello'), 'hello');
    assert.equal(await talk(outside.port, 'hello'), null);
    assert.equal(await talk(open.port, 'hello'), 'hello');
  });

  for (const [version, expected] of [
    ['v1', (from: number) => Buffer.from(`PROXY TCP4 127.0.0.1 127.0.0.1 ${from} `)],
    ['v2', () => Buffer.from('\r\n\r\n\0\r\nQUIT\n\x21\x11', 'latin1')],
  ] as const) {
    it(`tells the service the source address by PROXY protocol ${version}`, async (t) => {
      const upstream = await recordingUpstream(t);
      const exposed = await world.expose(t, [
        ...[upstream.address, 'tcp', '--name', `proxy-${version}`, '--public', '--proxy-protocol', version],
      ]);
      const socket = connect(exposed.port, '127.0.0.1', () => socket.write('hello'));
      // At the end of the test the service may be gone first.
      socket.on('error', () => undefined);
      t.after(() => socket.destroy());
      const received = await waitFor(
        () => {
          const bytes = upstream.connections[0]?.received();
          return bytes?.toString('latin1').endsWith('hello') ? bytes : null;
        },
        { what: 'the bytes arrive' },
      );
      const head = expected(socket.localPort!);
      assert.deepEqual(received.subarray(0, head.length), head);
    });
  }

  it('keeps half-closed connections half open', async (t) => {
    const upstream = await recordingUpstream(t, (socket, _chunk, connection) => {
      void waitFor(() => connection.ended, { what: 'the end of the request' }).then(() => socket.end('after the end'));
    });
    const exposed = await world.expose(t, [upstream.address, 'tcp', '--name', 'half', '--public']);
    assert.equal(await talk(exposed.port, 'question', { end: true }), 'after the end');
  });

  it('closes the port when the service is stopped', async (t) => {
    const upstream = await recordingUpstream(t);
    const exposed = await world.expose(t, [upstream.address, 'tcp', '--name', 'gone', '--public']);
    assert.ok(await accepts(exposed.port));
    const result = await world.zeronaut(['services', 'stop', 'gone']);
    assert.equal(result.code, 0, result.stderr);
    await waitFor(async () => !(await accepts(exposed.port)), { what: 'the port is closed' });
  });
});

describe('udp', () => {
  const skip = (findProgram('dnsmasq') === null || findProgram('dig') === null) && 'dnsmasq or dig is not installed';

  it('carries dig to a real DNS server, and nobody else by default', { skip }, async (t) => {
    // It listens on TCP too, where far more ports are taken.
    const port = await freePort('tcp');
    const directory = temporaryDirectory(t);
    writeFileSync(join(directory, 'hosts'), '192.0.2.77 private.example.com\n');
    const server = spawnProcess(t, findProgram('dnsmasq')!, [
      ...['--no-daemon', '--no-resolv', '--conf-file=/dev/null', `--port=${port}`, '--listen-address=127.0.0.1'],
      ...['--bind-interfaces', '--no-hosts', `--addn-hosts=${join(directory, 'hosts')}`, '--pid-file', '--user=root'],
      `--txt-record=big.example.com,${'x'.repeat(200)}`,
    ]);
    const dig = async (at: number, ...args: string[]) => {
      const { stdout } = await run('dig', ['+short', '+tries=1', '+time=2', '@127.0.0.1', '-p', `${at}`, ...args]);
      return stdout.trim();
    };
    await server.waitForLine(/read .* names/);
    assert.equal(await dig(port, 'private.example.com'), '192.0.2.77');

    const open = await world.expose(t, [`127.0.0.1:${port}`, 'udp', '--name', 'dns', '--public']);
    assert.equal(await dig(open.port, 'private.example.com'), '192.0.2.77');
    assert.equal(await dig(open.port, 'big.example.com', 'TXT'), `"${'x'.repeat(200)}"`);
    const answers = await Promise.all(Array.from({ length: 20 }, () => dig(open.port, 'private.example.com')));
    assert.deepEqual(new Set(answers), new Set(['192.0.2.77']));

    const shut = await world.expose(t, [`127.0.0.1:${port}`, 'udp', '--name', 'shut-dns']);
    await assert.rejects(dig(shut.port, 'private.example.com'), 'no answer for an unknown address');
  });
});

describe('draining', () => {
  it('takes nothing new, lets what is open go on, holds over a restart, and can be undone', async (t) => {
    const upstream = await recordingUpstream(t, (socket, chunk) => socket.write(chunk));
    const raw = await world.expose(t, [upstream.address, 'tcp', '--name', 'drained', '--public']);
    const web = await world.expose(t, [upstream.address, 'http', '--name', 'drained-web', '--public']);
    const kept = connect(raw.port, '127.0.0.1')
      .setEncoding('utf8')
      .on('error', () => undefined);
    t.after(() => kept.destroy());
    const echo = async (text: string) => {
      kept.write(text);
      return String((await once(kept, 'data'))[0]);
    };
    assert.equal(await echo('before'), 'before');
    const [gateway] = (await world.api.call('gateways.list', {})).items;
    const drain = (...args: string[]) => world.zeronaut(['gateways', 'drain', gateway!.name, ...args]);
    const readiness = async () => {
      const answer = await fetch(`http://127.0.0.1:${world.managementPort}/readyz`);
      return [answer.status, ((await answer.json()) as { draining: boolean }).draining];
    };
    await waitFor(async () => (await world.api.call('gateways.list', {})).items[0]!.load?.tcpConnections === 1, {
      what: 'the connection is told',
      timeoutMs: 10_000,
    });
    const plan = await drain('--dry-run');
    assert.match(plan.stdout, /would be drained.*\n.* 1 TCP, .*\n.*0 other gateways/, plan.stderr);
    assert.match(plan.stderr, /No other gateway is connected/);
    assert.deepEqual(await readiness(), [200, false]);

    assert.equal((await drain('--grace', '10m')).code, 0);
    await waitFor(async () => (await readiness())[1], { what: 'it drains' });
    assert.deepEqual(await readiness(), [503, true]);
    await waitFor(async () => !(await accepts(raw.port)), { what: 'the port is closed' });
    assert.equal(await echo('while draining'), 'while draining');
    // Who still comes is answered once, through the tunnel that is there.
    const head = await talk(world.httpPort, `GET / HTTP/1.1\r\nHost: ${web.host}\r\n\r\n`);
    assert.match(head ?? '', /^HTTP\/1\.1 /);
    assert.match(head ?? '', /connection: close/i);
    const endpoints = await world.api.call('endpoints.list', {});
    assert.deepEqual([endpoints.gateways, endpoints.draining.map(({ name }) => name)], [[], [gateway!.name]]);
    assert.match((await world.zeronaut(['gateways'])).stdout, /draining/);

    kept.destroy();
    await world.gateway.kill();
    const started = world.gateway.start();
    await waitFor(
      () =>
        readiness().then(
          ([, draining]) => draining,
          () => false,
        ),
      { what: 'it drains again' },
    );
    assert.equal(await accepts(raw.port), false);
    assert.equal((await drain('--undo')).code, 0);
    await started;
    await waitFor(() => accepts(raw.port), { what: 'the port is open' });

    // When the grace is over, what is still open is cut. The agent is back within seconds of the end of draining.
    const late = await waitFor(
      async () => {
        const socket = connect(raw.port, '127.0.0.1').on('error', () => undefined);
        t.after(() => socket.destroy());
        socket.write('late');
        const answer = await new Promise<unknown>((resolve) =>
          socket.once('data', resolve).once('close', () => resolve(null)),
        );
        return Buffer.isBuffer(answer) ? socket : null;
      },
      { what: 'the agent is back', timeoutMs: 15_000, intervalMs: 200 },
    );
    const cut = new Promise<void>((resolve) => late.once('close', () => resolve()));
    await world.api.call('gateways.drain', { params: { id: gateway!.id }, body: { drain: true, graceSeconds: 1 } });
    await cut;
    assert.equal((await drain('--undo')).code, 0);
  });
});

/** What comes back, or null if the connection is closed without a byte. */
function talk(port: number, text: string, options: { end?: boolean } = {}): Promise<string | null> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => {
      if (options.end) socket.end(text);
      else socket.write(text);
    });
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      answer += chunk;
    });
    socket.on('end', () => socket.end());
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer === '' ? null : answer));
  });
}
