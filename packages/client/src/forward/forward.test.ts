import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, afterEach, before, beforeEach, describe, it, type TestContext } from 'node:test';
import { waitFor } from '@zeronaut/testkit';
import { createDatagramStream } from '@zeronaut/tunnel';
import { type GatewayEnd, startGatewayEnd } from '../agent/gateway-end.suite.ts';
import { TunnelSet } from '../agent/tunnel-set.ts';
import type { ForwardHooks } from './forwarder.ts';
import { listenTcp } from './listen-tcp.ts';
import { listenUdp } from './listen-udp.ts';
import { type ForwardRule, parseForwardRules } from './rule.ts';

describe('forward rules', () => {
  const rule = (remote: string, localHost: string, localPort: number): ForwardRule => ({
    remote,
    localHost,
    localPort,
  });
  const cases: [string[], string[], ForwardRule[]][] = [
    [['db.corp:5432'], [], [rule('db.corp:5432', 'localhost', 5432)]],
    [['DB.corp:5432', '15432'], [], [rule('db.corp:5432', 'localhost', 15432)]],
    [['[fd00::1]:22', '[::1]:2222'], [], [rule('[fd00::1]:22', '::1', 2222)]],
    [['a:1', '127.0.0.1:0', 'b:2', '20'], [], [rule('a:1', '127.0.0.1', 0), rule('b:2', 'localhost', 20)]],
    [[], ['a:1', 'b:2=0.0.0.0:3'], [rule('a:1', 'localhost', 1), rule('b:2', '0.0.0.0', 3)]],
  ];
  for (const [words, options, expected] of cases) {
    it([...words, ...options].join(' '), () => assert.deepEqual(parseForwardRules(words, options), expected));
  }
});

describe('a forward', () => {
  let gateway: GatewayEnd;
  let tunnels: TunnelSet;
  let log: string[];
  const rule: ForwardRule = { remote: 'db.corp:5432', localHost: '127.0.0.1', localPort: 0 };
  const hooks: ForwardHooks = {
    onOpen: (connection) => log.push(`open ${connection.rule.remote}`),
    onClose: ({ bytesIn, bytesOut }, fault) => log.push(`close ${bytesOut}/${bytesIn} ${fault?.code ?? 'in order'}`),
  };

  before(async () => {
    gateway = await startGatewayEnd();
  });
  after(() => gateway.stop());
  beforeEach(() => {
    log = [];
    tunnels = new TunnelSet({ connection: gateway.connection, device: gateway.device, state: gateway.state });
    tunnels.start();
  });
  afterEach(() => tunnels.stop());

  async function listen(t: TestContext, protocol: 'tcp' | 'udp'): Promise<number> {
    const listener = await (protocol === 'tcp' ? listenTcp : listenUdp)(tunnels, rule, hooks);
    t.after(() => listener.close());
    return Number(listener.address.split(':')[1]);
  }

  it('carries connections, many at once, that came before the tunnel was up', async (t) => {
    const headers: string[] = [];
    gateway.onStream = (stream, header) => {
      headers.push(header);
      stream.handler = {
        onData: (chunk) => void stream.write(chunk),
        onDrain: () => undefined,
        onEnd: () => stream.end(),
        onClosed: () => undefined,
      };
    };
    const port = await listen(t, 'tcp');
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        const socket = connect({ port, host: '127.0.0.1' });
        socket.end(`hello ${i}`);
        let text = '';
        for await (const chunk of socket) text += String(chunk);
        return text;
      }),
    );
    assert.deepEqual(
      answers,
      Array.from({ length: 50 }, (_, i) => `hello ${i}`),
    );
    assert.deepEqual(JSON.parse(headers[0]!), { kind: 'forward', destination: 'db.corp:5432', protocol: 'tcp' });
    await waitFor(() => log.length === 100, { what: 'all are closed' });
    assert.equal(log.filter((line) => line === 'close 7/7 in order').length, 10);
  });

  it('shows why the gateway refused, and closes the local connection', async (t) => {
    gateway.onStream = (stream) => stream.abort('forward.denied');
    const port = await listen(t, 'tcp');
    const socket = connect({ port, host: '127.0.0.1' });
    const { promise, resolve } = Promise.withResolvers<NodeJS.ErrnoException>();
    socket.on('error', resolve);
    const error = await promise;
    assert.equal(error.code, 'ECONNRESET');
    await waitFor(() => log.length === 2, { what: 'it is told' });
    assert.deepEqual(log, ['open db.corp:5432', 'close 0/0 forward.denied']);
  });

  it('carries datagrams, each source on a stream of its own', async (t) => {
    let streams = 0;
    gateway.onStream = (stream) => {
      streams += 1;
      const datagrams = createDatagramStream(stream, {
        onDatagram: (datagram) => datagrams.send(Buffer.concat([Buffer.from('echo '), datagram])),
        onClosed: () => undefined,
      });
    };
    const port = await listen(t, 'udp');
    const answers = await Promise.all(
      ['a', 'b', 'c'].map(async (word) => {
        const socket = createSocket('udp4');
        t.after(() => socket.close());
        const answer = once(socket, 'message');
        socket.send(word, port, '127.0.0.1');
        return String((await answer)[0]);
      }),
    );
    assert.deepEqual(answers, ['echo a', 'echo b', 'echo c']);
    assert.equal(streams, 3);
  });

  it('says when the local address is taken', async (t) => {
    const port = await listen(t, 'tcp');
    await assert.rejects(listenTcp(tunnels, { ...rule, localPort: port }, hooks), {
      reason: 'cli.listen',
      exitCode: 6,
    });
  });
});
