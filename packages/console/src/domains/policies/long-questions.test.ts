import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askAtLength, type GiveWay } from './long-questions.ts';

/** Keeps the thread for a millisecond in each of many steps. */
async function think(giveWay: GiveWay, steps: number, said: string[], name: string): Promise<string> {
  said.push(`${name} begins`);
  for (let step = 0; step < steps; step++) {
    const stepEnds = performance.now() + 1;
    while (performance.now() < stepEnds);
    await giveWay();
  }
  said.push(`${name} ends`);
  return name;
}

test('a long question keeps nobody from a turn, and each caller has one at a time', async () => {
  const said: string[] = [];
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const answers = await Promise.allSettled([
    askAtLength('ann', (giveWay) => think(giveWay, 60, said, 'first')),
    askAtLength('ann', async (giveWay) => {
      await think(giveWay, 5, said, 'second');
      throw new Error('no answer');
    }),
    askAtLength('ann', (giveWay) => think(giveWay, 5, said, 'third')),
    askAtLength('bob', (giveWay) => think(giveWay, 20, said, 'other')),
  ]);
  clearInterval(timer);
  assert.ok(turns >= 3, `${turns} turns for everybody else`);
  assert.deepEqual(
    answers.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
  );
  const ofAnn = said.filter((line) => !line.startsWith('other'));
  assert.deepEqual(
    ofAnn,
    ['first', 'second', 'third'].flatMap((name) => [`${name} begins`, `${name} ends`]),
  );
  assert.ok(said.indexOf('other ends') < said.indexOf('first ends'), said.join());
});
