import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '@zeronaut/model';
import { seededRandom, waitFor } from '@zeronaut/testkit';
import { hesitate, Recorder, Writer } from '../stream/byte-stream.suite.ts';
import { linkEnd, linkedSessions, type Transport, transportPair } from './linked-sessions.suite.ts';
import type { MuxStream } from './mux-stream.ts';
import { MAX_DATA_BYTES, MAX_MESSAGE_BYTES, MAX_OPEN_HEADER_BYTES } from './wire.ts';

function recorders(): { readonly all: Recorder[]; accept(stream: MuxStream): void } {
  const all: Recorder[] = [];
  return { all, accept: (stream) => void all.push(new Recorder(stream)) };
}

for (const kind of ['pipe', 'tls', 'tls of Node'] as Transport[]) {
  for (const [windowBytes, highWaterMark] of [
    [128 * 1024, undefined],
    [4_096, 1],
    [20_000, 16_384],
    [1_048_576, 1_048_576],
  ] as const) {
    test(`50 streams both ways over ${kind}, window ${windowBytes}, mark ${highWaterMark}: every byte arrives`, async (t) => {
      const random = seededRandom(undefined, t);
      const { server, client } = await linkedSessions(t, kind, { limits: { windowBytes }, highWaterMark });
      const pairs: { near: Recorder; sent: Writer; far?: Recorder; answered?: Writer }[] = [];
      for (const end of [server, client]) {
        end.accept = (stream, header) => {
          const pair = pairs[Number(header.toString())]!;
          pair.far = new Recorder(stream);
          pair.answered = new Writer(pair.far, random, random.integer(random.pick([10, 40_000, 300_000])));
          hesitate(pair.far, random);
          pair.answered.write();
        };
      }
      for (let i = 0; i < 50; i++) {
        const opener = random.pick([server, client]);
        const near = new Recorder(opener.session.openStream(Buffer.from(String(i))));
        const sent = new Writer(near, random, random.integer(random.pick([10, 40_000, 300_000])));
        pairs.push({ near, sent });
        hesitate(near, random);
        sent.write();
      }
      const done = () => pairs.every(({ near, far }) => near.closed !== undefined && far?.closed !== undefined);
      await waitFor(done, { what: 'all streams to close', timeoutMs: 8_000 });
      for (const { near, sent, far, answered } of pairs) {
        assert.equal(near.closed, null);
        assert.equal(far!.closed, null);
        assert.equal(far!.bytes, sent.bytes);
        assert.equal(far!.hash.digest('hex'), sent.hash.digest('hex'));
        assert.equal(near.bytes, answered!.bytes);
        assert.equal(near.hash.digest('hex'), answered!.hash.digest('hex'));
      }
      assert.equal(server.session.streamCount, 0);
      assert.equal(client.session.streamCount, 0);
      client.session.close();
      await waitFor(() => server.closed !== undefined && client.closed === null, { what: 'sessions to close' });
      assert.equal(server.closed?.code, 'tunnel.closed');
    });
  }

  test(`a paused stream holds at most its window and stalls no other, over ${kind}`, async (t) => {
    const { server, client } = await linkedSessions(t, kind);
    const far = recorders();
    server.accept = (stream) => {
      far.accept(stream);
      if (far.all.length <= 20) stream.pause();
    };
    const stuck: MuxStream[] = [];
    for (let i = 0; i < 20; i++) {
      const stream = client.session.openStream(Buffer.alloc(0));
      stream.write(Buffer.alloc(500_000, i));
      stuck.push(stream);
    }
    const quick = new Recorder(client.session.openStream(Buffer.alloc(0)));
    quick.stream.write(Buffer.alloc(5_000_000));
    quick.stream.end();
    const other = await waitFor(() => far.all[20], { what: 'the quick stream' });
    await waitFor(() => other.bytes === 5_000_000, { what: 'the quick transfer' });
    for (let i = 0; i < 20; i++) {
      assert.equal(far.all[i]!.bytes, 0);
      // What the window did not let through is still at the sender: nothing waits anywhere else.
      assert.equal(stuck[i]!.bufferedBytes, 500_000 - 128 * 1024);
      far.all[i]!.stream.resume();
      await waitFor(() => far.all[i]!.bytes === 500_000, { what: 'the rest of a stream that was paused' });
    }
    client.session.close();
    await waitFor(() => far.all.every((recorder) => recorder.closed !== undefined), { what: 'streams to close' });
  });

  test(`the code of abort becomes the fault of the other end, over ${kind}`, async (t) => {
    const { server, client } = await linkedSessions(t, kind);
    const far = recorders();
    server.accept = far.accept;
    const near = [1, 2, 3].map(() => new Recorder(client.session.openStream(Buffer.alloc(0))));
    await waitFor(() => far.all.length === 3, { what: 'streams' });
    near[0]!.stream.abort('target.dial_refused');
    far.all[1]!.stream.abort('access.no_rule');
    far.all[2]!.stream.abort(`not a code\n${'x'.repeat(100)}`);
    await waitFor(() => [...near, ...far.all].every((end) => end.closed !== undefined), { what: 'ends to close' });
    assert.equal(near[0]!.closed, null);
    assert.equal(far.all[0]!.closed?.code, 'target.dial_refused');
    assert.equal(far.all[0]!.closed?.side, 'upstream');
    assert.equal(near[1]!.closed?.code, 'access.no_rule');
    assert.equal(near[2]!.closed?.code, `not?a?code?${'x'.repeat(53)}`);
    assert.equal(client.session.closed, false);
    client.session.close();
    await waitFor(() => server.closed !== undefined, { what: 'the session to close' });
  });

  test(`when the link is cut every stream is closed once, then the session, over ${kind}`, async (t) => {
    const { server, client } = await linkedSessions(t, kind);
    const far = recorders();
    server.accept = far.accept;
    const near = Array.from({ length: 30 }, () => new Recorder(client.session.openStream(Buffer.alloc(0))));
    for (const end of near) end.stream.write(Buffer.alloc(300_000));
    await waitFor(() => far.all.length === 30 && far.all.some((end) => end.bytes > 0), { what: 'data' });
    const pinged = client.session.ping();
    pinged.catch(() => undefined);
    server.transport.abort();
    await waitFor(() => server.closed !== undefined && client.closed !== undefined, { what: 'sessions to close' });
    for (const end of [...near, ...far.all]) assert(end.closed instanceof Fault);
    assert(client.closed instanceof Fault);
    const late = new Recorder(client.session.openStream(Buffer.alloc(0)));
    assert.equal(late.stream.write(Buffer.alloc(10)), true);
    await waitFor(() => late.closed, { what: 'a stream of a closed session' });
    assert.equal(late.closed?.code, 'tunnel.closed');
    await assert.rejects(client.session.ping(), Fault);
    assert.equal(client.session.sendMessage(Buffer.from('x')), false);
    await assert.rejects(pinged, Fault);
  });
}

test('opening, writing and ending need no answer', async (t) => {
  const { server, client } = await linkedSessions(t, 'pipe');
  const seen: string[] = [];
  server.accept = (stream, header) => {
    seen.push(`open ${stream.id} ${header}`);
    stream.handler = {
      onData: (chunk) => seen.push(`data ${chunk}`),
      onDrain() {},
      onEnd: () => seen.push('end'),
      onClosed() {},
    };
  };
  const stream = client.session.openStream(Buffer.from('h'));
  stream.write(Buffer.from('one '));
  stream.write(Buffer.from('two'));
  stream.end();
  await waitFor(() => seen.includes('end'), { what: 'the end' });
  assert.deepEqual(seen, ['open 1 h', 'data one ', 'data two', 'end']);
  assert.equal(server.session.openStream(Buffer.alloc(0)).id, 2);
  client.session.close();
});

test('a bulk writer stops while the transport takes nothing, a small one need not, and each goes on in its turn', async (t) => {
  const { server, client } = await linkedSessions(t, 'pipe', { limits: { windowBytes: 1024 * 1024 } });
  const far = recorders();
  server.accept = far.accept;
  const [a, b, small] = Array.from({ length: 3 }, () => client.session.openStream(Buffer.alloc(0))) as [
    MuxStream,
    MuxStream,
    MuxStream,
  ];
  await waitFor(() => far.all.length === 3, { what: 'the streams' });
  server.transport.pause();
  const drained: string[] = [];
  for (const [name, stream] of Object.entries({ a, b, small })) {
    stream.handler = { onData() {}, onDrain: () => drained.push(name), onEnd() {}, onClosed() {} };
  }
  // What a socket's read gives fills the frames of a slab, and the transport with them.
  const read = Buffer.alloc(4 * MAX_DATA_BYTES);
  let reads = 1;
  for (; a.write(read); reads++) assert(reads < 4);
  assert.equal(a.bufferedBytes % MAX_DATA_BYTES, 0);
  assert(a.bufferedBytes < read.length, 'the one that filled it, at most, waits');
  assert.equal(b.write(read), false);
  assert.equal(b.bufferedBytes, read.length, 'what was read already waits');
  assert.equal(small.write(Buffer.alloc(100)), true);
  server.transport.resume();
  await waitFor(() => drained.length === 2, { what: 'those who were told to stop to be told to go on' });
  assert.deepEqual(drained, ['a', 'b']);
  const total = () => far.all.reduce((sum, { bytes }) => sum + bytes, 0);
  await waitFor(() => total() === (reads + 1) * read.length + 100, { what: 'every byte' });
  client.session.close();
});

test('messages arrive in order, whole, at every size; what cannot be sent is refused', async (t) => {
  const { server, client } = await linkedSessions(t, 'tls');
  const sizes = [1, 2, 65_523, 65_524, 65_525, 200_000, MAX_MESSAGE_BYTES];
  for (const size of sizes) assert.equal(client.session.sendMessage(Buffer.alloc(size, size)), true);
  assert.equal(client.session.sendMessage(Buffer.alloc(MAX_MESSAGE_BYTES + 1)), false);
  assert.equal(client.session.sendMessage(Buffer.alloc(0)), false);
  await waitFor(() => server.messages.length === sizes.length, { what: 'messages' });
  for (const [i, size] of sizes.entries()) assert.deepEqual(server.messages[i], Buffer.alloc(size, size));
  // Nobody reads: the queue has an end.
  server.transport.pause();
  let sent = 0;
  while (client.session.sendMessage(Buffer.alloc(MAX_MESSAGE_BYTES))) sent++;
  assert.equal(sent, 16);
  client.session.close();
  server.transport.resume();
  await waitFor(() => server.closed, { what: 'the session to close' });
});

test('goAway lets open streams finish and new ones fail on the other side', async (t) => {
  const { server, client } = await linkedSessions(t, 'tls');
  const far = recorders();
  server.accept = far.accept;
  const early = new Recorder(client.session.openStream(Buffer.alloc(0)));
  await waitFor(() => far.all.length === 1, { what: 'a stream' });
  server.session.goAway();
  await waitFor(() => client.goAways === 1, { what: 'the announcement' });
  const late = new Recorder(client.session.openStream(Buffer.alloc(0)));
  await waitFor(() => late.closed, { what: 'a refusal' });
  assert.equal(late.closed?.code, 'tunnel.draining');
  assert.equal(late.closed?.retry, 'on_fresh_connection');
  far.all[0]!.stream.write(Buffer.from('still here'));
  await waitFor(() => early.bytes === 10, { what: 'data' });
  assert.equal(client.session.sendMessage(Buffer.from('last words')), true);
  client.session.close('test.done');
  await waitFor(() => server.closed, { what: 'the session to close' });
  assert.equal(server.closed?.code, 'test.done');
  assert.deepEqual(server.messages, [Buffer.from('last words')]);
});

test('a stream that is refused for its limit or header leaves the session alone', async (t) => {
  const { server, client } = await linkedSessions(t, 'pipe', { limits: { maxStreams: 3 } });
  const far = recorders();
  server.accept = far.accept;
  const near = Array.from({ length: 4 }, () => new Recorder(client.session.openStream(Buffer.alloc(0))));
  await waitFor(() => near[3]!.closed, { what: 'a refusal' });
  assert.equal(near[3]!.closed?.code, 'tunnel.stream_limit');
  near[0]!.stream.abort();
  const large = new Recorder(client.session.openStream(Buffer.alloc(MAX_OPEN_HEADER_BYTES + 1)));
  await waitFor(() => large.closed, { what: 'a refusal' });
  assert.equal(large.closed?.code, 'tunnel.header_too_large');
  const next = new Recorder(client.session.openStream(Buffer.alloc(MAX_OPEN_HEADER_BYTES, 120)));
  await waitFor(() => server.opened.length === 4, { what: 'the next stream' });
  assert.equal(server.opened[3]!.header.length, MAX_OPEN_HEADER_BYTES);
  assert.equal(next.closed, undefined);
  client.session.close();
});

test('received bytes that wait are bounded for the session: the stream that goes beyond is reset', async (t) => {
  const { server, client } = await linkedSessions(t, 'pipe', { limits: { maxReceivedBytes: 300_000 } });
  const far = recorders();
  server.accept = (stream) => {
    far.accept(stream);
    stream.pause();
  };
  const near = Array.from({ length: 3 }, () => new Recorder(client.session.openStream(Buffer.alloc(0))));
  for (const end of near) end.stream.write(Buffer.alloc(128 * 1024));
  await waitFor(() => near.some((end) => end.closed), { what: 'a reset' });
  assert.equal(near.filter((end) => end.closed).length, 1);
  assert.equal(near.find((end) => end.closed)?.closed?.code, 'tunnel.receive_limit');
  await waitFor(() => far.all.some((end) => end.closed), { what: 'the other end' });
  for (const end of far.all) end.stream.resume();
  await waitFor(() => far.all.filter((end) => end.bytes === 128 * 1024).length === 2, { what: 'the other two' });
  client.session.close();
});

test('ping tells the round trip', async (t) => {
  const { client } = await linkedSessions(t, 'tls');
  const heard = client.session.lastHeardAt;
  const rttMs = await client.session.ping();
  assert(rttMs > 0 && rttMs < 2_000);
  assert(client.session.lastHeardAt > heard);
  client.session.close();
});

test('a silent peer is asked, and given up when it does not answer', async (t) => {
  const [a, b] = await transportPair(t, 'tls');
  const client = linkEnd(t, b, 'client', { pingAfterMs: 20, deadAfterMs: 120 });
  a.pause();
  const started = performance.now();
  await waitFor(() => client.closed, { what: 'the session to close' });
  assert.equal(client.closed?.code, 'tunnel.timeout');
  assert(performance.now() - started >= 119);
  a.abort();
});

test('a peer that answers is kept however long nothing else is said', async (t) => {
  const { server, client } = await linkedSessions(t, 'tls', { limits: { pingAfterMs: 100, deadAfterMs: 500 } });
  const started = performance.now();
  await waitFor(() => performance.now() - started > 1_500, { what: 'three times the deadline' });
  assert.equal(client.closed, undefined);
  assert.equal(server.closed, undefined);
  client.session.close();
  await waitFor(() => server.closed !== undefined, { what: 'the session to close' });
});
