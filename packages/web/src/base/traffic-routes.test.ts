import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { routes } from '@zeronaut/model';
import { isMadeOfTraffic } from './traffic-routes.ts';

const SOURCES = `${import.meta.dirname}/..`;

test('what accesses change is asked for anew when some are told, and nothing else', () => {
  for (const route of ['traffic.sparklines', 'traffic.reasons', 'policies.hits', 'activity.get', 'overview.get']) {
    assert.ok(route in routes, route);
    assert.ok(isMadeOfTraffic(route), route);
  }
  for (const route of ['policies.list', 'resources.list', 'me.get', 'audit.list']) {
    assert.ok(route in routes, route);
    assert.ok(!isMadeOfTraffic(route), route);
  }
});

test('nothing polls: answers are asked for anew because the console told of a change', () => {
  const files = globSync('**/*.{ts,tsx}', { cwd: SOURCES }).filter((file) => !file.endsWith('.test.ts'));
  assert.ok(files.length > 200, String(files.length));
  const polling = files.filter((file) => readFileSync(`${SOURCES}/${file}`, 'utf8').includes('refetchInterval'));
  assert.deepEqual(polling, []);
});

test('a page that shows numbers of traffic watches it', () => {
  // `traffic.sparklines` is asked for by the rows of a list, for the page that has the list.
  const shown = /<RowSparkline|'traffic\.(?:get|reasons|top)'|'policies\.hits'|'activity\.\w+'/;
  // The charts above it watch.
  const below = 'features/overview/traffic-lists.tsx';
  const silent = globSync('**/*.tsx', { cwd: SOURCES }).filter((file) => {
    const source = readFileSync(`${SOURCES}/${file}`, 'utf8');
    return shown.test(source) && !source.includes('useLiveTraffic(') && file !== below;
  });
  assert.deepEqual(silent, []);
});
