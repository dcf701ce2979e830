import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { canonicalJson } from './canonical-json.ts';
import { CHAIN_START, chainHash } from './chain.ts';
import { formatCheckpoint, originOf } from './checkpoint.ts';
import { GrowingTree, leafHash } from './merkle-tree.ts';
import { commitmentOf, SEALED } from './personal-data.ts';
import { formatVerifierKey, type NoteSigner, signNote } from './signed-note.ts';
import { ExportVerifier, type Flaw, type Verification } from './verify-export.ts';

const ORGANIZATION = 'org_1';
const ORIGIN = originOf(ORGANIZATION);
const DAY_MS = 86_400_000;
const START_MS = 1_800_000_000_000;
const signer: NoteSigner = {
  ...{ name: ORIGIN, kind: 'ed25519' },
  privateKey: generateKeyPairSync('ed25519').privateKey,
};

interface Plan {
  readonly size: number;
  readonly every: number;
  /** Entries up to here are pruned, at entry `prunedAt`, after so many days by the log's own telling. */
  readonly upTo: number;
  readonly prunedAt: number;
  readonly days?: number;
  /** What the retention entry (the second of all) says; null: there is none. */
  readonly retention?: number | null;
  /** How long after the first entry the pruning was, by the console's clock, and by the entry. */
  readonly afterDays?: number;
  readonly saidAfterDays?: number;
  /** Texts that are left out, other than the pruned. */
  readonly alsoMissing?: readonly number[];
  /** Of every tenth entry a part is of `sub_gone`, who was erased at `erasedAt` (0: nobody said so), and one of `sub_here`. */
  readonly erasedAt?: number;
}

const partOf = (subject: string, path: string, value: string) => {
  const opened = { salt: `salt-of-${value}`, values: [value] };
  return { opened, part: { subject, paths: [path], sealed: 'AAAA', commitment: commitmentOf(opened) } };
};

function createLog(plan: Plan) {
  const { size, every, upTo, prunedAt, days = 40, retention = 40, afterDays = 41, saidAfterDays = afterDays } = plan;
  const tree = new GrowingTree();
  const lines: string[] = [];
  const hashes: string[] = [];
  /** Where in `lines` each entry is. */
  const lineOf: number[] = [0];
  let head = CHAIN_START;
  let note = '';
  for (let seq = 1; seq <= size; seq++) {
    const atMs = START_MS + (seq < prunedAt ? 0 : afterDays * DAY_MS) + seq;
    const entry: Record<string, unknown> = {
      ...{ seq, organizationId: ORGANIZATION, action: 'user.update', at: new Date(atMs).toISOString() },
      after: { what: 'right' },
    };
    let opened: unknown[] | undefined;
    if (seq === 2 && retention !== null)
      Object.assign(entry, { action: 'audit.retention', after: { entryDays: retention } });
    else if (seq === prunedAt) {
      const at = new Date(START_MS + saidAfterDays * DAY_MS + seq).toISOString();
      Object.assign(entry, { action: 'audit.prune', at, after: { upTo, days } });
    } else if (seq === plan.erasedAt)
      Object.assign(entry, { action: 'audit.erase', after: { subjects: ['sub_gone'] } });
    else if (seq % 10 === 0) {
      const [gone, here] = [partOf('sub_gone', '/actor', `gone-${seq}`), partOf('sub_here', '/name', `here-${seq}`)];
      Object.assign(entry, { actor: SEALED, name: SEALED, personal: [gone.part, here.part] });
      opened = [plan.erasedAt === undefined ? gone.opened : null, here.opened];
    }
    const hash = chainHash(head, canonicalJson(entry));
    const isKept = (entry.action as string).startsWith('audit.');
    const isMissing = (seq <= upTo && !isKept) || plan.alsoMissing?.includes(seq);
    lineOf.push(lines.length);
    lines.push(
      isMissing
        ? canonicalJson({ type: 'pruned', seq, hash })
        : canonicalJson({
            type: 'entry',
            entry,
            hash,
            previousHash: head,
            ...(opened === undefined ? {} : { opened }),
          }),
    );
    hashes.push(hash);
    head = hash;
    tree.add(leafHash(Buffer.from(hash, 'base64url')));
    if (seq % every !== 0 && seq !== size) continue;
    const text = formatCheckpoint({
      origin: ORIGIN,
      size: seq,
      root: tree.root(),
      head,
      at: new Date(atMs).toISOString(),
    });
    note = `${text}\n${signNote(text, signer, 0)}`;
    lines.push(canonicalJson({ type: 'checkpoint', note }));
  }
  const keys = [formatVerifierKey(ORIGIN, signer.kind, signer.privateKey)];
  const format = 'zeronaut-audit/1';
  const first = canonicalJson({ type: 'export', format, organizationId: ORGANIZATION, keys, checkpoint: note });
  return { lines: [first, ...lines], hashes, lineOf: lineOf.map((line) => line + 1) };
}

function verify(lines: readonly string[]): Verification {
  const verifier = new ExportVerifier();
  for (const line of lines) verifier.push(line);
  return verifier.finish();
}

const found = (lines: readonly string[]) => {
  const { finding } = verify(lines);
  return [finding?.flaw, finding?.seq];
};

const forgedEntry = (seq: number, previousHash: string, hash?: string) => {
  const entry = { seq, organizationId: ORGANIZATION, action: 'user.update', after: { what: 'forged' } };
  return canonicalJson({
    type: 'entry',
    entry,
    previousHash,
    hash: hash ?? chainHash(previousHash, canonicalJson(entry)),
  });
};

test('each kind of tampering is found at every position of a log of 10,000 entries, pruned and erased ones too', {
  timeout: 240_000,
}, () => {
  const EVERY = 20;
  const plan = { size: 10_000, every: EVERY, upTo: 4_000, prunedAt: 9_000, erasedAt: 9_500 };
  const { lines, hashes, lineOf } = createLog(plan);
  const whole = verify(lines);
  assert.deepEqual([whole.valid, whole.entries, whole.pruned], [true, 10_000, 3_999], JSON.stringify(whole.finding));

  const good = new ExportVerifier();
  good.push(lines[0]!);
  const missed: string[] = [];
  const expect = (what: string, seq: number, flaws: readonly Flaw[], at: number, rest: readonly string[]) => {
    const verifier = good.clone();
    for (const line of rest) verifier.push(line);
    const { finding } = verifier.finish();
    if (finding === null || !flaws.includes(finding.flaw) || finding.seq !== at) {
      missed.push(`${what} at ${seq}: ${JSON.stringify(finding)}`);
    }
  };
  for (let seq = 1; seq <= plan.size; seq++) {
    const at = lineOf[seq]!;
    const own = lines[at]!;
    const rest = lines.slice(at + 1, at + EVERY + 3);
    const previous = hashes[seq - 2] ?? CHAIN_START;
    const isPruned = own.includes('"type":"pruned"');
    const isNext = rest[0]?.includes('"seq"') ?? false;
    const covered = Math.ceil(seq / EVERY) * EVERY;
    // The hash behind it tells first, where the next text is there to be held against it.
    const nextIsWhole = isNext && rest[0]!.includes('"type":"entry"');
    const other = chainHash(previous, 'another');
    if (isPruned) {
      expect('another hash', seq, nextIsWhole ? ['edited'] : ['rewritten'], nextIsWhole ? seq + 1 : covered, [
        canonicalJson({ type: 'pruned', seq, hash: other }),
        ...rest,
      ]);
      expect('a hash that is none', seq, ['malformed'], seq, [canonicalJson({ type: 'pruned', seq, hash: 'x' })]);
      expect('a text in its place', seq, ['edited'], seq, [forgedEntry(seq, previous, hashes[seq - 1])]);
    } else {
      expect('an edited entry', seq, ['edited'], seq, [own.replace('"action":"', '"action":"un')]);
      const kept = own.includes('"action":"audit.');
      // Directly behind the pruned ones only what the log says of itself, at the end, tells them apart.
      if (seq > plan.upTo + 1 && !kept) {
        expect('a text that was taken away', seq, ['hidden'], seq, [
          canonicalJson({ type: 'pruned', seq, hash: hashes[seq - 1] }),
        ]);
      }
      if (seq % 10 === 0 && !kept) {
        expect('other personal data', seq, ['edited'], seq, [own.replace(`here-${seq}"]`, `there-${seq}"]`)]);
        const forged = own.replace('"opened":[null,', `"opened":[{"salt":"x","values":["gone-${seq}"]},`);
        expect('personal data that were erased', seq, ['edited'], seq, [forged]);
        expect('fewer personal data', seq, ['malformed'], seq, [own.replace('"opened":[null,', '"opened":[')]);
      }
    }
    expect('a removed entry', seq, ['removed'], seq, rest);
    expect('the end cut off', seq, ['truncated'], seq, []);
    expect('an entry twice', seq, ['inserted'], seq + 1, [own, own]);
    if (isNext) expect('two entries exchanged', seq, ['reordered'], seq, [rest[0]!, own, ...rest.slice(1, 3)]);
    expect('written again from it on', seq, ['edited', 'rewritten', 'hidden'], isNext ? seq + 1 : covered, [
      forgedEntry(seq, previous),
      ...rest,
    ]);
    for (let line = at; line < (lineOf[seq + 1] ?? lines.length); line++) good.push(lines[line]!);
  }
  assert.deepEqual(missed.slice(0, 10), []);
  assert.equal(good.finish().valid, true);
});

test('what is kept back or missing without an entry that accounts for it is found at every position', () => {
  const plan = { size: 150, every: 10, upTo: 50, prunedAt: 120, erasedAt: 130 };
  const { lines, hashes, lineOf } = createLog(plan);
  assert.equal(verify(lines).valid, true);
  for (let seq = 60; seq <= 150; seq += 10) {
    if (seq === 120 || seq === 130) continue;
    const hidden = lines.with(
      lineOf[seq]!,
      lines[lineOf[seq]!]!.replace(/"opened":\[null,\{[^}]*\}\]/, '"opened":[null,null]'),
    );
    assert.deepEqual(found(hidden), ['hidden', seq]);
  }
  for (let seq = 51; seq < 120; seq++) {
    // All from the pruned ones up to here.
    let more = lines;
    for (let each = 51; each <= seq; each++) {
      more = more.with(lineOf[each]!, canonicalJson({ type: 'pruned', seq: each, hash: hashes[each - 1] }));
    }
    const { finding } = verify(more);
    assert.deepEqual([finding?.flaw, finding?.seq, finding?.line], ['hidden', 51, lineOf[51]! + 1]);
  }
});

test('a pruning counts only if the retention in force and what was signed allow it', () => {
  const plan = { size: 60, every: 10, upTo: 20, prunedAt: 45 };
  const cases: Record<string, [Partial<Plan>, number | null]> = {
    'as it should be': [{}, null],
    'a day more than needed': [{ afterDays: 100 }, null],
    'exactly old enough': [{ afterDays: 40 }, null],
    'no retention': [{ retention: null }, 45],
    'a longer retention': [{ retention: 60, days: 40 }, 45],
    'a shorter retention than there may be': [{ retention: 7, days: 7 }, 45],
    'entries that are too young': [{ afterDays: 39 }, 45],
    'an entry that says that it is later than it is': [{ afterDays: 10, saidAfterDays: 400 }, 45],
    'up to no checkpoint': [{ upTo: 15 }, 45],
    'a checkpoint that is to come': [{ upTo: 50 }, 45],
    'an endless number': [{ days: Number.MAX_SAFE_INTEGER, retention: Number.MAX_SAFE_INTEGER }, 45],
    'texts beyond it': [{ alsoMissing: [21, 22] }, 21],
    'texts behind whole ones': [{ alsoMissing: [30] }, 30],
    'the last text': [{ alsoMissing: [60] }, 60],
  };
  for (const [what, [change, seq]] of Object.entries(cases)) {
    const { lines } = createLog({ ...plan, ...change });
    const { finding } = verify(lines);
    assert.deepEqual(
      [finding?.flaw ?? null, finding?.seq ?? null],
      seq === null ? [null, null] : ['hidden', seq],
      what,
    );
  }
});
