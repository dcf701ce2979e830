import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { chooseBySource, chooseLeast, seedOf } from './choose-target.ts';

const targets = (...weights: number[]) =>
  weights.map((weight, i) => ({ id: `tgt_${i}`, weight, balance: 0, open: 0, seed: seedOf(`tgt_${i}`) }));
const SOURCES = Array.from({ length: 3_000 }, (_, i) => `10.${i >> 8}.${i & 255}.7`);

describe('least connections', () => {
  it('goes where the fewest are open, by weight, and takes turns among equals', () => {
    const [a, b, c] = targets(1, 1, 2) as [
      ReturnType<typeof targets>[0],
      ReturnType<typeof targets>[0],
      ReturnType<typeof targets>[0],
    ];
    for (let i = 0; i < 40; i++) chooseLeast([a, b, c])!.open++;
    assert.deepEqual([a.open, b.open, c.open], [10, 10, 20]);
    a.open -= 5;
    for (let i = 0; i < 5; i++) assert.equal(chooseLeast([a, b, c])!.open++, 5 + i, 'the one that has become free');
    const idle = targets(1, 1);
    assert.deepEqual(new Set([chooseLeast(idle), chooseLeast(idle)]).size, 2);
    assert.equal(chooseLeast(targets(0)), null);
    assert.equal(chooseLeast([]), null);
  });
});

describe('by source', () => {
  it('sends the same address to the same target, whatever stands in which order', () => {
    const all = targets(1, 1, 1, 1);
    for (const source of SOURCES.slice(0, 100)) {
      const chosen = chooseBySource(all, source);
      assert.equal(chooseBySource(all.toReversed(), source), chosen);
      assert.equal(chooseBySource(targets(1, 1, 1, 1), source)!.id, chosen!.id);
    }
  });

  it('moves only the share of a target that is lost, and spreads it', () => {
    const all = targets(1, 1, 1, 1);
    const left = all.slice(1);
    const moved = new Map<string, number>();
    for (const source of SOURCES) {
      const before = chooseBySource(all, source)!;
      const after = chooseBySource(left, source)!;
      if (before !== all[0]) assert.equal(after, before, source);
      else moved.set(after.id, (moved.get(after.id) ?? 0) + 1);
    }
    const counts = [...moved.values()];
    assert.equal(counts.length, 3);
    for (const count of counts) assert.ok(count > 175 && count < 325, String(counts));
  });

  it('shares by weight, and nothing for weight 0', () => {
    const all = targets(1, 3, 0);
    const counts = [0, 0, 0];
    for (const source of SOURCES) counts[all.indexOf(chooseBySource(all, source)!)]!++;
    assert.equal(counts[2], 0);
    assert.ok(counts[0]! > 650 && counts[0]! < 850, String(counts));
    assert.equal(chooseBySource(targets(0), 'a'), null);
  });
});
