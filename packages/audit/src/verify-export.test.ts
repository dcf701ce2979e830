import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import { canonicalJson } from './canonical-json.ts';
import { CHAIN_START, chainHash } from './chain.ts';
import { type Checkpoint, formatCheckpoint, originOf } from './checkpoint.ts';
import { GrowingTree, leafHash } from './merkle-tree.ts';
import { formatVerifierKey, parseVerifierKey, type SignatureKind, signNote } from './signed-note.ts';
import { ExportVerifier, type Flaw, type Verification, type VerifyOptions } from './verify-export.ts';

const ORGANIZATION = 'org_1';
const ORIGIN = originOf(ORGANIZATION);

interface Entry {
  readonly seq: number;
  readonly organizationId: string;
  readonly action: string;
  readonly after: unknown;
}

interface Keys {
  readonly ed25519: KeyObject;
  readonly mlDsa: KeyObject;
}

const newKeys = (): Keys => ({
  ed25519: generateKeyPairSync('ed25519').privateKey,
  mlDsa: generateKeyPairSync('ml-dsa-65' as 'ed25519').privateKey,
});

const keysOf = ({ ed25519, mlDsa }: Keys): [SignatureKind, KeyObject][] => [
  ['ed25519', ed25519],
  ['ml-dsa-65', mlDsa],
];

const verifierKeys = (keys: Keys) => keysOf(keys).map(([kind, key]) => formatVerifierKey(ORIGIN, kind, key));

function noteOf(checkpoint: Checkpoint, keys: Keys, more = ''): string {
  const text = formatCheckpoint(checkpoint);
  const lines = keysOf(keys).map(([kind, privateKey]) => signNote(text, { name: ORIGIN, kind, privateKey }, 0));
  return `${text}\n${lines.join('')}${more}`;
}

const entryOf = (seq: number, what = 'right'): Entry => ({
  ...{ seq, organizationId: ORGANIZATION, action: 'resource.update', after: { name: `r-${seq}`, what } },
});

const entryLine = (entry: Entry, previousHash: string, hash = chainHash(previousHash, canonicalJson(entry))) =>
  canonicalJson({ type: 'entry', entry, previousHash, hash });

/** A log of so many entries, with a checkpoint behind every `every`; `keys` sign. */
function createLog(size: number, every: number, keys: Keys, what = (_seq: number) => 'right') {
  const tree = new GrowingTree();
  const lines: string[] = [];
  const heads = [CHAIN_START];
  const checkpoints = new Map<number, Checkpoint>();
  for (let seq = 1; seq <= size; seq++) {
    const entry = entryOf(seq, what(seq));
    const previous = heads[seq - 1]!;
    const hash = chainHash(previous, canonicalJson(entry));
    lines.push(entryLine(entry, previous, hash));
    heads.push(hash);
    tree.add(leafHash(Buffer.from(hash, 'base64url')));
    if (seq % every !== 0 && seq !== size) continue;
    const at = new Date(1_800_000_000_000 + seq).toISOString();
    const checkpoint = { origin: ORIGIN, size: seq, root: tree.root(), head: hash, at };
    checkpoints.set(seq, checkpoint);
    lines.push(canonicalJson({ type: 'checkpoint', note: noteOf(checkpoint, keys) }));
  }
  const last = checkpoints.get(size)!;
  const first = (checkpoint = last) =>
    canonicalJson({
      ...{ type: 'export', format: 'zeronaut-audit/1', organizationId: ORGANIZATION, keys: verifierKeys(keys) },
      checkpoint: noteOf(checkpoint, keys),
    });
  return { first, lines, heads, checkpoints, last };
}

function verify(lines: readonly string[], options?: VerifyOptions): Verification {
  const verifier = new ExportVerifier(options);
  for (const line of lines) verifier.push(line);
  return verifier.finish();
}

const found = ({ finding }: Verification) => [finding?.flaw, finding?.seq];

test('each kind of tampering is found at every position of a log of 10,000 entries', { timeout: 240_000 }, () => {
  const SIZE = 10_000;
  const EVERY = 20;
  const keys = newKeys();
  const log = createLog(SIZE, EVERY, keys);
  const whole = verify([log.first(), ...log.lines]);
  assert.deepEqual([whole.valid, whole.entries, whole.checkpoints], [true, SIZE, SIZE / EVERY]);

  const good = new ExportVerifier();
  good.push(log.first());
  let line = 0;
  const missed: string[] = [];
  const expect = (
    what: string,
    seq: number,
    flaws: readonly Flaw[],
    at: number,
    lines: readonly string[],
    options?: VerifyOptions,
  ) => {
    const verifier = good.clone(options);
    for (const each of lines) verifier.push(each);
    const { finding } = verifier.finish();
    if (finding === null || !flaws.includes(finding.flaw) || finding.seq !== at) {
      missed.push(`${what} at ${seq}: ${JSON.stringify(finding)}`);
    }
  };
  /** A checkpoint stands behind each block. */
  const placeOf = (seq: number) => (seq > SIZE ? undefined : seq - 1 + Math.floor((seq - 1) / EVERY));
  for (let seq = 1; seq <= SIZE; seq++) {
    const own = log.lines[line]!;
    assert.equal(placeOf(seq), line);
    const rest = log.lines.slice(line + 1, line + EVERY + 3);
    const previous = log.heads[seq - 1]!;
    const forged = entryOf(seq, 'forged');
    expect('an edited entry', seq, ['edited'], seq, [own.replace('right', 'wrong')]);
    expect(
      'an edited entry with its own hash again',
      seq,
      ['edited', 'rewritten'],
      seq === SIZE || seq % EVERY === 0 ? seq : seq + 1,
      [entryLine(forged, previous), ...rest],
    );
    expect('a removed entry', seq, ['removed'], seq, rest);
    expect('the end cut off', seq, ['truncated'], seq, []);
    expect('an entry twice', seq, ['inserted', 'removed', 'edited'], seq + 1, [own, own]);
    expect('a forged entry before it', seq, ['inserted'], seq + 1, [entryLine(forged, previous), own]);
    // As whoever has the database can do it: everything after it follows on the forged one.
    const again: string[] = [];
    let head = previous;
    for (const text of [own, ...rest]) {
      const { type, entry } = JSON.parse(text);
      if (type !== 'entry') again.push(text);
      else {
        const changed = entry.seq === seq ? forged : entry;
        const hash = chainHash(head, canonicalJson(changed));
        again.push(entryLine(changed, head, hash));
        head = hash;
      }
      if (type !== 'entry') break;
    }
    const signed = Math.ceil(seq / EVERY) * EVERY;
    expect('everything from it on written again', seq, ['rewritten'], signed, again);
    // A history that the console's own keys sign, too: a checkpoint that somebody kept is all that tells.
    const known = log.checkpoints.get(signed)!;
    expect('another history from it on', seq, ['fork'], signed, again, { known });
    for (const distance of [1, 7, EVERY]) {
      const place = placeOf(seq + distance);
      if (place === undefined) continue;
      const lines = log.lines.slice(line, place + 3);
      [lines[0], lines[place - line]] = [lines[place - line]!, own];
      expect(`exchanged with the entry ${distance} on`, seq, ['reordered'], seq, lines);
    }
    good.push(own);
    line++;
    if (log.lines[line]?.includes('"type":"checkpoint"')) {
      const note = log.lines[line]!;
      expect('a checkpoint of another size', seq, ['malformed', 'signature'], seq + 1, [
        note.replace(`\\n${seq}\\n`, `\\n${seq + 1}\\n`),
      ]);
      good.push(note);
      line++;
    }
  }
  assert.deepEqual(missed.slice(0, 10), []);
  assert.equal(good.finish().valid, true);
});

test('a log that was written again is found by a checkpoint that was kept, by keys that were kept, and by witnesses', () => {
  const keys = newKeys();
  const log = createLog(50, 10, keys);
  const lines = [log.first(), ...log.lines];
  // The console's own keys sign another history: nothing in the file alone can tell.
  const other = createLog(60, 10, keys, (seq) => (seq === 33 ? 'another' : 'right'));
  const otherLines = [other.first(), ...other.lines];
  assert.equal(verify(otherLines).valid, true);
  assert.deepEqual(found(verify(otherLines, { known: log.last })), ['fork', 50]);
  assert.equal(verify(otherLines, { known: log.checkpoints.get(30)! }).valid, true);
  // What was seen of it once must still be in it.
  const shorter = createLog(40, 10, keys);
  assert.equal(verify([shorter.first(), ...shorter.lines]).valid, true);
  assert.deepEqual(found(verify([shorter.first(), ...shorter.lines], { known: log.last })), ['truncated', 41]);
  assert.equal(verify(lines, { known: log.last }).valid, true);
  assert.equal(verify(lines, { known: { ...log.last, origin: originOf('org_2') } }).finding?.flaw, 'fork');

  const kept = verifierKeys(keys).map((key) => parseVerifierKey(key)!);
  const stranger = createLog(50, 10, newKeys());
  const strangerLines = [stranger.first(), ...stranger.lines];
  assert.equal(verify(strangerLines).valid, true);
  assert.equal(verify(strangerLines, { keys: kept }).finding?.flaw, 'signature');
  assert.equal(verify(lines, { keys: kept }).valid, true);
  assert.equal(verify(lines, { keys: [] }).finding?.flaw, 'signature');

  const gateways = ['gateway-1', 'gateway-2'].map((name) => ({ name, key: newKeys().ed25519 }));
  const witnesses = gateways.map(({ name, key }) => parseVerifierKey(formatVerifierKey(name, 'cosignature', key))!);
  const cosign = (count: number) => {
    const text = formatCheckpoint(log.last);
    const lines = gateways
      .slice(0, count)
      .map(({ name, key: privateKey }) => signNote(text, { name, kind: 'cosignature', privateKey }, 1_800_000_000_000));
    return noteOf(log.last, keys, lines.join(''));
  };
  for (const count of [0, 1, 2]) {
    const first = canonicalJson({ ...JSON.parse(log.first()), checkpoint: cosign(count) });
    const result = verify([first, ...log.lines], { witnesses: { keys: witnesses, needed: 2 } });
    assert.equal(result.finding?.flaw, count === 2 ? undefined : 'signature');
  }
});

test('checkpoints must be of this log, signed, in their place, and cover every entry', () => {
  const keys = newKeys();
  const log = createLog(30, 10, keys);
  const isNote = (line: string) => line.includes('"type":"checkpoint"');
  const with_ = (change: (line: string, index: number) => string | string[]) => [
    log.first(),
    ...log.lines.flatMap(change),
  ];
  const at = log.lines.findIndex(isNote);
  const foreign = canonicalJson({ type: 'checkpoint', note: noteOf(log.checkpoints.get(10)!, newKeys()) });
  const wrongRoot = canonicalJson({
    ...{ type: 'checkpoint', note: noteOf({ ...log.checkpoints.get(10)!, root: Buffer.alloc(32) }, keys) },
  });
  const cases: Record<string, [string[], Flaw]> = {
    'signed by others': [with_((line, index) => (index === at ? foreign : line)), 'signature'],
    'of another tree': [with_((line, index) => (index === at ? wrongRoot : line)), 'rewritten'],
    'two of one size': [with_((line, index) => (index === at ? [line, wrongRoot] : line)), 'fork'],
    'none at the end': [[log.first(), ...log.lines.slice(0, -1)], 'unsigned'],
    'an old one again': [with_((line, index) => (index === at + 3 ? [line, log.lines[at]!] : line)), 'reordered'],
    'a first line that promises less': [[log.first(log.checkpoints.get(20)), ...log.lines], 'fork'],
    'no first line': [log.lines, 'malformed'],
    nothing: [[], 'malformed'],
    'two first lines': [[log.first(), log.first(), ...log.lines], 'malformed'],
    'another format': [[log.first().replace('audit/1', 'audit/2'), ...log.lines], 'malformed'],
    'no keys': [[canonicalJson({ ...JSON.parse(log.first()), keys: [] }), ...log.lines], 'signature'],
    'a key that is none': [[canonicalJson({ ...JSON.parse(log.first()), keys: ['x'] }), ...log.lines], 'malformed'],
    'another organization': [[log.first().replaceAll('org_1', 'org_2'), ...log.lines], 'malformed'],
    'spaces between': [with_((line, index) => (index === 4 ? line.replace(':', ': ') : line)), 'malformed'],
    'a name twice': [
      with_((line, index) => (index === 4 ? line.replace('{"entry"', '{"entry":1,"entry"') : line)),
      'malformed',
    ],
    'a line of another kind': [with_((line, index) => (index === 4 ? ['{"type":"note"}', line] : line)), 'malformed'],
    'an entry that is none': [
      with_((line, index) => (index === 4 ? '{"entry":null,"type":"entry"}' : line)),
      'malformed',
    ],
    'an endless nesting': [with_((line, index) => (index === 4 ? '['.repeat(200_000) : line)), 'malformed'],
  };
  assert.equal(verify(with_((line) => line)).valid, true);
  for (const [what, [lines, flaw]] of Object.entries(cases)) assert.equal(verify(lines).finding?.flaw, flaw, what);
});
