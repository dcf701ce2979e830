import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fault } from '@zeronaut/model';
import { seededRandom, waitFor } from '@zeronaut/testkit';
import { hesitate, Recorder, Writer } from './byte-stream.suite.ts';
import { pipePair } from './pipe-pair.ts';
import { tcpPair, tlsPair } from './socket-pair.suite.ts';
import { socketStream } from './socket-stream.ts';
import { splice } from './splice.ts';

type Kind = 'pipe' | 'tcp' | 'tls';

async function ends(kind: Kind) {
  if (kind === 'pipe') return pipePair();
  const [a, b] = await (kind === 'tcp' ? tcpPair() : tlsPair());
  return [socketStream(a), socketStream(b)] as const;
}

async function spliced(left: Kind, right: Kind, idleTimeoutMs?: number) {
  const [a, innerA] = await ends(left);
  const [innerB, b] = await ends(right);
  const result = {
    a: new Recorder(a),
    b: new Recorder(b),
    innerA,
    bytes: { a_to_b: 0, b_to_a: 0 },
    done: undefined as Fault | null | undefined,
  };
  splice(innerA, innerB, {
    idleTimeoutMs,
    onBytes: (direction, bytes) => {
      result.bytes[direction] += bytes;
    },
    onDone(fault) {
      assert.equal(result.done, undefined, 'done twice');
      result.done = fault;
    },
  });
  a.resume();
  b.resume();
  return result;
}

for (const [left, right] of [
  ['pipe', 'tcp'],
  ['tcp', 'tls'],
  ['tls', 'pipe'],
] as const) {
  test(`${left} to ${right}: every byte both ways, counted, and both ends in their own time`, async (t) => {
    const random = seededRandom(undefined, t);
    const joint = await spliced(left, right);
    const fromA = new Writer(joint.a, random, 700_000);
    const fromB = new Writer(joint.b, random, 1_100_000);
    hesitate(joint.a, random);
    hesitate(joint.b, random);
    fromA.write();
    await waitFor(() => joint.b.ended, { what: 'the first end' });
    assert.equal(joint.done, undefined);
    fromB.write();
    await waitFor(() => joint.done !== undefined && joint.a.closed === null && joint.b.closed === null, {
      what: 'done',
    });
    assert.equal(joint.done, null);
    assert.deepEqual(joint.bytes, { a_to_b: 700_000, b_to_a: 1_100_000 });
    assert.equal(joint.a.hash.digest('hex'), fromB.hash.digest('hex'));
    assert.equal(joint.b.hash.digest('hex'), fromA.hash.digest('hex'));
  });
}

test('an end that fails takes the other one with it, and the fault is told once', async () => {
  const joint = await spliced('tcp', 'pipe');
  joint.a.stream.abort();
  await waitFor(() => joint.done !== undefined && joint.b.closed !== undefined, { what: 'both to close' });
  assert.equal(joint.done?.code, 'stream.reset');
  assert.equal(joint.b.closed?.code, 'stream.reset');
});

test('an end that is aborted from our side takes the other one with it', async () => {
  const joint = await spliced('pipe', 'pipe');
  joint.innerA.abort('limit.draining');
  await waitFor(() => joint.done !== undefined && joint.b.closed !== undefined, { what: 'both to close' });
  assert.equal(joint.a.closed?.code, 'limit.draining');
  assert.notEqual(joint.b.closed, null);
});

test('a splice is given up after silence, and not while bytes pass', async () => {
  const joint = await spliced('pipe', 'pipe', 80);
  const started = performance.now();
  while (performance.now() - started < 240) {
    joint.a.stream.write(Buffer.from('x'));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.equal(joint.done, undefined, 'given up while bytes passed');
  const fault = await waitFor(() => joint.done, { what: 'the end' });
  assert.equal(fault.code, 'stream.idle_timeout');
  await waitFor(() => joint.a.closed && joint.b.closed, { what: 'both ends' });
  assert.equal(joint.b.closed?.code, 'stream.idle_timeout');
});

test('a stream that was closed before is noticed', async () => {
  const [a, b] = pipePair();
  const [c, d] = pipePair();
  b.abort();
  await waitFor(() => a.closed && b.closed, { what: 'the stream to close' });
  const other = new Recorder(d);
  let done = false;
  splice(b, c, {
    onDone() {
      done = true;
    },
  });
  await waitFor(() => done && other.closed, { what: 'the other to close' });
});
