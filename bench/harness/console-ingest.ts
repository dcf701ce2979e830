import type { AccessEvent } from '@zeronaut/model';
import { storeEvents } from '../../packages/console/src/domains/access-events/access-events.ts';
import type { Context } from '../../packages/console/src/domains/context.ts';
import { LiveFeed } from '../../packages/console/src/live/live-feed.ts';
import { openStore } from '../../packages/console/src/store/store.ts';
import { testEvent } from '../../packages/console/src/testing/access-event.suite.ts';
import type { Seeded } from './console-seed.ts';

/** As a gateway under load sends them. */
const BATCH = 500;

/** Events a second that the console's own code stores and counts, a batch to a transaction, of one gateway after the other. */
export async function measureIngest(url: string, seeded: Seeded, total: number): Promise<number> {
  const store = await openStore(url);
  try {
    const { organization_id: organizationId } = await store.db
      .selectFrom('gateways')
      .select('organization_id')
      .where('id', '=', seeded.gatewayIds[0]!)
      .executeTakeFirstOrThrow();
    const context = { clock: Date.now, store, live: new LiveFeed() } as unknown as Context;
    const epoch = `epoch-${Date.now()}`;
    const batches = Array.from({ length: Math.ceil(total / BATCH) }, (_, index) =>
      batchOf(seeded, epoch, index, seeded.gatewayIds[(index * 7) % seeded.gatewayIds.length]!),
    );
    const startedAt = performance.now();
    for (const events of batches) {
      await store.transaction((queries) =>
        storeEvents(queries, context, organizationId, events[0]!.gatewayId, epoch, events),
      );
    }
    return (batches.length * BATCH) / ((performance.now() - startedAt) / 1000);
  } finally {
    await store.close();
  }
}

function batchOf({ serviceIds, userIds }: Seeded, epoch: string, batch: number, gatewayId: string): AccessEvent[] {
  return Array.from({ length: BATCH }, (_, index) => {
    const n = batch * BATCH + index;
    return testEvent({
      ...{ gatewayId, epoch, seq: n + 1, at: new Date().toISOString(), path: `/page/${n % 1_000}`, durationMs: n % 90 },
      // Few services have most of what happens.
      resourceId: serviceIds[Math.floor(((n * 0.618) % 1) ** 3 * serviceIds.length)]!,
      subject: userIds[(n * 104_729) % userIds.length]!,
      ...(n % 20 === 0 && { effect: 'deny' as const, reason: 'access.not_allowed' as const, status: 403 }),
    });
  });
}
