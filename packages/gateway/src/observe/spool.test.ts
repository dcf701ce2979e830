import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createId } from '@zeronaut/model';
import { seededRandom, spawnProcess, temporaryDirectory, tmpfs, tmpfsMissing, waitFor } from '@zeronaut/testkit';
import { atOnce } from '../turns.ts';
import { createLog } from './log.ts';
import { Spool, type SpoolOptions } from './spool.ts';
import { sampleEvent } from './testdata/sample-event.ts';

const gatewayId = createId('gateway');
const silent = createLog({ level: 'silent' });

function open(t: TestContext, directory: string, options: Partial<SpoolOptions> = {}): Spool {
  const spool = new Spool({ directory, gatewayId, log: silent, ...options });
  t.after(() => spool.close());
  return spool;
}

/** Everything after `after`, in batches of up to 500, as a sender reads it. */
function drain(spool: Spool, after: number): { seq: number; epoch: string; path: string }[] {
  const events: { seq: number; epoch: string; path: string }[] = [];
  for (let position = after; ; ) {
    const batch = atOnce(spool.readAfter(position, 500, 1 << 20, 0));
    if (batch === null) return events;
    assert.ok(batch.lastSeq > position, 'reading goes forward');
    position = batch.lastSeq;
    for (const line of batch.lines) events.push(JSON.parse(line));
  }
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** Files as a killed process leaves them: the spool is not closed. */
function abandon(directory: string, count: number, options: Partial<SpoolOptions> = {}): Spool {
  const spool = new Spool({ directory, gatewayId, log: silent, ...options });
  for (let i = 0; i < count; i++) spool.append(sampleEvent(`/${i}`));
  spool.flush();
  return spool;
}

test('events come out in order, from memory and from disk alike', (t) => {
  const spool = open(t, temporaryDirectory('spool'), { memoryEvents: 100, segmentBytes: 20_000 });
  for (let i = 1; i <= 1_000; i++) assert.equal(spool.append(sampleEvent(`/${i}`)), i);
  spool.flush();
  const events = drain(spool, 0);
  assert.deepEqual(
    events.map((one) => one.seq),
    numbers(1, 1_000),
  );
  assert.ok(events.every((one) => one.path === `/${one.seq}`));
  assert.equal(spool.dropped, 0);
});

test('what is read from disk can be interrupted at each event, while others come and go', (t) => {
  const spool = open(t, temporaryDirectory('spool'), { memoryEvents: 100, segmentBytes: 20_000 });
  const append = (count: number): void => {
    for (let i = 0; i < count; i++) {
      spool.append(sampleEvent());
      if (i % 50 === 49) spool.flush();
    }
  };
  append(1_000);
  const reading = spool.readAfter(0, 20, 1 << 20, 0);
  let interrupted = 0;
  let step = reading.next();
  for (; step.done !== true; step = reading.next()) {
    interrupted++;
    // Segments are begun, and the one that is being read is removed.
    if (interrupted === 5) append(200);
    if (interrupted === 10) spool.acknowledge(500);
  }
  assert.ok(interrupted >= 19, `${interrupted}`);
  assert.deepEqual([step.value?.firstSeq, step.value?.lastSeq], [1, 20]);
  assert.deepEqual(
    drain(spool, 500).map(({ seq }) => seq),
    numbers(501, 1_200),
  );
});

test('a segment that opens and cannot be read is passed over, and ends nothing', (t) => {
  const directory = temporaryDirectory('spool');
  const spool = open(t, directory, { memoryEvents: 10, segmentBytes: 4_000 });
  for (let i = 0; i < 200; i++) {
    spool.append(sampleEvent());
    spool.flush();
  }
  const [first, second] = readdirSync(directory)
    .filter((name) => name.endsWith('.ndjson'))
    .sort();
  rmSync(join(directory, first!));
  mkdirSync(join(directory, first!));
  const read = drain(spool, 0).map(({ seq }) => seq);
  assert.equal(read[0], Number(/\d+/.exec(second!)![0]));
  assert.equal(read.at(-1), 200);
});

test('one write per turn of the event loop, without anybody asking', async (t) => {
  const directory = temporaryDirectory('spool');
  const spool = open(t, directory);
  let writes = 0;
  spool.onWritten = () => writes++;
  for (let i = 0; i < 50; i++) spool.append(sampleEvent());
  assert.equal(atOnce(spool.readAfter(0, 500, 1 << 20, 0)), null, 'nothing is sent before it is on disk');
  await waitFor(() => writes === 1, { what: 'the write' });
  assert.equal(readFileSync(join(directory, 'events-000000000001.ndjson'), 'utf8').split('\n').length, 51);
});

test('numbers and epoch go on after a restart, whether it was closed or killed', (t) => {
  const directory = temporaryDirectory('spool');
  const first = abandon(directory, 10);
  const second = abandon(directory, 10);
  second.close();
  const third = open(t, directory);
  assert.equal(second.epoch, first.epoch);
  assert.equal(third.epoch, first.epoch);
  assert.equal(third.append(sampleEvent()), 21);
  third.flush();
  assert.deepEqual(
    drain(third, 0).map((one) => one.seq),
    numbers(1, 21),
  );
});

test('a torn last line is forgotten and its number, which was never sent, is used again', (t) => {
  const directory = temporaryDirectory('spool');
  abandon(directory, 5);
  const path = join(directory, 'events-000000000001.ndjson');
  truncateSync(path, statSync(path).size - 7);
  const spool = open(t, directory);
  assert.equal(spool.lastSeq, 4);
  assert.equal(spool.append(sampleEvent('/again')), 5);
  spool.flush();
  assert.deepEqual(
    drain(spool, 0).map((one) => one.seq),
    numbers(1, 5),
  );
});

test('stored segments go, and an empty one keeps the number', async (t) => {
  const directory = temporaryDirectory('spool');
  const spool = open(t, directory, { segmentBytes: 5_000 });
  for (let i = 0; i < 100; i++) {
    spool.append(sampleEvent());
    spool.flush();
  }
  const before = readdirSync(directory).filter((name) => name.endsWith('.ndjson')).length;
  spool.acknowledge(50);
  const between = readdirSync(directory).filter((name) => name.endsWith('.ndjson')).length;
  assert.ok(before > between && between > 1, `${before}, ${between}`);
  assert.deepEqual(
    drain(spool, 50).map((one) => one.seq),
    numbers(51, 100),
  );
  spool.acknowledge(100);
  await waitFor(() => readdirSync(directory).includes('events-000000000101.ndjson'), { what: 'the empty segment' });
  assert.deepEqual(readdirSync(directory).sort(), ['events-000000000101.ndjson', 'state.json']);
  spool.close();
  const next = open(t, directory);
  assert.equal(next.append(sampleEvent()), 101);
});

test('an acknowledgement of what was never written counts only up to what was', (t) => {
  const spool = open(t, temporaryDirectory('spool'));
  spool.append(sampleEvent());
  spool.flush();
  spool.acknowledge(1_000_000);
  assert.equal(spool.acknowledged, 1);
  assert.equal(spool.append(sampleEvent()), 2);
  spool.flush();
  assert.deepEqual(
    drain(spool, spool.acknowledged).map((one) => one.seq),
    [2],
  );
});

test('after a restart of the machine that came unannounced, a fresh epoch begins and nothing of the old one is lost', (t) => {
  const directory = temporaryDirectory('spool');
  const before = abandon(directory, 3);
  const path = join(directory, 'state.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace(/"bootId":"[^"]*"/, '"bootId":"another"'));
  const spool = open(t, directory);
  assert.notEqual(spool.epoch, before.epoch);
  assert.equal(spool.append(sampleEvent()), 4);
  spool.flush();
  const first = atOnce(spool.readAfter(0, 500, 1 << 20, 0));
  assert.deepEqual([first?.epoch, first?.lastSeq], [before.epoch, 3], 'a batch is of one epoch');
  assert.deepEqual(
    drain(spool, 0).map((one) => [one.epoch, one.seq]),
    [
      [before.epoch, 1],
      [before.epoch, 2],
      [before.epoch, 3],
      [spool.epoch, 4],
    ],
  );
});

test('a restart of the machine after an orderly stop keeps the epoch', (t) => {
  const directory = temporaryDirectory('spool');
  const before = abandon(directory, 3);
  before.close();
  const path = join(directory, 'state.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace(/"bootId":"[^"]*"/, '"bootId":"another"'));
  assert.equal(open(t, directory).epoch, before.epoch);
});

test('whatever bytes a segment holds, reading ends, whole events survive and no number comes twice', (t) => {
  const random = seededRandom(undefined, t);
  for (let round = 0; round < 60; round++) {
    const directory = temporaryDirectory('spool');
    abandon(directory, 30, { segmentBytes: 4_000 });
    const names = readdirSync(directory).filter(
      (name) => name.endsWith('.ndjson') && statSync(join(directory, name)).size > 0,
    );
    const path = join(directory, random.pick(names));
    const bytes = readFileSync(path);
    const kind = random.integer(4);
    if (kind === 0) bytes[random.integer(bytes.length)]! ^= 1 << random.integer(8);
    if (kind === 1) bytes.fill(0, random.integer(bytes.length));
    if (kind === 2) truncateSync(path, random.integer(bytes.length));
    if (kind === 3) appendFileSync(path, random.bytes(2_000));
    if (kind < 2) writeFileSync(path, bytes);
    const spool = open(t, directory, { segmentBytes: 4_000 });
    const last = spool.lastSeq;
    spool.append(sampleEvent());
    spool.flush();
    const seqs = drain(spool, 0).map((one) => one.seq);
    assert.equal(new Set(seqs).size, seqs.length, `round ${round}`);
    assert.equal(seqs.at(-1), last + 1);
    assert.ok(seqs.length >= 1);
    spool.close();
  }
});

test('events of another gateway are not sent under our name', (t) => {
  const directory = temporaryDirectory('spool');
  const other = new Spool({ directory, gatewayId: createId('gateway'), log: silent });
  other.append(sampleEvent());
  other.close();
  const spool = open(t, directory);
  assert.equal(spool.append(sampleEvent()), 2);
  spool.flush();
  assert.deepEqual(
    drain(spool, 0).map((one) => one.seq),
    [2],
  );
});

test('above the cap the oldest events go, and are counted', (t) => {
  const directory = temporaryDirectory('spool');
  const spool = open(t, directory, { segmentBytes: 5_000, maxBytes: 20_000, memoryEvents: 10 });
  for (let i = 0; i < 500; i++) {
    spool.append(sampleEvent());
    spool.flush();
  }
  assert.ok(spool.sizeBytes <= 25_000, `${spool.sizeBytes}`);
  const seqs = drain(spool, 0).map((one) => one.seq);
  assert.deepEqual(seqs, numbers(seqs[0]!, 500));
  assert.equal(spool.dropped, seqs[0]! - 1);
});

test('a full disk: events wait in memory, then are dropped and counted, and numbers have no holes', {
  skip: tmpfsMissing() ?? false,
}, async (t) => {
  const mount = tmpfs(t, 1024 * 1024);
  const spool = open(t, join(mount, 'spool'), { memoryEvents: 500, retryWriteMs: 20 });
  const filler = join(mount, 'filler');
  for (let i = 0; i < 10; i++) spool.append(sampleEvent());
  spool.flush();
  assert.throws(() => writeFileSync(filler, Buffer.alloc(2 * 1024 * 1024)), /ENOSPC/);
  for (let i = 0; i < 2_000; i++) {
    spool.append(sampleEvent());
    if (i % 10 === 0) spool.flush();
  }
  assert.equal(spool.failing, true);
  const kept = spool.lastSeq;
  assert.equal(kept + spool.dropped, 2_010);
  assert.ok(kept >= 500 && kept < 600, `${kept}`);
  assert.ok(drain(spool, 0).length < kept, 'what is not on disk is not sent');
  rmSync(filler);
  const seen = drain(spool, 0).at(-1)!.seq;
  spool.acknowledge(seen);
  await waitFor(() => !spool.failing, { what: 'the disk to be written again' });
  spool.append(sampleEvent('/after'));
  spool.flush();
  assert.deepEqual(
    drain(spool, seen).map((one) => one.seq),
    numbers(seen + 1, kept + 1),
  );
  spool.close();
  const next = open(t, join(mount, 'spool'));
  assert.equal(next.lastSeq, kept + 1);
});

test('killed while writing, again and again: no number twice, nothing lost that a turn had written', async (t) => {
  const directory = temporaryDirectory('spool');
  const script = join(temporaryDirectory('script'), 'write.ts');
  writeFileSync(
    script,
    `import { Spool } from '${new URL('./spool.ts', import.meta.url).href}';
     import { createLog } from '${new URL('./log.ts', import.meta.url).href}';
     import { writeSync } from 'node:fs';
     const spool = new Spool({ directory: ${JSON.stringify(directory)}, gatewayId: '${gatewayId}', log: createLog({ level: 'silent' }), segmentBytes: 100_000 });
     spool.onWritten = () => writeSync(1, 'on disk ' + spool.lastSeq + '\\n');
     const event = ${JSON.stringify(sampleEvent())};
     const turn = () => { for (let i = 0; i < 20; i++) spool.append({ ...event, path: '/' + process.pid + '/' + spool.lastSeq }); setImmediate(turn); };
     turn();`,
  );
  let reported = 0;
  for (let round = 0; round < 3; round++) {
    const child = spawnProcess(t, process.execPath, [script]);
    await waitFor(() => child.stdout().split('\n').length > 30 * (round + 1), { what: 'some writes' });
    await child.kill('SIGKILL');
    for (const match of child.stdout().matchAll(/^on disk (\d+)$/gm)) reported = Math.max(reported, Number(match[1]));
  }
  const spool = open(t, directory);
  const events = drain(spool, 0);
  assert.ok(events.length >= reported, `${events.length} on disk, ${reported} reported`);
  assert.deepEqual(
    events.map((one) => one.seq),
    numbers(1, events.length),
  );
  assert.ok(
    events.every((one) => one.path.endsWith(`/${one.seq - 1}`)),
    'each number names one event',
  );
  assert.equal(new Set(events.map((one) => one.epoch)).size, 1);
});
