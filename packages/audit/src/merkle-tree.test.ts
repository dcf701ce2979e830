import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import {
  consistencyProof,
  GrowingTree,
  inclusionProof,
  leafHash,
  nodeHash,
  type ReadNode,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
} from './merkle-tree.ts';

const SIZE = 70;
const leaves = Array.from({ length: SIZE }, (_, index) =>
  leafHash(createHash('sha256').update(String(index)).digest()),
);

/** As the definition in RFC 9162, 2.1.1, says, without a thought for cost. */
function rootOf(hashes: readonly Uint8Array[]): Uint8Array {
  if (hashes.length === 0) return createHash('sha256').digest();
  if (hashes.length === 1) return hashes[0]!;
  let split = 1;
  while (split * 2 < hashes.length) split *= 2;
  return nodeHash(rootOf(hashes.slice(0, split)), rootOf(hashes.slice(split)));
}

const read: ReadNode = async (level, index) => rootOf(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level));

test('the root is that of the definition, built at once or leaf by leaf; the vectors of RFC 6962 implementations hold', async () => {
  const growing = new GrowingTree();
  for (let size = 0; size <= SIZE; size++) {
    const expected = rootOf(leaves.slice(0, size));
    assert.deepEqual(Buffer.from(growing.root()), Buffer.from(expected));
    assert.deepEqual(Buffer.from(await treeRoot(read, size)), Buffer.from(expected));
    if (size < SIZE) growing.add(leaves[size]!);
  }
  // Certificate Transparency's reference tree: eight leaves, their roots after one, two, seven and eight.
  const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
  const tree = new GrowingTree();
  const roots = inputs.map((hex) => {
    tree.add(leafHash(Buffer.from(hex, 'hex')));
    return Buffer.from(tree.root()).toString('hex');
  });
  assert.equal(roots[0], '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
  assert.equal(roots[1], 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125');
  assert.equal(roots[6], 'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c');
  assert.equal(roots[7], '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328');
});

test('every leaf of every size is proved, and nothing else is: other leaf, place, size, root, or a changed proof', async () => {
  for (let size = 1; size <= SIZE; size++) {
    const root = rootOf(leaves.slice(0, size));
    for (let index = 0; index < size; index++) {
      const proof = await inclusionProof(read, index, size);
      assert(verifyInclusion(leaves[index]!, index, size, proof, root), `${index} of ${size}`);
      assert(!verifyInclusion(leaves[(index + 1) % SIZE]!, index, size, proof, root));
      assert(!verifyInclusion(leaves[index]!, index + 1, size, proof, root));
      assert(!verifyInclusion(leaves[index]!, index, size, proof, leaves[0] === root ? leaves[1]! : leaves[0]!));
      assert(!verifyInclusion(leaves[index]!, index, size, [...proof, root], root));
      if (proof.length > 0) assert(!verifyInclusion(leaves[index]!, index, size, proof.slice(1), root));
    }
  }
  assert(!verifyInclusion(leaves[0]!, 0, 0, [], rootOf([])));
  assert(!verifyInclusion(leaves[0]!, -1, 5, [], leaves[0]!));
  assert(!verifyInclusion(leaves[0]!, 0, 2 ** 60, [], leaves[0]!));
});

test('every older tree is proved to be how a newer one begins, and no other tree is', async () => {
  for (let to = 1; to <= SIZE; to++) {
    const newer = { size: to, root: rootOf(leaves.slice(0, to)) };
    for (let from = 1; from <= to; from++) {
      const older = { size: from, root: rootOf(leaves.slice(0, from)) };
      const proof = await consistencyProof(read, from, to);
      assert(verifyConsistency(older, newer, proof), `${from} to ${to}`);
      const forged = { size: from, root: rootOf([...leaves.slice(0, from - 1), leafHash(Buffer.from('forged'))]) };
      assert(!verifyConsistency(forged, newer, proof), `forged ${from} to ${to}`);
      if (proof.length > 0) assert(!verifyConsistency(older, newer, proof.slice(0, -1)));
      assert(!verifyConsistency(older, newer, [...proof, newer.root]));
    }
  }
  assert(verifyConsistency({ size: 0, root: rootOf([]) }, { size: 3, root: leaves[0]! }, []));
  assert(!verifyConsistency({ size: 3, root: leaves[0]! }, { size: 2, root: leaves[0]! }, []));
});
