import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '@zeronaut/testkit';
import { createLog } from '../observe/log.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { LEASE_TICK_MS, SnapshotLease } from './lease.ts';

const HOUR_MS = 3_600_000;
const BOUND = { maxAgeSeconds: 3_600 };
/** What a restart may cost: a crash hides as much. */
const HIDDEN_MS = 60_000 + LEASE_TICK_MS;

/** A machine with two clocks: `pass` moves both, `set` the wall clock alone, `sleep` the wall clock while nothing runs. */
class Machine {
  wallMs = Date.UTC(2026, 0, 1);
  monotonicMs = 1_000;
  readonly directory = temporaryDirectory('lease');
  readonly path = join(this.directory, 'lease.json');
  readonly lines: string[] = [];
  lease!: SnapshotLease;
  #writes = 0;

  static async create(): Promise<Machine> {
    const machine = new Machine();
    await machine.start();
    return machine;
  }

  /** Of what ran before, nothing is left but the file. */
  async start(): Promise<void> {
    this.monotonicMs = 1_000;
    this.lease = await SnapshotLease.load({
      path: this.path,
      write: async (path, content) => {
        this.#writes++;
        await writeFileAtomically(path, content).finally(() => {
          // What changed meanwhile is written right after.
          setImmediate(() => this.#writes--);
        });
      },
      log: createLog({ level: 'info', destination: { write: (line: string) => void this.lines.push(line) } }),
      now: () => this.wallMs,
      monotonic: () => this.monotonicMs,
    });
  }

  /** In ticks. True: it expired on the way. */
  pass(ms: number): boolean {
    let hasExpired = false;
    for (let left = ms; left > 0; left -= LEASE_TICK_MS) {
      this.wallMs += Math.min(left, LEASE_TICK_MS);
      this.monotonicMs += Math.min(left, LEASE_TICK_MS);
      hasExpired = this.lease.tick() || hasExpired;
    }
    return hasExpired;
  }

  hear(version: number): void {
    this.lease.renew(version, this.lease.moment());
  }

  /** As the hot path asks. */
  get decides(): boolean {
    return this.wallMs < this.lease.endMs;
  }

  /** kill -9, after what was being written is on disk. */
  async crash(offMs: number): Promise<void> {
    while (this.#writes > 0) await new Promise((resolve) => setImmediate(resolve));
    this.wallMs += offMs;
    await this.start();
  }
}

test('without a bound it decides for ever, and writes nothing', async () => {
  const machine = await Machine.create();
  machine.lease.run({ version: 3 });
  machine.pass(60_000);
  machine.wallMs += 400 * 24 * HOUR_MS;
  assert.equal(machine.decides, true);
  assert.deepEqual(machine.lease.state(), { maxAgeSeconds: null, endsAtMs: null, expired: false });
  await machine.lease.stop();
  assert.equal(existsSync(machine.path), false);
});

test('with a bound it decides from when it is confirmed until the bound, and a moment less', async () => {
  const machine = await Machine.create();
  machine.lease.run({ version: 3, ...BOUND });
  assert.equal(machine.decides, false, 'nobody said that it is the newest one');
  machine.hear(3);
  assert.equal(machine.decides, true);
  assert.equal(machine.pass(HOUR_MS - 2 * LEASE_TICK_MS), false);
  assert.equal(machine.decides, true);
  assert.equal(machine.pass(LEASE_TICK_MS), true, 'it says so once, so that what is open ends');
  assert.equal(machine.pass(LEASE_TICK_MS), false);
  assert.equal(machine.decides, false);
  machine.hear(3);
  assert.equal(machine.decides, true);
  const logged = machine.lines.join('');
  assert.match(logged, /half of the time/);
  assert.match(logged, /everything is refused until it is/);
  assert.match(logged, /deciding again/);
});

test('an answer counts from when it was asked for', async () => {
  const machine = await Machine.create();
  machine.lease.run({ version: 3, ...BOUND });
  const asked = machine.lease.moment();
  machine.pass(HOUR_MS - 10_000);
  machine.lease.renew(3, asked);
  assert.equal(machine.decides, true);
  machine.pass(10_000);
  assert.equal(machine.decides, false, 'kept back for nearly an hour, it is worth some seconds');
  machine.lease.renew(3, asked);
  assert.equal(machine.decides, false);
});

test('only the running version is confirmed; a newer one counts once it runs, and what is newer still, as well', async () => {
  const machine = await Machine.create();
  machine.lease.run({ version: 3, ...BOUND });
  machine.hear(2);
  machine.hear(4);
  assert.equal(machine.decides, false, 'there is a newer one, which somebody keeps back');
  machine.lease.run({ version: 4, ...BOUND });
  assert.equal(machine.decides, true);
  machine.lease.run({ version: 9, ...BOUND });
  assert.equal(machine.decides, true);
});

test('a wall clock that is set back gives nothing back, as often as it may be', async () => {
  const machine = await Machine.create();
  machine.lease.run({ version: 3, ...BOUND });
  machine.hear(3);
  for (let minutes = 0; minutes < 59; minutes++) {
    machine.pass(60_000);
    machine.wallMs -= 60_000;
  }
  assert.equal(machine.decides, true);
  machine.pass(60_000);
  assert.equal(machine.decides, false);
});

test('a wall clock that leaps forward refuses at once, also when it goes back; the console mends it', async () => {
  const machine = await Machine.create();
  machine.lease.run({ version: 3, ...BOUND });
  machine.hear(3);
  machine.wallMs += 10 * HOUR_MS;
  assert.equal(machine.decides, false, 'before any tick');
  assert.equal(machine.lease.tick(), true);
  machine.wallMs -= 10 * HOUR_MS;
  machine.pass(LEASE_TICK_MS);
  assert.equal(machine.decides, false);
  machine.hear(3);
  assert.equal(machine.decides, true);
});

test('a machine that slept, with a clock that was set back, has used the time', async () => {
  const machine = await Machine.create();
  machine.lease.run({ version: 3, ...BOUND });
  machine.hear(3);
  machine.wallMs -= 5 * HOUR_MS;
  machine.pass(LEASE_TICK_MS);
  machine.wallMs += HOUR_MS;
  machine.pass(LEASE_TICK_MS);
  assert.equal(machine.decides, false);
});

test('a crash and a cold start lose nothing, and cost what a crash may hide', async () => {
  const machine = await Machine.create();
  machine.lease.run({ version: 3, ...BOUND });
  machine.hear(3);
  machine.pass(30 * 60_000);
  await machine.crash(60_000);
  machine.lease.run({ version: 3, ...BOUND });
  assert.equal(machine.decides, true);
  const leftMs = machine.lease.endMs - machine.wallMs;
  assert.ok(leftMs <= 29 * 60_000, `${leftMs} ms`);
  assert.ok(leftMs >= 29 * 60_000 - HIDDEN_MS - LEASE_TICK_MS, `${leftMs} ms`);
  await machine.crash(30 * 60_000);
  machine.lease.run({ version: 3, ...BOUND });
  assert.equal(machine.decides, false);
  // Of an expired one, too.
  await machine.crash(0);
  machine.lease.run({ version: 3, ...BOUND });
  assert.equal(machine.decides, false);
  machine.hear(3);
  assert.equal(machine.decides, true);
});

test('crashes and a clock that is set back each time: the time that it ran is used up all the same', async () => {
  const machine = await Machine.create();
  machine.lease.run({ version: 3, ...BOUND });
  machine.hear(3);
  for (let round = 0; round < 6; round++) {
    machine.pass(10 * 60_000 - 1_000);
    machine.wallMs -= 10 * 60_000 - 1_000;
    await machine.crash(0);
    machine.lease.run({ version: 3, ...BOUND });
  }
  assert.equal(machine.decides, false);
});

test('a clock behind what it was before the restart refuses until it is right', async () => {
  const machine = await Machine.create();
  machine.lease.run({ version: 3, ...BOUND });
  machine.hear(3);
  machine.pass(60_000);
  const rightMs = machine.wallMs;
  await machine.crash(-10_000 - machine.wallMs);
  machine.lease.run({ version: 3, ...BOUND });
  assert.equal(machine.decides, false, 'how long it was off is not known');
  machine.pass(30_000);
  assert.equal(machine.decides, false);
  machine.wallMs = rightMs + 5 * 60_000;
  machine.pass(LEASE_TICK_MS);
  assert.equal(machine.decides, true, 'set right, as a machine without a battery does soon after it starts');
  const leftMs = machine.lease.endMs - machine.wallMs;
  assert.ok(leftMs <= HOUR_MS - 6 * 60_000 && leftMs > HOUR_MS - 9 * 60_000, `${leftMs} ms`);
});

test('behind, the console opens at once', async () => {
  const machine = await Machine.create();
  machine.lease.run({ version: 3, ...BOUND });
  machine.hear(3);
  await machine.crash(-24 * HOUR_MS);
  machine.lease.run({ version: 3, ...BOUND });
  assert.equal(machine.decides, false);
  machine.hear(3);
  assert.equal(machine.decides, true);
  await machine.crash(1_000);
  machine.lease.run({ version: 3, ...BOUND });
  assert.equal(machine.decides, true, 'the earlier high mark is forgotten');
});

test('an older snapshot than the confirmed one, after a damaged file, is not confirmed, and keeps the bound of then', async () => {
  for (const older of [{ version: 2 }, { version: 2, maxAgeSeconds: 86_400 }]) {
    const machine = await Machine.create();
    machine.lease.run({ version: 3, ...BOUND });
    machine.hear(3);
    await machine.crash(0);
    machine.lease.run(older);
    assert.equal(machine.decides, false);
    assert.equal(machine.lease.maxAgeSeconds, 3_600);
    machine.lease.run({ version: 3, ...BOUND });
    assert.equal(machine.decides, true);
  }
});

test('a bound that was lifted is lifted after a restart, too', async () => {
  const machine = await Machine.create();
  machine.lease.run({ version: 3, ...BOUND });
  machine.hear(3);
  machine.lease.run({ version: 4 });
  await machine.crash(100 * HOUR_MS);
  machine.lease.run({ version: 4 });
  assert.equal(machine.decides, true);
  // Set again after a long time, it has to be confirmed first.
  assert.equal(machine.lease.wouldRefuse({ version: 5, ...BOUND }), true);
});

test('a file that is damaged or gone is no word of the console', async () => {
  for (const damage of [
    '',
    '{"format":1',
    '{"format":1,"version":3,"maxAgeSeconds":3600,"usedMs":-1,"highestWallMs":0}',
  ]) {
    const machine = await Machine.create();
    machine.lease.run({ version: 3, ...BOUND });
    machine.hear(3);
    await machine.crash(0);
    writeFileSync(machine.path, damage);
    await machine.start();
    machine.lease.run({ version: 3, ...BOUND });
    assert.equal(machine.decides, false, damage);
    assert.equal(readFileSync(`${machine.path}.damaged`, 'utf8'), damage);
  }
});

test('a full disk does not end deciding before its time, nor make it longer while it runs', async () => {
  const machine = await Machine.create();
  Object.assign(machine, { path: join(machine.directory, 'no', 'such', 'lease.json') });
  await machine.start();
  machine.lease.run({ version: 3, ...BOUND });
  machine.hear(3);
  machine.pass(HOUR_MS / 2);
  assert.equal(machine.decides, true);
  machine.pass(HOUR_MS / 2);
  assert.equal(machine.decides, false);
  await machine.lease.stop();
  assert.match(machine.lines.join(''), /could not be saved/);
});
