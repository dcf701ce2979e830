import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type AccessEvent, accessEvent, createId } from '@zeronaut/model';
import { seededRandom, temporaryDirectory, waitFor } from '@zeronaut/testkit';
import { EventSender } from './event-sender.ts';
import { createLog } from './log.ts';
import { Spool } from './spool.ts';
import { sampleEvent } from './testdata/sample-event.ts';

const gatewayId = createId('gateway');

/**
 * A console that keeps its rules: within one link numbers have no hole, an event is stored once, and what is stored
 * is acknowledged, unless the link breaks before.
 */
class StoringConsole {
  readonly stored = new Map<string, AccessEvent>();
  sender: EventSender | null = null;
  twice = 0;
  /** Links that ended. */
  links = 0;
  batches = 0;
  holes = 0;
  #last = new Map<string, number>();
  /** Decides what becomes of a batch: stored and acknowledged, only stored, or lost with the link. */
  fate: () => 'acknowledge' | 'store' | 'lose' = () => 'acknowledge';

  readonly send = (json: string): boolean => {
    this.batches++;
    const link = this.links;
    queueMicrotask(() => this.#receive(JSON.parse(json), link));
    return true;
  };

  readonly restartLink = (): void => {
    // What is still on the way is lost with it.
    this.links++;
    queueMicrotask(() => {
      this.sender!.linkDown();
      this.connect();
    });
  };

  connect(): void {
    this.#last = new Map();
    this.sender!.linkUp();
  }

  #receive(events: unknown[], link: number): void {
    if (link !== this.links) return;
    const fate = this.fate();
    for (const value of fate === 'lose' ? [] : events) {
      const event = accessEvent.parse(value);
      const last = this.#last.get(event.epoch);
      if (last !== undefined && event.seq > last + 1) this.holes++;
      this.#last.set(event.epoch, event.seq);
      const name = `${event.epoch} ${event.seq}`;
      if (this.stored.has(name)) this.twice++;
      this.stored.set(name, event);
    }
    const { epoch, seq } = events.at(-1) as AccessEvent;
    if (fate === 'acknowledge') this.sender!.stored(epoch, seq);
    else this.restartLink();
  }
}

function start(t: TestContext, directory = temporaryDirectory('spool'), segmentBytes = 20_000, maxBytes?: number) {
  const spool = new Spool({
    directory,
    gatewayId,
    log: createLog({ level: 'silent' }),
    segmentBytes,
    memoryEvents: 200,
    ...(maxBytes === undefined ? {} : { maxBytes }),
  });
  t.after(() => spool.close());
  const console = new StoringConsole();
  const sender = new EventSender({ spool, send: console.send, restartLink: console.restartLink });
  console.sender = sender;
  return { spool, console, sender, directory };
}

test('everything arrives, once, in batches, and the spool is empty then', async (t) => {
  const { spool, console, directory } = start(t);
  console.connect();
  for (let i = 0; i < 3_000; i++) spool.append(sampleEvent(`/${i}`));
  await waitFor(() => console.stored.size === 3_000 && spool.acknowledged === 3_000, { what: 'all events' });
  assert.equal(console.twice, 0);
  assert.ok(console.batches < 30, `${console.batches} batches`);
  await waitFor(() => spool.sizeBytes === 0, { what: 'an empty spool' });
  assert.equal(readdirSync(directory).filter((name) => name.endsWith('.ndjson')).length, 1);
});

test('links that break at any moment lose nothing; what comes twice is known by its number', async (t) => {
  const random = seededRandom(undefined, t);
  const { spool, console } = start(t);
  console.fate = () => random.pick(['acknowledge', 'acknowledge', 'store', 'lose'] as const);
  console.connect();
  for (let i = 1; i <= 2_000; i++) {
    spool.append(sampleEvent(`/${i}`));
    if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await waitFor(() => spool.acknowledged === 2_000, { what: 'all events' });
  assert.equal(console.stored.size, 2_000);
  assert.equal(console.holes, 0);
  for (const { seq, path } of console.stored.values()) assert.equal(path, `/${seq}`);
});

test('events of the time without a console follow when it is back', async (t) => {
  const { spool, console } = start(t);
  for (let i = 0; i < 1_000; i++) spool.append(sampleEvent());
  spool.flush();
  assert.equal(console.batches, 0);
  console.connect();
  await waitFor(() => spool.acknowledged === 1_000, { what: 'all events' });
});

test('a burst of traffic reaches the console at an even pace, and none of it is lost', async (t) => {
  const { spool, console } = start(t);
  for (let i = 0; i < 8_000; i++) spool.append(sampleEvent());
  spool.flush();
  const startedMs = performance.now();
  console.connect();
  await waitFor(() => spool.acknowledged === 8_000, { what: 'all events' });
  // 5,000 at once, the other 3,000 at 5,000 a second.
  assert.ok(performance.now() - startedMs > 500);
  assert.equal(console.stored.size, 8_000);
  assert.ok(console.batches < 60, `${console.batches} batches`);
});

test('a spool that fills up is emptied as fast as the console takes it', async (t) => {
  const { spool, console } = start(t, undefined, undefined, 8_000_000);
  for (let i = 0; i < 15_000; i++) {
    spool.append(sampleEvent());
    if (i % 200 === 0) spool.flush();
  }
  spool.flush();
  assert.ok(spool.fillsUp);
  const startedMs = performance.now();
  console.connect();
  await waitFor(() => !spool.fillsUp, { what: 'half of it gone' });
  assert.ok(console.stored.size > 0);
  assert.ok(performance.now() - startedMs < 1_000, 'unpaced');
});

test('damaged lines cost themselves alone: the hole behind them begins a new link', async (t) => {
  const directory = temporaryDirectory('spool');
  const before = start(t, directory, 1_000_000);
  for (let i = 0; i < 1_000; i++) before.spool.append(sampleEvent());
  before.spool.close();
  const path = join(directory, 'events-000000000001.ndjson');
  const lines = readFileSync(path, 'utf8').split('\n');
  for (const seq of [300, 301, 777]) lines[seq - 1] = '\0'.repeat(40);
  writeFileSync(path, lines.join('\n'));
  const { spool, console } = start(t, directory);
  console.connect();
  await waitFor(() => spool.acknowledged === 1_000, { what: 'all events' });
  assert.equal(console.stored.size, 997);
  assert.equal(console.holes, 0);
  assert.equal(console.links, 2);
  assert.ok(spool.damaged >= 3);
});

test('an acknowledgement of another epoch, or of what was not sent, acknowledges nothing', async (t) => {
  const { spool } = start(t);
  const sent: string[] = [];
  const silent = new EventSender({ spool, send: (json) => sent.push(json) > 0, restartLink: () => assert.fail() });
  silent.linkUp();
  for (let i = 0; i < 10; i++) spool.append(sampleEvent());
  await waitFor(() => sent.length === 1, { what: 'a batch' });
  silent.stored('another-epoch', 10);
  assert.equal(spool.acknowledged, 0);
  silent.stored(spool.epoch, 4);
  assert.equal(spool.acknowledged, 4);
  silent.stored(spool.epoch, 1_000_000);
  assert.equal(spool.acknowledged, 10);
});
