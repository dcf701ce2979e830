import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitFor } from '@zeronaut/testkit';
import { Recorder } from '../stream/byte-stream.suite.ts';
import { type ByteStream, type ByteStreamHandler, NO_HANDLER } from '../stream/byte-stream.ts';
import { pipePair } from '../stream/pipe-pair.ts';
import { linkEnd, linkedSessions } from './linked-sessions.suite.ts';
import type { MuxStream } from './mux-stream.ts';

test('10,000 streams over one TLS connection, each used: at most 8 KB resident per idle stream and side', async (t) => {
  const { server, client } = await linkedSessions(t, 'tls');
  server.accept = (stream) => {
    stream.handler = { ...NO_HANDLER, onData: (chunk) => void stream.write(chunk) };
  };
  const before = process.memoryUsage.rss();
  const streams: MuxStream[] = [];
  let answered = 0;
  const handler: ByteStreamHandler = {
    ...NO_HANDLER,
    onData(chunk) {
      answered += chunk.length;
    },
  };
  for (let i = 0; i < 10_000; i++) {
    const stream = client.session.openStream(Buffer.from('header'));
    stream.handler = handler;
    stream.write(Buffer.alloc(100));
    streams.push(stream);
  }
  await waitFor(() => answered === 1_000_000, { what: 'answers' });
  const perStream = (process.memoryUsage.rss() - before) / 20_000;
  t.diagnostic(`${perStream.toFixed(0)} bytes per stream and side, its test handler included`);
  assert(perStream < 8_192, `${perStream} bytes`);
  assert.equal(server.session.streamCount, 10_000);
  for (const stream of streams) stream.end();
  for (const { stream } of server.opened) stream.end();
  await waitFor(() => server.session.streamCount === 0 && client.session.streamCount === 0, { what: 'all to close' });
  client.session.close();
});

/** A path that takes its time, in both directions and in order. */
function slowPath(delayMs: number): [ByteStream, ByteStream] {
  const [a, nearA] = pipePair();
  const [nearB, b] = pipePair();
  const forward = (from: ByteStream, to: ByteStream): void => {
    from.handler = {
      ...NO_HANDLER,
      onData: (chunk) => void setTimeout(() => to.write(chunk), delayMs),
      onClosed: () => to.abort(),
    };
    from.resume();
  };
  forward(nearA, nearB);
  forward(nearB, nearA);
  return [a, b];
}

test('on a long path the window of a busy stream grows with the round trip', async (t) => {
  const [a, b] = slowPath(25);
  const server = linkEnd(t, a, 'server');
  const client = linkEnd(t, b, 'client');
  let far: Recorder | undefined;
  server.accept = (stream) => {
    far = new Recorder(stream);
  };
  await client.session.ping();
  const size = 16 * 1024 * 1024;
  const stream = client.session.openStream(Buffer.alloc(0));
  const started = performance.now();
  stream.write(Buffer.alloc(size));
  await waitFor(() => far?.bytes === size, { what: 'the transfer' });
  const roundTrips = (performance.now() - started) / 50;
  t.diagnostic(`16 MiB in ${roundTrips.toFixed(1)} round trips of 50 ms`);
  // With the initial window alone it would take 128.
  assert(roundTrips < 40);
  client.session.close();
});
