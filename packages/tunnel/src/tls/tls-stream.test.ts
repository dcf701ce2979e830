import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Fault } from '@zeronaut/model';
import { createTestAuthority, temporaryDirectory, waitFor } from '@zeronaut/testkit';
import { TLS_PROFILE, type TunnelCredentials } from '../link/tls-profile.ts';
import { listenSocket } from '../sockets/listen-socket.ts';
import { byteStreamSuite, Recorder } from '../stream/byte-stream.suite.ts';
import type { ByteStream } from '../stream/byte-stream.ts';
import { pipePair } from '../stream/pipe-pair.ts';
import { socketStream } from '../stream/socket-stream.ts';
import { loadOpenSsl } from './openssl.ts';
import {
  ALPN,
  authority,
  client,
  contextOf,
  DEVICE,
  dial,
  NAME,
  type Outcome,
  secure,
  server,
  shakeHands,
  socketPair,
} from './secured-pair.suite.ts';
import { TlsContext, type TlsRole } from './tls-context.ts';
import { type Secured, startTls } from './tls-stream.ts';

const stranger = await createTestAuthority('Somebody else');
const ca = authority.certificate;

test('Node exports what it takes', () => {
  assert.notEqual(loadOpenSsl(), null);
});
const openssl = loadOpenSsl()!;

const streamsOf = (ends: [Secured, Secured]): [ByteStream, ByteStream] => [ends[0].stream, ends[1].stream];
byteStreamSuite('TLS over sockets of our own', async (t) => streamsOf(await secure(t, await socketPair(t))));
byteStreamSuite('TLS over a pipe', async (t) => streamsOf(await secure(t, pipePair())));

/** A server of Node's and a client of ours, or the other way round; ours is first. */
async function besideNode(t: TestContext, role: TlsRole): Promise<[ByteStream, TLSSocket]> {
  if (role === 'client') {
    const listener = createTlsServer({ ...TLS_PROFILE, ...server, requestCert: true, ALPNProtocols: [ALPN] });
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    t.after(() => listener.close());
    const { port } = listener.address() as { port: number };
    const [[theirs], ours] = await Promise.all([
      once(listener, 'secureConnection') as Promise<[TLSSocket]>,
      shakeHands(await dial(port), contextOf(t, 'client', client), NAME),
    ]);
    assert.equal(theirs.authorized, true);
    assert.equal(ours.fault, null);
    return [ours.secured!.stream, theirs];
  }
  const ours = Promise.withResolvers<Outcome>();
  const context = contextOf(t, 'server', server);
  const listener = await listenSocket({
    ...{ host: '127.0.0.1', port: 0, backlog: 8 },
    onConnection: (stream) => void shakeHands(stream, context).then(ours.resolve),
    onError: ours.reject,
  });
  t.after(() => listener.close());
  const options = { ...TLS_PROFILE, ...client, host: '127.0.0.1', port: listener.port, servername: NAME };
  const theirs = connectTls({ ...options, ALPNProtocols: [ALPN] });
  await once(theirs, 'secureConnect');
  const { secured, fault } = await ours.promise;
  assert.equal(fault, null);
  return [secured!.stream, theirs];
}
for (const role of ['server', 'client'] as const) {
  byteStreamSuite(`TLS, our ${role} and Node`, async (t) => {
    const [ours, theirs] = await besideNode(t, role);
    return [ours, socketStream(theirs)];
  });
}

test('both ends know the certificate and the protocol of the other', async (t) => {
  const [accepted, dialled] = await secure(t, pipePair());
  assert.equal(accepted.certificate.subjectAltName, 'URI:zeronaut://device');
  assert.equal(dialled.certificate.subjectAltName, `DNS:${NAME}`);
  assert.deepEqual([accepted.alpn, dialled.alpn], [ALPN, ALPN]);
  accepted.stream.abort();
});

test('nothing is kept to resume a session with', async (t) => {
  const [ours, theirs] = await besideNode(t, 'server');
  theirs.on('session', () => assert.fail('a ticket'));
  assert.equal(theirs.getProtocol(), 'TLSv1.3');
  assert.equal(theirs.getCipher().name, 'TLS_AES_128_GCM_SHA256');
  const echo = new Recorder(ours);
  ours.resume();
  theirs.end('all');
  await waitFor(() => echo.ended, { what: 'the end' });
  ours.end();
  await waitFor(() => echo.closed === null, { what: 'close' });
});

interface Refusal {
  readonly server?: TunnelCredentials;
  readonly client?: TunnelCredentials;
  readonly clientAlpn?: string;
  readonly servername?: string;
  /** What the end says that refuses, and the one that is refused. */
  readonly says: string;
  readonly hears: string;
}

const PAST = { notAfter: new Date(Date.now() - 1_000) };
const FUTURE = { notBefore: new Date(Date.now() + 3_600_000) };
const refusedBy: Readonly<Record<TlsRole, Readonly<Record<string, Refusal>>>> = {
  server: {
    'has expired': {
      client: { ...(await authority.issue(DEVICE, PAST)), ca },
      ...{ says: 'tls.certificate_expired', hears: 'tls.certificate_refused' },
    },
    'is not yet valid': {
      client: { ...(await authority.issue(DEVICE, FUTURE)), ca },
      ...{ says: 'tls.certificate_not_yet_valid', hears: 'tls.certificate_refused' },
    },
    'is of another authority': {
      client: { ...(await stranger.issue(DEVICE)), ca },
      ...{ says: 'tls.certificate_unknown_authority', hears: 'tls.certificate_refused' },
    },
    'is for servers alone': {
      client: { ...(await authority.issue(DEVICE, { purposes: ['1.3.6.1.5.5.7.3.1'] })), ca },
      ...{ says: 'tls.certificate_wrong_purpose', hears: 'tls.certificate_refused' },
    },
    'is good, but for another protocol': {
      ...{ clientAlpn: 'other/1', says: 'tls.no_common_protocol', hears: 'tls.no_common_protocol' },
    },
  },
  client: {
    'has expired': {
      server: { ...(await authority.server([NAME], PAST)), ca },
      ...{ says: 'tls.certificate_expired', hears: 'tls.certificate_refused' },
    },
    'is of another authority': {
      server: { ...(await stranger.server([NAME])), ca },
      ...{ says: 'tls.certificate_unknown_authority', hears: 'tls.certificate_refused' },
    },
    'is for clients alone': {
      server: { ...(await authority.server([NAME], { purposes: ['1.3.6.1.5.5.7.3.2'] })), ca },
      ...{ says: 'tls.certificate_wrong_purpose', hears: 'tls.certificate_refused' },
    },
    'has another name': {
      servername: 'other.test',
      says: 'tls.certificate_wrong_name',
      hears: 'tls.certificate_refused',
    },
    'has a name that a wildcard would cover': {
      server: { ...(await authority.server(['*.test'])), ca },
      ...{ says: 'tls.certificate_wrong_name', hears: 'tls.certificate_refused' },
    },
  },
};
for (const role of ['server', 'client'] as const) {
  for (const [what, refusal] of Object.entries(refusedBy[role])) {
    test(`a ${role} refuses a peer whose certificate ${what}; both know why`, async (t) => {
      const transports = pipePair();
      const ends = [
        shakeHands(transports[0], contextOf(t, 'server', refusal.server ?? server)),
        shakeHands(
          transports[1],
          contextOf(t, 'client', refusal.client ?? client, refusal.clientAlpn),
          refusal.servername ?? NAME,
        ),
      ];
      const [saying, hearing] = role === 'server' ? ends : ends.toReversed();
      const said = await saying!;
      assert.equal(said.fault?.code, refusal.says);
      // A client is done with its own half before the server has looked at its certificate.
      const heard = await hearing!;
      const fault = heard.secured === null ? heard.fault : await faultOf(heard.secured.stream);
      assert.equal(fault?.code, refusal.hears);
    });
  }
}

async function faultOf(stream: ByteStream): Promise<Fault | null | undefined> {
  const recorder = new Recorder(stream);
  stream.resume();
  await waitFor(() => recorder.closed !== undefined, { what: 'the fault' });
  assert.equal(recorder.bytes, 0);
  return recorder.closed;
}

test('a peer without a certificate, one that speaks TLS 1.2, and one that speaks plain text', async (t) => {
  const context = contextOf(t, 'server', server);
  const outcomes: Promise<Outcome>[] = [];
  const listener = await listenSocket({
    ...{ host: '127.0.0.1', port: 0, backlog: 8 },
    onConnection: (stream) => void outcomes.push(shakeHands(stream, context)),
    onError: (error) => assert.fail(error),
  });
  t.after(() => listener.close());
  const options = { host: '127.0.0.1', port: listener.port, ca, servername: NAME };
  const plain = async (say: (stream: ByteStream) => void): Promise<void> => {
    const stream = await dial(listener.port);
    t.after(() => stream.abort());
    say(stream);
  };
  const cases: readonly [string, () => Promise<unknown>][] = [
    ['tls.certificate_missing', async () => connectTls(options).on('error', () => undefined)],
    ['tls.version', async () => connectTls({ ...options, maxVersion: 'TLSv1.2' }).on('error', () => undefined)],
    ['tls.plain_text', () => plain((stream) => stream.write(Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')))],
    ['tls.plain_text', () => plain((stream) => stream.write(Buffer.from('SSH-2.0-OpenSSH_9.2p1 Debian\r\n')))],
    ['tls.truncated', () => plain((stream) => stream.end())],
  ];
  for (const [code, attempt] of cases) {
    await attempt();
    const outcome = await await waitFor(() => outcomes.pop(), { what: 'a connection' });
    assert.equal(outcome.fault?.code, code);
  }
});

test('credentials that cannot be used are refused when they are read', async () => {
  const other = await authority.server([NAME]);
  for (const wrong of [{ cert: 'no' }, { key: 'no' }, { ca: 'no' }, { key: other.key }]) {
    assert.throws(() => new TlsContext(openssl, 'server', { ...server, ...wrong }, ALPN), JSON.stringify(wrong));
  }
  assert.throws(() => startTls(pipePair()[0], contextOf(null, 'client', client), { side: 'upstream', onDone() {} }));
});

/** A connection of two pipes, between which the test carries the bytes. */
async function carried(t: TestContext) {
  const [left, leftEnd] = pipePair();
  const [right, rightEnd] = pipePair();
  const held: Buffer[] = [];
  let holding = false;
  leftEnd.handler = {
    onData: (chunk) => void rightEnd.write(chunk),
    onEnd: () => rightEnd.end(),
    onDrain() {},
    onClosed() {},
  };
  rightEnd.handler = {
    onData: (chunk) => void (holding ? held.push(chunk) : leftEnd.write(chunk)),
    ...{ onEnd: () => undefined, onDrain() {}, onClosed() {} },
  };
  leftEnd.resume();
  rightEnd.resume();
  const [reader, writer] = await secure(t, [left, right]);
  holding = true;
  return { reader: reader.stream, writer: writer.stream, readerTransport: left, wire: leftEnd, held };
}

test('an end without close_notify is no end: what came before is delivered, then tls.truncated', async (t) => {
  const { reader, writer, wire, held } = await carried(t);
  const recorder = new Recorder(reader);
  reader.resume();
  writer.write(Buffer.from('half of it'));
  await waitFor(() => held.length > 0, { what: 'the record' });
  for (const chunk of held) wire.write(chunk);
  wire.end();
  await waitFor(() => recorder.closed !== undefined, { what: 'the fault' });
  assert.equal(recorder.bytes, 10);
  assert.equal(recorder.ended, false);
  assert.equal((recorder.closed as Fault | null)?.code, 'tls.truncated');
});

test('a record that was changed on the way ends the connection, and nothing of it is delivered', async (t) => {
  const { reader, writer, wire, held } = await carried(t);
  const recorder = new Recorder(reader);
  reader.resume();
  writer.write(Buffer.from('good'));
  writer.write(Buffer.from('evil'));
  await waitFor(() => held.length === 2, { what: 'two records' });
  held[1]![8]! ^= 1;
  wire.write(Buffer.concat(held));
  await waitFor(() => recorder.closed !== undefined, { what: 'the fault' });
  assert.equal(recorder.bytes, 4);
  assert.equal((recorder.closed as Fault | null)?.code, 'tls.failed');
});

test('what others read while a handler has its bytes is not written over them', async (t) => {
  const [outer, inner] = await Promise.all([carried(t), carried(t)]);
  const bytes = [randomBytes(30_000), randomBytes(30_000)];
  outer.writer.write(bytes[0]!);
  inner.writer.write(bytes[1]!);
  await waitFor(() => outer.held.length > 0 && inner.held.length > 0, { what: 'records' });
  const seen: Buffer[] = [];
  const never = { onData: () => assert.fail('copied'), onEnd() {}, onDrain() {}, onClosed() {} };
  inner.reader.handler = { ...never, onBorrowed: (chunk) => void seen.push(Buffer.from(chunk)) };
  outer.reader.handler = {
    ...never,
    onBorrowed(chunk) {
      // As a failed write of the other one's socket would have it.
      inner.readerTransport.handler.onData(Buffer.concat(inner.held));
      seen.push(Buffer.from(chunk));
    },
  };
  inner.reader.resume();
  outer.reader.resume();
  outer.wire.write(Buffer.concat(outer.held));
  await waitFor(() => seen.length === 2, { what: 'both' });
  assert.deepEqual(seen, bytes.toReversed());
  for (const { reader, writer } of [outer, inner]) {
    reader.abort();
    writer.abort();
  }
});

test('what comes right behind the handshake waits until somebody reads', async (t) => {
  const transports = pipePair();
  const accepting = shakeHands(transports[0], contextOf(t, 'server', server));
  const { secured } = await shakeHands(transports[1], contextOf(t, 'client', client), NAME);
  secured!.stream.write(Buffer.from('early'));
  secured!.stream.end();
  const recorder = new Recorder((await accepting).secured!.stream);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual([recorder.bytes, recorder.ended], [0, false]);
  recorder.stream.resume();
  await waitFor(() => recorder.ended, { what: 'the end' });
  assert.equal(recorder.bytes, 5);
  recorder.stream.abort();
});

test('a stream that is over takes every call, wherever it was ended', async (t) => {
  const useAll = (stream: ByteStream): void => {
    stream.write(Buffer.alloc(100_000));
    stream.cork();
    stream.uncork();
    stream.pause();
    stream.resume();
    stream.end();
    stream.abort();
    assert.equal(stream.bufferedBytes, 0);
  };
  for (const at of ['data', 'end', 'drain', 'before the handshake'] as const) {
    if (at === 'before the handshake') {
      const [transport, other] = pipePair();
      const stream = startTls(transport, contextOf(t, 'server', server), {
        side: 'downstream',
        onDone: () => assert.fail('done'),
      });
      stream.abort();
      other.write(randomBytes(100));
      useAll(stream);
      await waitFor(() => stream.closed, { what: 'close' });
      continue;
    }
    const [{ stream }, { stream: other }] = await secure(t, await socketPair(t));
    const recorder = new Recorder(stream);
    const over = (): void => {
      stream.abort();
      useAll(stream);
    };
    if (at === 'data') recorder.tap = over;
    if (at === 'end') recorder.onEnd = over;
    if (at === 'drain') recorder.onDrain = over;
    stream.resume();
    other.resume();
    if (at === 'drain') while (stream.write(Buffer.alloc(1_000_000)));
    else other.write(Buffer.alloc(200_000));
    if (at === 'end') other.end();
    await waitFor(() => recorder.closed === null, { what: `close at ${at}` });
    other.abort();
    useAll(stream);
  }
});

const hasCommand = spawnSync('openssl', ['version']).status === 0;
test('a peer that changes its keys and asks for ours again and again', { skip: !hasCommand }, async (t) => {
  const files = temporaryDirectory(t);
  for (const [name, pem] of Object.entries(client)) writeFileSync(join(files, name), pem);
  const accepted = Promise.withResolvers<Outcome>();
  const context = contextOf(t, 'server', server);
  const listener = await listenSocket({
    ...{ host: '127.0.0.1', port: 0, backlog: 8 },
    onConnection: (stream) => void shakeHands(stream, context).then(accepted.resolve),
    onError: accepted.reject,
  });
  t.after(() => listener.close());
  const peer = spawn('openssl', [
    ...['s_client', '-connect', `127.0.0.1:${listener.port}`, '-servername', NAME, '-alpn', ALPN],
    ...['-cert', join(files, 'cert'), '-key', join(files, 'key'), '-CAfile', join(files, 'ca')],
  ]);
  t.after(() => peer.kill());
  let heard = '';
  for (const output of [peer.stdout, peer.stderr]) {
    output.on('data', (chunk: Buffer) => {
      heard += chunk.toString('latin1');
    });
  }
  const { secured, fault } = await accepted.promise;
  assert.equal(fault, null);
  const recorder = new Recorder(secured!.stream);
  recorder.stream.resume();
  for (let i = 1; i <= 30; i++) {
    peer.stdin.write('K\n');
    await waitFor(() => heard.split('KEYUPDATE').length > i, { what: 'the command' });
    peer.stdin.write(`line ${i}\n`);
    await waitFor(() => recorder.bytes > 0, { what: 'a line' });
    recorder.bytes = 0;
    recorder.stream.write(Buffer.from(`answer ${i}.`));
    await waitFor(() => heard.includes(`answer ${i}.`), { what: 'the answer' });
  }
  recorder.stream.abort();
});

test('connections give back what OpenSSL took for them, whatever becomes of them', async (t) => {
  const context = contextOf(t, 'server', server);
  const cycle = async (kind: number): Promise<void> => {
    const transports = pipePair();
    const own = new TlsContext(openssl, 'client', client, ALPN);
    const done = shakeHands(transports[0], context);
    if (kind === 0) {
      // Given up in the middle of the handshake.
      startTls(transports[1], own, { servername: NAME, side: 'upstream', onDone() {} }).abort();
      await done;
    } else if (kind === 1) {
      transports[1].write(Buffer.from('no TLS at all, but text of some length'));
      await done;
      transports[1].abort();
    } else {
      const dialled = await shakeHands(transports[1], own, NAME);
      const accepted = await done;
      accepted.secured!.stream.resume();
      dialled.secured!.stream.write(Buffer.alloc(20_000));
      dialled.secured!.stream.abort();
      await waitFor(() => accepted.secured!.stream.closed, { what: 'close' });
    }
    own.free();
  };
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const run = async (count: number): Promise<number> => {
    for (let i = 0; i < count; i++) await cycle(i % 3);
    collect();
    return process.memoryUsage.rss();
  };
  const before = await run(150);
  const growth = (await run(450)) - before;
  t.diagnostic(`grown by ${(growth / 1e6).toFixed(1)} MB over 450`);
  // The two ends of one that was kept are 30 KB and more.
  assert(growth < 6e6, `${growth}`);
});
