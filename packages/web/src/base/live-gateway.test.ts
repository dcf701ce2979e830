import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LiveGateway } from '@zeronaut/model';
import { withLive } from './live-gateway.ts';

const load = {
  ...{
    startedAt: '2026-11-29T08:00:00.000Z',
    connections: 3,
    tunnels: 1,
    streams: 2,
    cpuPercent: 12,
    tcpConnections: 4,
  },
  ...{ memoryBytes: 90_000_000, delayMs: 1.5, eventsWaiting: 0, eventsDropped: 0 },
};
const live: LiveGateway = { id: 'gw_1', connected: true, snapshotVersion: 7, at: '2026-11-29T08:00:30.000Z', load };
const shown = {
  id: 'gw_1',
  wantedSnapshotVersion: 7,
  behindSince: 'then',
  load: null,
  loadAt: null,
  loadIsStale: false,
};

test('a gateway that caught up is not behind, and what it said is shown', () => {
  const { connected, snapshotVersion } = live;
  assert.deepEqual(withLive(shown, live), {
    ...shown,
    ...{ connected, snapshotVersion, lastSeenAt: live.at, behindSince: null, load, loadAt: live.at },
  });
  assert.equal((withLive({ ...shown, wantedSnapshotVersion: 8 }, live) as typeof shown).behindSince, 'then');
});

test('the last word of a gateway that went is old, and stays', () => {
  const { load: _, ...gone } = { ...live, connected: false };
  const next = withLive({ ...shown, load, loadAt: 'then' }, gone) as typeof shown;
  assert.deepEqual([next.load, next.loadAt, next.loadIsStale], [load, 'then', true]);
  assert.equal((withLive(shown, gone) as typeof shown).loadIsStale, false, 'it never said anything');
});

test('an hour of points is kept, one for each step', () => {
  const of = (history: unknown[]) =>
    (withLive({ ...shown, history }, live) as unknown as { history: unknown[] }).history;
  const point = { at: live.at, cpuPercent: 12, memoryBytes: 90_000_000, delayMs: 1.5, connections: 3, rawFlows: 4 };
  assert.deepEqual(of([]), [{ ...point, tunnels: 1, streams: 2 }]);
  assert.equal(of([{ at: '2026-11-29T08:00:20.000Z' }]).length, 1, 'too soon');
  assert.equal(of(Array.from({ length: 240 }, () => ({ at: '2026-11-29T08:00:00.000Z' }))).length, 240);
});
