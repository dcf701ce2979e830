import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Fault } from '@zeronaut/model';
import { temporaryDirectory, waitFor } from '@zeronaut/testkit';
import { byteStreamSuite, Recorder } from '../stream/byte-stream.suite.ts';
import type { ByteStream } from '../stream/byte-stream.ts';
import { dialSocket } from './dial-socket.ts';
import { type ConnectionEnds, listenSocket } from './listen-socket.ts';
import { sharedReadiness } from './readiness.ts';

const here = process.platform === 'linux' && (process.arch === 'x64' || process.arch === 'arm64');

test('the engine is in use wherever it can be', { skip: !here }, () => {
  assert.notEqual(sharedReadiness(), null);
});

function dial(address: string): Promise<ByteStream> {
  return new Promise((resolve, reject) => {
    dialSocket(address, 'upstream', (stream, error) => (stream === null ? reject(error) : resolve(stream)));
  });
}

/** An accepted and a dialled stream, in this order. */
async function pair(t: TestContext, host = '127.0.0.1'): Promise<[ByteStream, ByteStream, ConnectionEnds]> {
  const accepted = Promise.withResolvers<[ByteStream, ConnectionEnds]>();
  const listener = await listenSocket({
    ...{ host, port: 0, backlog: 8 },
    onConnection: (stream, ends) => accepted.resolve([stream, ends]),
    onError: (error) => accepted.reject(error),
  });
  t.after(() => listener.close());
  const address = host.includes(':') ? `[${host}]:${listener.port}` : `${host}:${listener.port}`;
  const dialled = await dial(address);
  const [stream, ends] = await accepted.promise;
  await listener.close();
  return [stream, dialled, ends];
}

byteStreamSuite('sockets of our own', (t) => pair(t).then(([a, b]) => [a, b]));

/** A stream of ours and a socket of Node's that it is connected to. */
async function beside(t: TestContext): Promise<{ ours: Recorder; theirs: Socket }> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const [[theirs], stream] = await Promise.all([
    once(server, 'connection') as Promise<[Socket]>,
    dial(`127.0.0.1:${(server.address() as AddressInfo).port}`),
  ]);
  theirs.on('error', () => undefined);
  t.after(() => theirs.destroy());
  // Its writing side outlives the other end's, and would keep the process.
  t.after(() => stream.abort());
  return { ours: new Recorder(stream), theirs };
}

test('both ends know their addresses, in IPv4 and IPv6', async (t) => {
  for (const host of ['127.0.0.1', '::1']) {
    const [accepted, dialled, { remote, local }] = await pair(t, host);
    assert.equal(remote.address, host);
    assert.equal(local()?.address, host);
    assert.notEqual(remote.port, local()?.port);
    accepted.abort();
    assert.equal(local(), null);
    dialled.abort();
  }
});

test('IPv4 callers of a listener on :: have an IPv4 address', async (t) => {
  const accepted = Promise.withResolvers<[ByteStream, string]>();
  const listener = await listenSocket({
    ...{ host: '::', port: 0, backlog: 8 },
    onConnection: (stream, { remote }) => accepted.resolve([stream, remote.address]),
    onError: accepted.reject,
  });
  t.after(() => listener.close());
  assert.equal(listener.address, '::');
  const dialled = await dial(`127.0.0.1:${listener.port}`);
  const [stream, address] = await accepted.promise;
  assert.equal(address, '127.0.0.1');
  stream.abort();
  dialled.abort();
});

test('a taken port, a refused and an unknown target are errors of the system', async (t) => {
  const options = { host: '127.0.0.1', backlog: 8, onConnection: () => undefined, onError: () => undefined };
  const listener = await listenSocket({ ...options, port: 0 });
  t.after(() => listener.close());
  await assert.rejects(listenSocket({ ...options, port: listener.port }), { code: 'EADDRINUSE' });
  await listener.close();
  await assert.rejects(dial(`127.0.0.1:${listener.port}`), { code: 'ECONNREFUSED', syscall: 'connect' });
  await assert.rejects(dial('unix:/nowhere/at/all'), { code: 'ENOENT' });
  await assert.rejects(dial(`unix:/${'x'.repeat(200)}`), { code: 'EINVAL' });
  // The port can be had again at once.
  await (await listenSocket({ ...options, port: listener.port })).close();
});

test('Unix sockets are streams as well', async (t) => {
  const path = join(temporaryDirectory(t), 'a.sock');
  const server = createServer((socket) => socket.pipe(socket));
  server.listen(path);
  await once(server, 'listening');
  t.after(() => server.close());
  const echo = new Recorder(await dial(`unix:${path}`));
  echo.stream.resume();
  echo.stream.write(Buffer.alloc(500_000, 7));
  echo.stream.end();
  await waitFor(() => echo.closed === null, { what: 'the echo' });
  assert.equal(echo.bytes, 500_000);
});

test('a dial that was given up is never done', async (t) => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const gone = once(server, 'connection').then(async ([socket]) => {
    socket.on('error', () => undefined);
    socket.resume();
    await once(socket, 'close');
  });
  dialSocket(address, 'upstream', () => assert.fail('done after all'))();
  await gone;
});

test('what came before a reset is delivered, then stream.reset', async (t) => {
  const { ours, theirs } = await beside(t);
  theirs.write('the last words');
  theirs.resetAndDestroy();
  await once(theirs, 'close');
  // Paused all the while: nothing may be lost, and nothing told.
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(ours.closed, undefined);
  ours.stream.resume();
  await waitFor(() => ours.closed, { what: 'the fault' });
  assert.equal(ours.bytes, 14);
  assert.equal((ours.closed as Fault | null | undefined)?.code, 'stream.reset');
});

test('an answer that came before our write failed is delivered', async (t) => {
  const { ours, theirs } = await beside(t);
  ours.stream.write(Buffer.from('unread'));
  theirs.end('refused');
  await once(theirs, 'finish');
  theirs.resetAndDestroy();
  await once(theirs, 'close');
  ours.stream.resume();
  for (let i = 0; i < 3; i++) ours.stream.write(Buffer.alloc(10));
  await waitFor(() => ours.closed !== undefined, { what: 'the end' });
  assert.equal(ours.bytes, 7);
});

test('corked writes leave together, and without uncork they do leave with the end', async (t) => {
  const { ours, theirs } = await beside(t);
  const chunks: number[] = [];
  theirs.on('data', (chunk: Buffer) => chunks.push(chunk.length));
  ours.stream.cork();
  for (let i = 0; i < 8; i++) ours.stream.write(Buffer.alloc(1_000));
  ours.stream.uncork();
  await waitFor(() => chunks.reduce((sum, bytes) => sum + bytes, 0) === 8_000, { what: 'the corked bytes' });
  assert(chunks.length <= 2, `${chunks}`);
  ours.stream.cork();
  ours.stream.write(Buffer.alloc(10));
  ours.stream.end();
  await once(theirs, 'end');
  assert.equal(
    chunks.reduce((sum, bytes) => sum + bytes, 0),
    8_010,
  );
  ours.stream.abort();
});

test('corked writes wait here, keep their place before lent bytes, and are dropped by an abort', async (t) => {
  const { ours, theirs } = await beside(t);
  let text = '';
  theirs.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  ours.stream.cork();
  ours.stream.write(Buffer.from('a'));
  ours.stream.write(Buffer.from('b'));
  assert.equal(ours.stream.bufferedBytes, 2);
  ours.stream.writeBorrowed!(Buffer.from('c'));
  assert.equal(ours.stream.bufferedBytes, 0);
  ours.stream.write(Buffer.from('d'));
  ours.stream.uncork();
  assert.equal(ours.stream.bufferedBytes, 0);
  await waitFor(() => text === 'abcd', { what: 'all of it, in order' });
  ours.stream.cork();
  ours.stream.write(Buffer.from('dropped'));
  ours.stream.abort();
  ours.stream.uncork();
  assert.equal(ours.stream.bufferedBytes, 0);
  await waitFor(() => theirs.destroyed, { what: 'the end' });
  assert.equal(text, 'abcd');
});

test('one that sends without end leaves the others their turn', async (t) => {
  const loud = await beside(t);
  const quiet = await beside(t);
  const flood = Buffer.alloc(1024 * 1024);
  const pour = (): void => {
    while (!loud.theirs.destroyed && loud.theirs.write(flood));
  };
  loud.theirs.on('drain', pour);
  loud.ours.stream.resume();
  quiet.ours.stream.resume();
  pour();
  await waitFor(() => loud.ours.bytes > 8 * 1024 * 1024, { what: 'the flood' });
  for (let round = 1; round <= 20; round++) {
    quiet.theirs.write('x');
    const before = loud.ours.bytes;
    await waitFor(() => quiet.ours.bytes === round, { what: 'the quiet one' });
    assert(loud.ours.bytes - before < 64 * 1024 * 1024);
  }
  loud.ours.stream.abort();
  quiet.ours.stream.abort();
});

test('a listener without descriptors comes back when there are some', { skip: !here }, async (t) => {
  // A process of its own, with few descriptors to spare.
  const { spawnSync } = await import('node:child_process');
  const script = new URL('./testdata/few-descriptors.ts', import.meta.url).pathname;
  const done = spawnSync('sh', ['-c', `ulimit -n 64 && exec "${process.execPath}" "${script}"`], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  assert.equal(done.status, 0, done.stderr);
  assert.match(done.stdout, /all served, [1-9]\d* errors\n/);
  t.diagnostic(done.stdout.trim());
});

test('bytes that are lent stay what they are while a write elsewhere fails', async (t) => {
  const [from, to] = [await beside(t), await beside(t)];
  // What the other end sent before it reset is still read, by the write that fails.
  const late: string[] = [];
  to.ours.tap = (chunk) => late.push(String(chunk));
  to.ours.stream.resume();
  const seen: string[] = [];
  Object.assign(from.ours, {
    onBorrowed: (chunk: Buffer) => {
      to.theirs.write('EVIL');
      to.theirs.resetAndDestroy();
      to.ours.stream.write(Buffer.from('answer'));
      seen.push(String(chunk), late.join());
    },
  });
  from.ours.stream.resume();
  from.theirs.write('of the one');
  await waitFor(() => seen.length > 0 && to.ours.closed !== undefined, { what: 'both' });
  assert.deepEqual(seen, ['of the one', 'EVIL']);
});
