import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitFor } from '@zeronaut/testkit';
import { byteStreamSuite, Recorder } from './byte-stream.suite.ts';
import { DirectReads } from './direct-reads.ts';
import { tcpPair, tlsPair } from './socket-pair.suite.ts';
import { socketStream } from './socket-stream.ts';

byteStreamSuite('TCP', async () => {
  const [a, b] = await tcpPair();
  return [socketStream(a), socketStream(b)];
});
byteStreamSuite('TCP with direct reads', async () => {
  const reads = new DirectReads();
  const [a, b] = await tcpPair(reads.onread);
  return [socketStream(a), socketStream(b, { reads })];
});
// A mark below the socket's own once made a writer wait for a drain that never came.
for (const [socketMark, ourMark] of [
  [undefined, undefined],
  [1, 1],
  [1_000, 64_000],
  [64_000, 1_000],
  [1_000_000, 10],
] as const) {
  byteStreamSuite(
    `TLS with marks ${socketMark}/${ourMark}`,
    async () => {
      const [a, b] = await tlsPair(socketMark);
      return [socketStream(a, { highWaterBytes: ourMark }), socketStream(b, { highWaterBytes: ourMark })];
    },
    { abortLooksLikeEnd: true },
  );
}

test('the head is delivered before what comes from the socket', async () => {
  const [a, b] = await tcpPair();
  const writer = new Recorder(socketStream(a));
  const reader = new Recorder(socketStream(b, { head: Buffer.from('one ') }));
  const parts: string[] = [];
  reader.tap = (chunk) => parts.push(chunk.toString());
  writer.stream.write(Buffer.from('two'));
  writer.stream.end();
  reader.stream.resume();
  writer.stream.resume();
  await waitFor(() => reader.ended, { what: 'the end' });
  assert.equal(parts.join(''), 'one two');
  reader.stream.abort();
  await waitFor(() => reader.closed === null, { what: 'close' });
});

test('a reset of the peer is stream.reset with the side that was asked for', async () => {
  const [a, b] = await tcpPair();
  const reader = new Recorder(socketStream(b, { side: 'downstream' }));
  reader.stream.resume();
  a.resetAndDestroy();
  await waitFor(() => reader.closed, { what: 'close' });
  assert.equal(reader.closed?.code, 'stream.reset');
  assert.equal(reader.closed?.side, 'downstream');
});

test('a socket that was closed before is reported as closed', async () => {
  const [a, b] = await tcpPair();
  a.destroy();
  b.destroy();
  await waitFor(() => b.closed, { what: 'the socket to close' });
  const late = new Recorder(socketStream(b));
  await waitFor(() => late.closed, { what: 'close' });
  assert.equal(late.closed?.code, 'stream.reset');
});
