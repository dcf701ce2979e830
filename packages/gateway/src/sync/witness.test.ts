import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  consistencyProof,
  formatCheckpoint,
  formatVerifierKey,
  isSignedBy,
  leafHash,
  nodeHash,
  originOf,
  parseNote,
  parseVerifierKey,
  type ReadNode,
  signNote,
  treeRoot,
} from '@zeronaut/audit';
import { temporaryDirectory } from '@zeronaut/testkit';
import { createLog } from '../observe/log.ts';
import { writeFileAtomically } from '../snapshot/atomic-file.ts';
import { gatewayId, organizationId } from './testdata/sync-console.ts';
import { Witness } from './witness.ts';

const origin = originOf(organizationId);
const newKey = () => generateKeyPairSync('ed25519').privateKey;

/** A log whose entry `at` is another one. */
function createTree(forgedAt = -1) {
  const leaf = (index: number) => leafHash(Buffer.from(`${index}${index === forgedAt ? ' forged' : ''}`));
  const read: ReadNode = async (level, index) =>
    level === 0 ? leaf(index) : nodeHash(await read(level - 1, index * 2), await read(level - 1, index * 2 + 1));
  return read;
}

async function offer(key: KeyObject, size: number, from = 0, tree = createTree()) {
  const root = await treeRoot(tree, size);
  const text = formatCheckpoint({ origin, size, root, head: 'h'.repeat(43), at: '2026-11-27T08:00:00.000Z' });
  const proof = from > 0 && from < size ? await consistencyProof(tree, from, size) : [];
  return {
    type: 'checkpoint' as const,
    note: `${text}\n${signNote(text, { name: origin, kind: 'ed25519', privateKey: key }, 0)}`,
    keys: [formatVerifierKey(origin, 'ed25519', key)],
    consistency: proof.map((hash) => Buffer.from(hash).toString('base64')),
  };
}

const start = (t: TestContext, directory = temporaryDirectory(t)) => ({
  directory,
  witness: Witness.load({
    ...{ directory, gatewayId, organizationId },
    write: (path, content) => writeFileAtomically(path, content),
    log: createLog({ level: 'silent' }),
  }),
});

test('co-signs a log that grows, and no shorter, other or strange one, also after a restart', async (t) => {
  const { directory, witness: loading } = start(t);
  const witness = await loading;
  const key = newKey();
  const first = await offer(key, 5);
  const answer = await witness.consider(first);
  assert.equal(answer.type, 'cosigned');
  const verifier = parseVerifierKey(witness.verifierKey)!;
  assert(isSignedBy(parseNote(first.note + (answer as { line: string }).line)!, verifier));
  assert.equal(witness.size, 5);
  assert.equal(statSync(join(directory, 'witness.json')).mode & 0o777, 0o600);

  assert.equal((await witness.consider(await offer(key, 5))).type, 'cosigned', 'the same once more');
  const again = await start(t, directory).witness;
  assert.deepEqual([again.size, again.verifierKey], [5, witness.verifierKey]);
  const reasonOf = async (offered: Parameters<Witness['consider']>[0]) => {
    const given = await again.consider(offered);
    return given.type === 'cosigned' ? 'cosigned' : given.reason;
  };
  assert.equal(await reasonOf(await offer(key, 4)), 'audit.truncated');
  assert.equal(await reasonOf(await offer(key, 5, 0, createTree(2))), 'audit.fork');
  assert.equal(await reasonOf(await offer(key, 9, 5, createTree(2))), 'audit.fork');
  assert.equal(await reasonOf({ ...(await offer(key, 9, 5)), consistency: [] }), 'audit.fork');
  assert.equal(await reasonOf(await offer(newKey(), 9, 5)), 'audit.signature');
  assert.equal(await reasonOf({ ...(await offer(key, 9, 5)), note: 'nonsense' }), 'audit.malformed');
  const foreign = await offer(key, 9, 5);
  assert.equal(await reasonOf({ ...foreign, note: foreign.note.replace(origin, originOf('org_2')) }), 'audit.fork');
  assert.equal(again.size, 5, 'nothing of that is remembered');
  assert.equal(await reasonOf(await offer(key, 9, 5)), 'cosigned');
  assert.equal(again.size, 9);
});

test('two offers at once are considered one after the other; a file that cannot be used is no new beginning', async (t) => {
  const { directory, witness: loading } = start(t);
  const witness = await loading;
  const key = newKey();
  const answers = await Promise.all([witness.consider(await offer(key, 8)), witness.consider(await offer(key, 6))]);
  assert.deepEqual(
    answers.map(({ type }) => type),
    ['cosigned', 'not_cosigned'],
  );
  writeFileSync(join(directory, 'witness.json'), '{"format":1');
  await assert.rejects(start(t, directory).witness, /cannot be used/);
});

test('signs nothing that it could not store', async (t) => {
  const directory = temporaryDirectory(t);
  let full = false;
  const witness = await Witness.load({
    ...{ directory, gatewayId, organizationId, log: createLog({ level: 'silent' }) },
    write: async (path, content) => {
      if (full) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
      await writeFileAtomically(path, content);
    },
  });
  full = true;
  await assert.rejects(witness.consider(await offer(newKey(), 3)), /no space/);
  assert.equal(witness.size, 0);
  full = false;
  assert.equal((await witness.consider(await offer(newKey(), 3))).type, 'cosigned');
});
