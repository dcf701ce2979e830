import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createId, type ReportedAddressGrant, SYNC_MAX_REPORTED_GRANTS } from '@zeronaut/model';
import { waitFor } from '@zeronaut/testkit';
import { AddressReports, type TellAddressGrants } from './address-reports.ts';

const reported = (): ReportedAddressGrant => ({
  ...{
    id: createId('grant'),
    resourceId: createId('resource'),
    userId: createId('user'),
    sessionId: createId('session'),
  },
  ...{ address: '192.0.2.1', createdAt: '2026-01-01T00:00:00.000Z', expiresAt: '2026-01-01T01:00:00.000Z' },
  ended: null,
});

/** A gateway with so many grants, and a console that answers as `answer` says. */
function start(
  count: number,
  answer: (report: readonly ReportedAddressGrant[]) => Awaited<ReturnType<TellAddressGrants>>,
) {
  const all = Array.from({ length: count }, reported);
  let waiting: ReportedAddressGrant[] = [];
  let changed: () => void = () => undefined;
  const told: { ids: string[]; open: number | null }[] = [];
  const ended: string[] = [];
  let settled = 0;
  const reports = new AddressReports(async (grants, open) => {
    told.push({ ids: grants.map(({ id }) => id), open: open?.length ?? null });
    return answer(grants);
  });
  reports.start({
    untold: (limit) => waiting.slice(0, limit),
    told: (grants) => {
      waiting = waiting.filter((grant) => !grants.includes(grant));
    },
    tellAnew: () => {
      waiting = [...all];
    },
    openIds: () => all.map(({ id }) => id),
    end: (ids) => ended.push(...ids),
    settle: () => settled++,
    onChange: (listener) => {
      changed = listener;
    },
  });
  return {
    ...{ reports, told, ended },
    settled: () => settled,
    add() {
      const grant = reported();
      all.push(grant);
      waiting.push(grant);
      changed();
      return grant;
    },
  };
}
const takeAll = (grants: readonly ReportedAddressGrant[]) => ({ taken: grants.length, ended: [] as string[] });

test('all on each new link in reports of a bounded size, the last with what counts, then what changes', async (t) => {
  const world = start(SYNC_MAX_REPORTED_GRANTS + 1, takeAll);
  t.after(() => world.reports.stop());
  assert.equal(world.told.length, 0, 'nothing without a link');
  world.reports.linkUp();
  await waitFor(() => world.settled() === 1, { what: 'all is told' });
  assert.deepEqual(
    world.told.map(({ ids, open }) => [ids.length, open]),
    [
      [SYNC_MAX_REPORTED_GRANTS, null],
      [1, SYNC_MAX_REPORTED_GRANTS + 1],
    ],
  );
  const { id } = world.add();
  await waitFor(() => world.told.length === 3, { what: 'the change is told' });
  assert.deepEqual(world.told[2], { ids: [id], open: null });
  world.reports.linkDown();
  world.add();
  world.reports.linkUp();
  await waitFor(() => world.told.length === 5, { what: 'all is told again' });
  assert.equal(world.told[4]!.open, SYNC_MAX_REPORTED_GRANTS + 3);
});

test('an empty gateway says so, and one that cannot reach its console waits for nothing', async (t) => {
  const empty = start(0, takeAll);
  t.after(() => empty.reports.stop());
  empty.reports.linkUp();
  await waitFor(() => empty.settled() === 1, { what: 'it is told' });
  assert.deepEqual(empty.told, [{ ids: [], open: 0 }]);
  const alone = start(1, takeAll);
  t.after(() => alone.reports.stop());
  alone.reports.linkDown();
  assert.equal(alone.settled(), 1);
});

test('what the console does not let count is ended before the others count', async (t) => {
  const order: string[] = [];
  const world = start(2, (grants) => {
    order.push('asked');
    return { taken: grants.length, ended: [grants[0]!.id] };
  });
  t.after(() => world.reports.stop());
  world.reports.linkUp();
  await waitFor(() => world.settled() === 1, { what: 'it is settled' });
  assert.deepEqual(world.ended, [world.told[0]!.ids[0]]);
});

test('what was not taken is told again after a while, and until then nothing counts as settled', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const answers = [null, { taken: 1, ended: [] }, { taken: 2, ended: [] }];
  const world = start(3, () => answers.shift() ?? null);
  t.after(() => world.reports.stop());
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  world.reports.linkUp();
  await turn();
  for (const reportsSoFar of [1, 2]) {
    assert.equal(world.told.length, reportsSoFar);
    assert.equal(world.told.at(-1)!.open, 2 + reportsSoFar);
    world.add();
    await turn();
    assert.equal(world.told.length, reportsSoFar, 'not at once');
    t.mock.timers.tick(1);
    t.mock.timers.tick(5_000);
    await turn();
  }
  assert.equal(world.told.length, 3);
});
