import assert from 'node:assert/strict';
import { test } from 'node:test';
import { world } from './engine.suite.ts';

test('two engines make a session when one has something to send, and both can send then', async () => {
  for (const version of [4, 6] as const) {
    for (const psk of [undefined, Uint8Array.from({ length: 32 }, (_, index) => index)]) {
      const w = world();
      const a = await w.host(1);
      const b = await w.host(2);
      a.knows(b, { psk });
      b.knows(a, { endpoint: false, psk });
      a.send(b, Buffer.from('hello'), version);
      w.advance(50);
      assert.equal(b.received.length, 1);
      assert.equal(Buffer.from(b.received[0]!.packet.subarray(version === 4 ? 20 : 40)).toString(), 'hello');
      b.send(a, Buffer.from('hello too'), version);
      w.advance(50);
      assert.equal(a.received.length, 1);
      await a.engine.close();
      await b.engine.close();
    }
  }
});

const MINUTE = 60_000;

/** Counts datagrams of each message type (1 initiation, 2 response, 3 cookie reply, 4 data) that leave anybody. */
function countMessages(w: ReturnType<typeof world>): number[] {
  const counts = [0, 0, 0, 0, 0];
  w.network.filter = (datagram) => {
    counts[datagram[0]!]!++;
    return true;
  };
  return counts;
}

test('a day of traffic now and then: nothing is lost, and sessions are renewed every two minutes and no oftener', async () => {
  const w = world();
  const [a, b] = [await w.host(1), await w.host(2)];
  a.knows(b);
  b.knows(a);
  w.network.conditions = { loss: 0, delayMs: 20, jitterMs: 5, duplicates: 0 };
  const counts = countMessages(w);
  const rounds = (24 * 60 * MINUTE) / 10_000;
  for (let round = 1; round <= rounds; round++) {
    a.send(b);
    w.advance(5_000);
    b.send(a);
    w.advance(5_000);
    assert.equal(b.received.length, 1, `round ${round}`);
    assert.equal(a.received.length, 1, `round ${round}`);
    a.received.length = 0;
    b.received.length = 0;
  }
  const handshakes = (24 * 60) / 2;
  assert(counts[1]! >= handshakes * 0.9 && counts[1]! <= handshakes * 1.1, `${counts}`);
  assert.equal(counts[2], counts[1]);
  assert.equal(counts[3], 0);
  await a.engine.close();
  await b.engine.close();
});

test('who has nothing to say is silent, forgets his keys, and speaks again at once when asked to', async () => {
  const w = world();
  const [a, b] = [await w.host(1), await w.host(2)];
  a.knows(b);
  b.knows(a);
  a.send(b);
  w.advance(1_000);
  assert.equal(b.received.length, 1);
  w.advance(10 * MINUTE);
  const counts = countMessages(w);
  w.advance(24 * 60 * MINUTE);
  assert.deepEqual(counts, [0, 0, 0, 0, 0]);
  a.send(b);
  w.advance(1_000);
  assert.equal(b.received.length, 2);
  assert.equal(counts[1], 1);
  await a.engine.close();
  await b.engine.close();
});

for (const loss of [0.1, 0.3]) {
  test(`${loss * 100} % loss, reordering and duplicates: the session holds, and no packet comes twice`, async () => {
    const w = world(7);
    const [a, b] = [await w.host(1), await w.host(2)];
    a.knows(b);
    b.knows(a);
    w.network.conditions = { loss, delayMs: 30, jitterMs: 100, duplicates: 0.1 };
    const packets = 6_000;
    for (let index = 0; index < packets; index++) {
      const payload = Buffer.alloc(32);
      payload.writeUInt32BE(index);
      a.send(b, payload);
      if (index % 3 === 0) b.send(a, payload);
      w.advance(100);
    }
    w.advance(1_000);
    const numbers = b.received.map(({ packet }) => Buffer.from(packet).readUInt32BE(20));
    assert.equal(new Set(numbers).size, numbers.length);
    assert(numbers.length > packets * (1 - loss) * 0.9, `${numbers.length}`);
    await a.engine.close();
    await b.engine.close();
  });
}

test('whatever was sent once is worth nothing when it is sent again, to anybody', async () => {
  const w = world(3);
  const [a, b, stranger] = [await w.host(1), await w.host(2), await w.host(3)];
  a.knows(b);
  b.knows(a);
  const sent: { datagram: Uint8Array; to: { address: string; port: number } }[] = [];
  w.network.filter = (datagram, _from, to) => sent.push({ datagram: Uint8Array.from(datagram), to }) > 0;
  for (let round = 0; round < 5; round++) {
    a.send(b);
    b.send(a);
    w.advance(1_000);
  }
  const before = { a: a.received.length, b: b.received.length };
  const answers: number[] = [];
  w.network.filter = (datagram, from) => {
    if (from.address !== stranger.plane.endpoint.address) answers.push(datagram[0]!);
    return true;
  };
  for (const { datagram } of sent) {
    for (const to of [a, b]) w.network.send(datagram, stranger.plane.endpoint, to.plane.endpoint);
    w.advance(100);
  }
  assert.deepEqual({ a: a.received.length, b: b.received.length }, before);
  assert.deepEqual(answers, []);
  // And the session itself took no harm: no roaming to the stranger.
  w.network.filter = undefined;
  a.send(b);
  b.send(a);
  w.advance(1_000);
  assert.deepEqual({ a: a.received.length, b: b.received.length }, { a: before.a + 1, b: before.b + 1 });
  for (const host of [a, b, stranger]) await host.engine.close();
});

test('nothing malformed is answered: every message with a bit turned, cut short, or drawn out', async () => {
  const w = world(5);
  const [a, b, stranger] = [await w.host(1), await w.host(2), await w.host(3)];
  a.knows(b);
  b.knows(a);
  const sent: Uint8Array[] = [];
  w.network.filter = (datagram) => sent.push(Uint8Array.from(datagram)) > 0;
  a.send(b);
  w.advance(1_000);
  assert.deepEqual([...new Set(sent.map(([type]) => type))].sort(), [1, 2, 4]);
  const received = b.received.length;
  // The keep-alive that follows what nothing was sent after is no answer to what comes now.
  w.advance(20_000);
  const answers: Uint8Array[] = [];
  w.network.filter = (datagram, from) => {
    if (from.address !== stranger.plane.endpoint.address) answers.push(datagram);
    return true;
  };
  let tried = 0;
  const tryIt = (datagram: Uint8Array): void => {
    tried++;
    for (const to of [a, b]) w.network.send(datagram, stranger.plane.endpoint, to.plane.endpoint);
    if (tried % 50 === 0) w.advance(1_000);
  };
  for (const message of sent) {
    for (let bit = 0; bit < message.length * 8; bit++) {
      const turned = Uint8Array.from(message);
      turned[bit >> 3]! ^= 1 << (bit & 7);
      tryIt(turned);
    }
    for (let bytes = 0; bytes < message.length; bytes++) tryIt(message.subarray(0, bytes));
    tryIt(Buffer.concat([message, Buffer.alloc(1)]));
    tryIt(Buffer.concat([message, Buffer.alloc(65_000)]));
  }
  for (let round = 0; round < 5_000; round++) {
    const noise = w.random.bytes(w.random.integer(200));
    // Most of it would fall at the first byte.
    if (noise.length > 3 && round % 4 !== 0) noise.set([1 + (round % 4), 0, 0, 0]);
    tryIt(noise);
  }
  w.advance(1_000);
  assert(tried > 8_000);
  assert.equal(b.received.length, received);
  assert.deepEqual(answers, []);
  for (const host of [a, b, stranger]) await host.engine.close();
});
