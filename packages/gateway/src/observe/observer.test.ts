import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createId } from '@zeronaut/model';
import { temporaryDirectory } from '@zeronaut/testkit';
import { watchFiles } from '../config/watch.ts';
import { CountryFile } from '../country-file.ts';
import { atOnce } from '../turns.ts';
import type { UnnumberedEvent } from './event-line.ts';
import { createLog } from './log.ts';
import { FlowCounters } from './metrics.ts';
import { AccessObserver } from './observer.ts';
import { Spool } from './spool.ts';

test('events for the console have the country of their source, those for watchers and of private addresses none', (t) => {
  const log = createLog({ level: 'error', destination: { write: () => undefined } });
  const gatewayId = createId('gateway');
  const spool = new Spool({ directory: temporaryDirectory('observer'), gatewayId, log });
  t.after(() => spool.close());
  const countries = new CountryFile({ path: null, log, watch: watchFiles });
  const observer = new AccessObserver({ gatewayId, spool, countries, counters: new FlowCounters(), log });
  const watched: object[] = [];
  observer.subscribe((event) => void watched.push(event));
  const event: UnnumberedEvent = {
    ...{ at: '2026-01-01T00:00:00.000Z', requestId: 'req_1', organizationId: null, resourceId: null },
    ...{ protocol: 'http', effect: 'pass', reason: 'access.public', subject: '', credentialId: '' },
    ...{ sourceAddress: '193.5.0.1', method: 'GET', host: 'app.localhost', path: '/', status: 200 },
    ...{ bytesIn: 0, bytesOut: 1, durationMs: 1, targetId: '', snapshotVersion: 1 },
  };
  for (const sourceAddress of ['193.5.0.1', '8.8.8.8', '10.0.0.1', '193.5.0.1']) {
    observer.record({ ...event, sourceAddress });
  }
  spool.flush();
  const { lines } = atOnce(spool.readAfter(0, 10, 100_000, 0))!;
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).country),
    ['CH', 'US', undefined, 'CH'],
  );
  assert.equal(watched.length, 4);
  assert.ok(watched.every((one) => !('country' in one)));
});
