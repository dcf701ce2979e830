import { id, liveChange, liveGateway } from '@zeronaut/model';
import { z } from 'zod';
import type { Notices } from '../store/notices.ts';
import type { LiveFeed } from './live-feed.ts';

/** At most one notice of access events of an organization in this time. */
const EVENTS_EVERY_MS = 1_000;

const organizationId = id;
const notice = z.union([
  z.strictObject({
    organizationId,
    change: liveChange
      .omit({ mine: true })
      .extend({ id: z.string().max(64), ownerId: z.string().max(64).nullable(), actorId: z.string().max(64) }),
  }),
  z.strictObject({ organizationId, gateway: liveGateway }),
  z.strictObject({ organizationId, accessed: z.literal(true) }),
]);

/**
 * Pages watch one console, and a gateway is linked to one. What happens at another console on the same database is told to the
 * feed here all the same, and the other way round: changes and gateways as they are, of access events that there are some.
 * Returns how to stop.
 */
export function startLiveRelay(feed: LiveFeed, notices: Notices): () => void {
  const accessedTimers = new Map<string, NodeJS.Timeout>();
  const tell = (told: z.infer<typeof notice>): void => notices.tell('live', told);
  feed.tellAlso({
    changed: (organizationId, change) => tell({ organizationId, change }),
    gatewayIs: (organizationId, gateway) => tell({ organizationId, gateway }),
    accessed(organizationId) {
      if (accessedTimers.has(organizationId)) return;
      const told = setTimeout(() => {
        accessedTimers.delete(organizationId);
        tell({ organizationId, accessed: true });
      }, EVENTS_EVERY_MS);
      accessedTimers.set(organizationId, told.unref());
    },
  });
  notices.listen({
    onTold(topic, value) {
      if (topic !== 'live') return;
      const { data: told } = notice.safeParse(value);
      // A console of another version tells what is not understood here.
      if (told === undefined) feed.lostAll();
      else if ('change' in told) feed.elsewhere.changed(told.organizationId, told.change);
      else if ('gateway' in told) feed.elsewhere.gatewayIs(told.organizationId, told.gateway);
      else feed.elsewhere.accessed(told.organizationId);
    },
    onLost: () => feed.lostAll(),
  });
  return () => {
    for (const timer of accessedTimers.values()) clearTimeout(timer);
  };
}
