/** The audit log leaves the console as a file that proves itself, and a console that shows another past is found out. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, before, describe, it } from 'node:test';
import { CHAIN_START, chainHash, formatVerifierKey } from '@zeronaut/audit';
import { temporaryDirectory, waitFor } from '@zeronaut/testkit';
import { fileOwner } from './harness/file-owner.ts';
import { startWorld, type World } from './harness/world.ts';

const owner = fileOwner();

describe('an exported audit log', () => {
  let world: World;
  let file: string;
  let lines: string[];
  let keys: string[];
  let witnessKey: string;

  const verify = async (name: string, content: readonly string[], ...more: string[]) => {
    const path = join(world.home, name);
    writeFileSync(path, `${content.join('\n')}\n`);
    const { code, stdout, stderr } = await world.zeronaut(['audit', 'verify', path, '--json', ...more]);
    return { code, result: JSON.parse(stdout), error: stderr === '' ? null : JSON.parse(stderr).error };
  };

  before(async () => {
    world = await startWorld(owner);
    for (let index = 0; index < 40; index++) await world.createUser({ email: `user-${index}@example.com` });
  });
  afterEach((t) => world.showLogsOnFailure(t));

  it('is written with one command, for its owner alone, and not over another file', async () => {
    file = join(temporaryDirectory('audit'), 'audit.jsonl');
    const { code, stdout, stderr } = await world.zeronaut(['audit', 'export', file]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /\d\d entries with \d+ checkpoints?/);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(existsSync(`${file}.partial`), false);
    lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    const again = await world.zeronaut(['audit', 'export', file]);
    assert.equal(again.code, 6);
    assert.match(again.stderr, /exists[\s\S]*--force/);
    const piped = await world.zeronaut(['audit', 'export', '-']);
    assert.equal(piped.stdout.trimEnd().split('\n').length, lines.length);
    // One that broke off in the middle of a line.
    const other = join(temporaryDirectory('audit'), 'other.jsonl');
    const whole = readFileSync(file);
    writeFileSync(`${other}.partial`, whole.subarray(0, Math.floor(whole.length * 0.8)));
    const goneOn = await world.zeronaut(['audit', 'export', other]);
    assert.match(goneOn.stderr, /going on after entry \d+ of \d+/);
    assert.equal(readFileSync(other, 'utf8'), whole.toString());
    writeFileSync(`${other}.partial`, 'something else\n');
    assert.equal((await world.zeronaut(['audit', 'export', other, '--force'])).code, 0);
    assert.equal(
      (await verify('anew.jsonl', readFileSync(other, 'utf8').trimEnd().split('\n'), '--no-known')).result.valid,
      true,
    );
    const listed = await world.zeronaut(['audit', '--limit', '3']);
    assert.match(listed.stdout, /SEQ +AT +WHO +ACTION/);
  });

  it('carries the signature of the gateway, whose key its own log names', async () => {
    witnessKey = /"witnessKey":"([^"]+)"/.exec(world.gateway.output())?.[1] ?? '';
    assert.notEqual(witnessKey, '');
    const { result } = await verify('witnessed.jsonl', lines, '--witness', witnessKey, '--no-known');
    assert.equal(result.valid, true, JSON.stringify(result.finding));
    const stranger = formatVerifierKey('gateway', 'cosignature', generateKeyPairSync('ed25519').privateKey);
    const refused = await verify('witnessed.jsonl', lines, '--witness', stranger, '--no-known');
    assert.deepEqual([refused.code, refused.error.reason], [1, 'audit.signature']);
  });

  it('says nothing of a person who was erased, and is whole all the same', async () => {
    const email = 'gone@example.com';
    await world.createUser({ email });
    const erase = (...more: string[]) => world.zeronaut(['audit', 'erase', email, '--json', ...more]);
    assert.equal((await erase()).code, 2, 'it asks twice');
    const preview = JSON.parse((await erase('--dry-run')).stdout);
    assert.deepEqual([preview.active, preview.entries >= 1, preview.plainEntries], [true, true, 0]);
    const early = await erase('--yes');
    assert.equal(JSON.parse(early.stderr).error.reason, 'audit.subject_active');
    assert.equal((await erase('--disable', '--yes')).code, 0);
    const set = await world.zeronaut(['audit', 'retention', 'set', '--entries', '365']);
    assert.match(set.stdout, /365 days, then only their hashes/);
    const path = join(temporaryDirectory('audit'), 'erased.jsonl');
    assert.equal((await world.zeronaut(['audit', 'export', path])).code, 0);
    const erased = readFileSync(path, 'utf8');
    assert(!erased.includes(email) && erased.includes('user-1@example.com'));
    assert.equal((await verify('erased.jsonl', erased.trimEnd().split('\n'), '--no-known')).result.valid, true);
    assert.match((await world.zeronaut(['audit', '--limit', '5', '--json'])).stdout, /\[erased\]/);
  });

  it('is verified with the console off, and remembered', async () => {
    const shown = await world.zeronaut(['audit', 'checkpoint', '--json']);
    keys = JSON.parse(shown.stdout).keys;
    assert.equal(keys.length, 2);
    await world.console.kill();
    const first = await world.zeronaut(['audit', 'verify', file]);
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout, /is whole: \d\d entries[\s\S]*the file itself names/);
    const second = await world.zeronaut(['audit', 'verify', file]);
    assert.match(second.stdout, /this machine knows/);
    const { result } = await verify('given.jsonl', lines, '--key', keys[0]!, '--key', keys[1]!, '--no-known');
    assert.deepEqual([result.valid, result.trust], [true, 'given']);
  });

  it('shows what was done to it, and where', async () => {
    const at = (seq: number) => lines.findIndex((line) => line.includes(`"seq":${seq}}`));
    const without = (seq: number) => lines.filter((_, index) => index !== at(seq));
    const swapped = lines.with(at(9), lines[at(10)]!).with(at(10), lines[at(9)]!);
    const edited = lines.with(at(12), lines[at(12)]!.replace('"action":"', '"action":"un'));
    for (const [flaw, seq, content] of [
      ['edited', 12, edited],
      ['removed', 7, without(7)],
      ['reordered', 9, swapped],
      ['inserted', 6, lines.toSpliced(at(5), 0, lines[at(5)]!)],
      ['truncated', 20, lines.slice(0, at(20))],
    ] as const) {
      const { code, result, error } = await verify(`${flaw}.jsonl`, content);
      assert.equal(code, 1, flaw);
      assert.deepEqual([result.valid, result.finding.flaw, result.finding.seq], [false, flaw, seq]);
      assert.equal(error.reason, `audit.${flaw}`);
    }
    const missing = await world.zeronaut(['audit', 'verify', join(world.home, 'nothing.jsonl')]);
    assert.equal(missing.code, 5);
    const bad = await world.zeronaut(['audit', 'verify', file, '--key', 'nonsense']);
    assert.equal(bad.code, 2);
  });

  it('of a console whose owner wrote the past again is co-signed by no gateway, and remembered otherwise', async () => {
    // With all that the console has: its database, its master key, its program. Only what it signed is forgotten.
    const database = new DatabaseSync(join(world.home, 'console/zeronaut.db'));
    const rows = database.prepare('select seq, body from audit_entries order by seq').all() as {
      seq: number;
      body: string;
    }[];
    let head = CHAIN_START;
    for (const { seq, body } of rows) {
      const text = seq === 5 ? body.replace('"action":"', '"action":"un') : body;
      const hash = chainHash(head, text);
      database
        .prepare('update audit_entries set body = ?, previous_hash = ?, hash = ? where seq = ?')
        .run(text, head, hash, seq);
      head = hash;
    }
    database.prepare('update organizations set audit_head = ?').run(head);
    for (const table of ['audit_tiles', 'audit_checkpoints']) database.exec(`delete from ${table}`);
    database.close();
    await world.console.start();
    await waitFor(async () => (await world.api.call('gateways.list', {})).items[0]?.connected === true, {
      what: 'the gateway',
    });
    // The log is longer than before: a proof from what the gateway saw is asked for, and there is none.
    await world.createUser({ email: 'late@example.com' });

    const path = join(temporaryDirectory('audit'), 'rewritten.jsonl');
    assert.equal((await world.zeronaut(['audit', 'export', path])).code, 0);
    const rewritten = readFileSync(path, 'utf8').trimEnd().split('\n');
    assert.equal(
      (await verify('rewritten.jsonl', rewritten, '--no-known')).result.valid,
      true,
      'the file alone cannot tell',
    );
    const witnessed = await verify('rewritten.jsonl', rewritten, '--no-known', '--witness', witnessKey);
    assert.equal(witnessed.error.reason, 'audit.signature');
    const known = await verify('rewritten.jsonl', rewritten);
    assert.equal(known.error.reason, 'audit.fork');
    assert.match(world.gateway.output(), /audit\.fork.*shows another past/);
    assert.match(world.console.output(), /does not vouch/);
  });

  it('costs a gateway nothing when it cannot be a witness any more', async () => {
    await world.gateway.kill();
    writeFileSync(join(world.gatewayDirectory, 'witness.json'), '{');
    await world.gateway.start();
    assert.match(world.gateway.output(), /no witness of the audit log/);
    assert.equal(
      readFileSync(join(world.gatewayDirectory, 'witness.json'), 'utf8'),
      '{',
      'what is there is for people to look at',
    );
  });

  it('of a console that begins anew, under other keys, is not taken for the same log', async () => {
    const other = await startWorld(owner);
    await other.createUser({ email: 'ann@example.com' });
    const path = join(temporaryDirectory('audit'), 'other.jsonl');
    assert.equal((await other.zeronaut(['audit', 'export', path])).code, 0);
    // Its organization is made to look like ours: that is all that an attacker could do without our keys.
    const [first] = readFileSync(path, 'utf8').split('\n');
    const { organizationId: theirs } = JSON.parse(first!);
    const { organizationId: ours } = JSON.parse(lines[0]!);
    const forged = readFileSync(path, 'utf8').trimEnd().replaceAll(theirs, ours).split('\n');
    const { code, error } = await verify('forged.jsonl', forged);
    assert.equal(code, 1);
    assert.match(error.reason, /^audit\.(signature|malformed)$/);
  });
});
