import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { seededRandom } from '@zeronaut/testkit';
import { layOut, SLOT } from './layout.ts';
import { createPacketMemory } from './packet-code.ts';
import { buildPacket, packetTables, plainChecksum, pseudoHeader } from './packet-memory.suite.ts';

const tables = packetTables();
const { code, bytes, words, layout } = tables;
/** Anywhere in the part of the transmitting worker, which does not run here. */
const area = layout.lanes[0]!.transmit.bufferAt;
const random = seededRandom();
const noise = (length: number) => Buffer.from(Array.from({ length }, () => Math.floor(random.next() * 256)));
const read = (at: number, length: number) => Buffer.from(bytes.slice(at, at + length));

test('the module in the repository is what its source compiles to', { timeout: 60_000 }, () => {
  const built = execFileSync(process.execPath, ['scripts/build-wasm.mjs', '--print'], {
    cwd: new URL('../../../../../', import.meta.url),
    encoding: 'utf8',
  });
  assert.equal(readFileSync(new URL('./packet-module.ts', import.meta.url), 'utf8'), built);
});

test('checksums agree with word-by-word addition at every length and alignment', () => {
  for (const length of [0, 1, 2, 3, 15, 16, 17, 31, 63, 64, 65, 127, 129, 1279, 1420, 9000, 65_535]) {
    for (const shift of [0, 1, 7]) {
      const data = noise(length);
      bytes.set(data, area + shift);
      const folded = code.checksum(area + shift, length);
      // Sums come in memory order.
      assert.equal(~(((folded & 255) << 8) | (folded >> 8)) & 0xffff, plainChecksum(data), `${length} + ${shift}`);
    }
  }
  bytes.fill(255, area, area + 65_535);
  assert.equal(code.checksum(area, 65_534), 0xffff);
});

for (const version of [4, 6] as const) {
  for (const protocol of ['tcp', 'udp'] as const) {
    test(`a superpacket of ${protocol} over IPv${version} is cut into packets that a plain builder would make`, () => {
      for (const [total, size] of [
        [5000, 1380],
        [2760, 1380],
        [3, 1],
        [1381, 1380],
        [999, 333],
      ] as const) {
        const payload = noise(total);
        const options = protocol === 'tcp' ? Buffer.from([1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8]) : undefined;
        const flags = 0x10 | 0x08 | 0x01 | 0x80;
        const whole = buildPacket({
          version,
          protocol,
          payload,
          flags,
          sequence: 0xffff_fc00,
          options,
          identification: 65_534,
        });
        const headers = whole.length - total;
        const transport = version === 4 ? 20 : 40;
        const template = area;
        const packet = area + 1024;
        bytes.set(whole, packet);
        bytes.set(whole.subarray(0, headers), template);
        const count = Math.ceil(total / size);
        for (let index = 0; index < count; index++) {
          const last = index === count - 1;
          const part = payload.subarray(index * size, Math.min(total, (index + 1) * size));
          const at = packet + index * size;
          code.writeSegment(
            template,
            at,
            protocol === 'tcp' ? 6 : 17,
            transport,
            headers,
            part.length,
            index,
            size,
            last,
          );
          const expected = buildPacket({
            ...{ version, protocol, payload: part, options, identification: 65_534 + index },
            sequence: 0xffff_fc00 + index * size,
            flags: (last ? 0x19 : 0x10) | (index === 0 ? 0x80 : 0),
          });
          assert.deepEqual(read(at, expected.length), expected, `segment ${index} of ${count}`);
        }
      }
    });

    test(`segments of ${protocol} over IPv${version} join into one superpacket with a right header`, () => {
      code.configureRuns(area, true);
      const slot = (index: number) => area + 8192 + index * SLOT.bytes + SLOT.packet;
      const payload = noise(3 * 1000 + 400);
      const parts = [0, 1, 2, 3].map((index) =>
        buildPacket({
          ...{ version, protocol, payload: payload.subarray(index * 1000, index * 1000 + 1000) },
          ...{ sequence: 5000 + index * 1000, flags: index === 3 ? 0x18 : 0x10, identification: index },
        }),
      );
      parts.forEach((part, index) => {
        bytes.set(part, slot(index));
        const answer = code.offer(slot(index), part.length);
        assert.equal(answer, index === 0 ? 1 : 2);
        if (index === 0) code.startRun(slot(0), part.length, true);
      });
      // The last was shorter (and pushed): the run takes no more.
      const late = buildPacket({ version, protocol, payload: noise(1000), sequence: 8400 });
      bytes.set(late, slot(4));
      assert.equal(code.offer(slot(4), late.length), 1);
      assert.equal(code.finishRun(), 4);
      const headers = parts[0]!.length - 1000;
      const transport = version === 4 ? 20 : 40;
      const vnet = read(slot(0) - 10, 10);
      const [kind, field] = protocol === 'tcp' ? [version === 4 ? 1 : 4, 16] : [5, 6];
      assert.deepEqual([vnet[0], vnet[1]], [1, kind]);
      assert.deepEqual(
        [2, 4, 6, 8].map((offset) => vnet.readUInt16LE(offset)),
        [headers, 1000, transport, field],
      );
      const joined = Buffer.concat([
        read(slot(0), headers + 1000),
        ...[1, 2, 3].map((index) => read(slot(index) + headers, parts[index]!.length - headers)),
      ]);
      const whole = buildPacket({ version, protocol, payload, sequence: 5000, flags: 0x18, identification: 0 });
      // The field holds the sum of the pseudo header; the kernel adds the rest.
      const sum = ~plainChecksum(pseudoHeader(whole, protocol === 'tcp' ? 6 : 17, whole.length - transport)) & 0xffff;
      whole.writeUInt16BE(sum, transport + field);
      assert.deepEqual(joined, whole);
      // Vectors: the first with the virtio-net header, the others payload only.
      const pointer = (index: number) => Buffer.from(bytes.slice(area + index * 16, area + index * 16 + 16));
      assert.equal(pointer(0).readBigUInt64LE(0), BigInt(tables.base + slot(0) - 10));
      assert.equal(pointer(3).readBigUInt64LE(0), BigInt(tables.base + slot(3) + headers));
      assert.equal(pointer(3).readBigUInt64LE(8), 400n);
    });
  }
}

test('what is not the next segment of the same flow, or not right, does not join', () => {
  const first = { version: 4, protocol: 'tcp', payload: noise(100), sequence: 1 } as const;
  const next = { ...first, payload: noise(100), sequence: 101 } as const;
  const spoilt = (offset: number) => {
    const packet = buildPacket(next);
    packet[offset]! ^= 1;
    return packet;
  };
  const cases: [string, Buffer, number][] = [
    ['a gap', buildPacket({ ...next, sequence: 102 }), 1],
    ['another port', buildPacket({ ...next, port: 9 }), 1],
    ['another source', buildPacket({ ...next, from: 3 }), 1],
    ['a larger segment', buildPacket({ ...next, payload: noise(101) }), 1],
    ['another mark', buildPacket({ ...next, tos: 3 }), 1],
    ['other options', buildPacket({ ...next, options: noise(4) }), 1],
    ['a FIN', buildPacket({ ...next, flags: 0x11 }), 0],
    ['a SYN', buildPacket({ ...next, flags: 0x12 }), 0],
    ['no payload', buildPacket({ ...next, payload: noise(0) }), 0],
    ['a spoilt payload', spoilt(60), 0],
    ['a spoilt IPv4 header', spoilt(8), 0],
    ['a TCP header beyond the packet', buildPacket(next).fill(0xf0, 32, 33), 0],
    ['a fragment', buildPacket(next).fill(0x20, 6, 7), 0],
    ['the next segment', buildPacket(next), 2],
  ];
  for (const [name, packet, expected] of cases) {
    code.configureRuns(area, true);
    const start = buildPacket(first);
    bytes.set(start, area + 4096);
    code.finishRun();
    assert.equal(code.offer(area + 4096, start.length), 1);
    code.startRun(area + 4096, start.length, true);
    bytes.set(packet, area + 8192);
    assert.equal(code.offer(area + 8192, packet.length), expected, name);
  }
});

test('inner lengths are believed only within what was decrypted', () => {
  const put = (...head: number[]) => bytes.set(head, area);
  const cases: [string, number[], number, number][] = [
    ['whole IPv4', [0x45, 0, 0, 20], 20, (4 << 16) | 20],
    ['padded IPv4', [0x45, 0, 0, 20], 32, (4 << 16) | 20],
    ['IPv4 longer than it came', [0x45, 0, 0, 33], 32, 0],
    ['IPv4 shorter than its header', [0x45, 0, 0, 19], 32, 0],
    ['IPv4 header of four words', [0x44, 0, 0, 20], 32, 0],
    ['IPv4 options beyond the total', [0x4f, 0, 0, 40], 64, 0],
    ['truncated IPv4', [0x45, 0, 0, 20], 19, 0],
    ['whole IPv6', [0x60, 0, 0, 0, 0, 8], 48, (6 << 16) | 48],
    ['IPv6 longer than it came', [0x60, 0, 0, 0, 0, 9], 48, 0],
    ['IPv6 jumbo', [0x60, 0, 0, 0, 0xff, 0xff], 48, 0],
    ['truncated IPv6', [0x60, 0, 0, 0, 0, 0], 39, 0],
    ['no IP', [0x50, 0, 0, 20], 64, 0],
    ['nothing', [0x45], 0, 0],
  ];
  for (const [name, head, length, expected] of cases) {
    put(...head);
    assert.equal(code.inspect(area, length), expected, name);
  }
});

test('an outer congestion mark goes to packets that may carry it, and to no others', () => {
  for (const version of [4, 6] as const) {
    for (const [tos, expected] of [
      [0, 0],
      [1, 3],
      [2, 3],
      [3, 3],
      [0xb9, 0xbb],
    ] as const) {
      const parts = { version, protocol: 'udp', payload: noise(10) } as const;
      bytes.set(buildPacket({ ...parts, tos }), area);
      code.markCongestion(area);
      const whole = buildPacket({ ...parts, tos: expected });
      assert.deepEqual(read(area, whole.length), whole);
    }
  }
});

test('the replay window accepts each counter once, 8,128 late at most, as a plain set does', () => {
  const state = area + 1024;
  const counterAt = area;
  const view = new DataView(bytes.buffer);
  const accept = (counter: bigint) => {
    view.setBigUint64(counterAt, counter, true);
    return code.acceptCounter(state, counterAt) !== 0;
  };
  bytes.fill(0, state, state + 2048);
  const seen = new Set<bigint>();
  let highest = -1n;
  for (let step = 0; step < 60_000; step++) {
    const jump = random.next();
    const from = highest < 0n ? 0n : highest;
    const offset = BigInt(Math.floor(random.next() * (jump < 0.01 ? 20_000 : jump < 0.3 ? 9_000 : 40)));
    const counter = jump < 0.5 ? (from > offset ? from - offset : 0n) : from + offset;
    const late = highest - counter;
    const sure = highest < 0n || (late < 8_128n - 64n && !seen.has(counter));
    const never = seen.has(counter) || late > 8_128n;
    const accepted = accept(counter);
    if (sure) assert.ok(accepted, `${counter} with ${highest}`);
    if (never) assert.ok(!accepted, `${counter} with ${highest}`);
    if (accepted) seen.add(counter);
    if (accepted && counter > highest) highest = counter;
  }
  bytes.fill(0, state, state + 2048);
  assert.ok(accept(2n ** 64n - 2n ** 13n - 2n));
  assert.ok(!accept(2n ** 64n - 2n ** 13n - 1n));
  assert.ok(!accept(2n ** 64n - 1n));
});

test('counters run out before they repeat', () => {
  const view = new DataView(bytes.buffer);
  const take = (counter: bigint) => {
    view.setBigUint64(area, counter, true);
    return code.takeCounter(area, area + 8);
  };
  assert.equal(take(0n), 1);
  assert.deepEqual([view.getBigUint64(area, true), view.getBigUint64(area + 8, true)], [1n, 0n]);
  assert.equal(take(2n ** 60n - 1n), 1);
  assert.equal(take(2n ** 60n), 2);
  assert.equal(take(2n ** 64n - 2n ** 13n - 2n), 2);
  assert.equal(take(2n ** 64n - 2n ** 13n - 1n), 0);
  assert.equal(view.getBigUint64(area, true), 2n ** 64n - 2n ** 13n - 1n);
});

test('two threads never take one counter twice, nor let one packet in twice', async () => {
  const layout = layOut(4, 16);
  const memory = createPacketMemory(layout.bytes);
  const at = layout.lanes[0]!.transmit.bufferAt;
  const count = 300_000;
  const [counterAt, windowAt, startAt] = [at, at + 64, at + 2048];
  const results = await Promise.all(
    [at + 4096, at + 8192].map(async (scratchAt) => {
      const worker = new Worker(new URL('./testdata/counter-racer.ts', import.meta.url), {
        workerData: { memory, layout, counterAt, windowAt, scratchAt, startAt, count },
      });
      const [result] = (await once(worker, 'message')) as [{ accepted: number; sum: number }];
      return result;
    }),
  );
  const total = (field: 'accepted' | 'sum') => results[0]![field] + results[1]![field];
  // Whoever comes to a counter first is ahead of the window, so it is let in.
  assert.equal(total('accepted'), count);
  assert.equal(total('sum'), (2 * count * (2 * count - 1)) / 2);
});

test('a left checksum is ended, and zero is sent as ones only for UDP', () => {
  for (const protocol of ['tcp', 'udp'] as const) {
    for (const length of [0, 1, 777]) {
      const packet = buildPacket({ version: 4, protocol, payload: noise(length) });
      const field = protocol === 'tcp' ? 16 : 6;
      const partial = Buffer.from(packet);
      const number = protocol === 'tcp' ? 6 : 17;
      partial.writeUInt16BE(~plainChecksum(pseudoHeader(packet, number, packet.length - 20)) & 0xffff, 20 + field);
      bytes.set(partial, area);
      code.completeChecksum(area, packet.length, 20, field);
      assert.deepEqual(read(area, packet.length), packet);
    }
  }
  assert.equal(words.length * 4, bytes.length);
});
