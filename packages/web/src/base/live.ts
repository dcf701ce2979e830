/** What live updates mean for the page: answers that are old are fetched again, how gateways are is put in at once. */
import type { AccessEvent, LiveChange, LiveEventFilter, LiveFromConsole, LiveGateway } from '@zeronaut/model';
import { useEffect, useSyncExternalStore } from 'react';
import { call, queryClient } from './api.ts';
import { LiveConnection, type LiveState, liveUrl } from './live-connection.ts';
import { withLive } from './live-gateway.ts';
import { routesOf } from './live-routes.ts';
import { patchCached } from './patch-cached.ts';
import { needsSignIn } from './session.ts';

type EventListener = {
  readonly filter: LiveEventFilter;
  readonly take: (events: readonly AccessEvent[], skipped: number) => void;
};

/** Changes of this time are one round of fetching. */
const GATHER_MS = 150;

let connection: LiveConnection | null = null;
let state: LiveState = 'connecting';
const stateListeners = new Set<() => void>();
const eventListeners = new Set<EventListener>();
const changedRoutes = new Set<string>();
let gathering: ReturnType<typeof setTimeout> | undefined;

/** Runs while somebody is signed in. Returns what ends it. */
export function startLive(): () => void {
  const own = new LiveConnection(liveUrl(location.origin), {
    onMessage: take,
    onState(next) {
      state = next;
      for (const listener of stateListeners) listener();
    },
    isSignedOut: () => call('me.get', {}).then(() => false, needsSignIn),
    onReset: () => void queryClient.invalidateQueries(),
  });
  connection = own;
  own.watchEvents(wantedEvents());
  const retry = () => own.retryNow();
  addEventListener('online', retry);
  document.addEventListener('visibilitychange', retry);
  return () => {
    removeEventListener('online', retry);
    document.removeEventListener('visibilitychange', retry);
    own.stop();
    connection = null;
  };
}

export function useLiveState(): LiveState {
  return useSyncExternalStore(
    (listener) => {
      stateListeners.add(listener);
      return () => stateListeners.delete(listener);
    },
    () => state,
  );
}

/** Access events as they happen, at most once per frame. `take` and `filter` must be stable; null: not now. */
export function useLiveEvents(filter: LiveEventFilter | null, take: EventListener['take']): void {
  const { resourceId, gatewayId, effect } = filter ?? {};
  const isOn = filter !== null;
  useEffect(() => {
    if (!isOn) return;
    let waiting: AccessEvent[] = [];
    let skipped = 0;
    let frame = 0;
    const listener: EventListener = {
      filter: {
        ...(resourceId !== undefined && { resourceId }),
        ...(gatewayId !== undefined && { gatewayId }),
        ...(effect !== undefined && { effect }),
      },
      take(events, more) {
        waiting.push(...events);
        skipped += more;
        if (frame !== 0) return;
        frame = requestAnimationFrame(() => {
          frame = 0;
          const [shown, left] = [waiting, skipped];
          waiting = [];
          skipped = 0;
          take(shown, left);
        });
      },
    };
    eventListeners.add(listener);
    connection?.watchEvents(wantedEvents());
    return () => {
      cancelAnimationFrame(frame);
      eventListeners.delete(listener);
      connection?.watchEvents(wantedEvents());
    };
  }, [isOn, resourceId, gatewayId, effect, take]);
}

/** One filter goes to the console as it is; of several everything comes, and each takes its own. */
function wantedEvents(): LiveEventFilter | undefined {
  const filters = new Map([...eventListeners].map(({ filter }) => [JSON.stringify(filter), filter]));
  return filters.size === 0 ? undefined : filters.size === 1 ? filters.values().next().value : {};
}

function take(message: LiveFromConsole): void {
  switch (message.type) {
    case 'changes':
      for (const route of message.items.flatMap(({ noun }: LiveChange) => routesOf(noun))) changedRoutes.add(route);
      gather();
      break;
    case 'gateways':
      for (const gateway of message.items) putGateway(gateway);
      // Its load alone changes no number of the overview, and nothing that it reaches.
      if (message.items.every(({ load }) => load !== undefined)) break;
      changedRoutes.add('overview.');
      changedRoutes.add('resources.health');
      gather();
      break;
    case 'events':
      for (const { filter, take: hand } of eventListeners) {
        const events = message.items.filter((event) => matchesFilter(event, filter));
        if (events.length > 0 || message.skipped > 0) hand(events, message.skipped);
      }
      break;
    case 'resync':
      void queryClient.invalidateQueries();
      break;
  }
}

function matchesFilter(event: AccessEvent, { resourceId, gatewayId, effect }: LiveEventFilter): boolean {
  return (
    (resourceId === undefined || event.resourceId === resourceId) &&
    (gatewayId === undefined || event.gatewayId === gatewayId) &&
    (effect === undefined || event.effect === effect)
  );
}

function gather(): void {
  if (gathering !== undefined) return;
  gathering = setTimeout(() => {
    gathering = undefined;
    const starts = [...changedRoutes];
    changedRoutes.clear();
    void queryClient.invalidateQueries({
      predicate: ({ queryKey }) => starts.some((start) => String(queryKey[0]).startsWith(start)),
    });
  }, GATHER_MS);
}

function putGateway(gateway: LiveGateway): void {
  patchCached(
    queryClient,
    (route) => route.startsWith('gateways.'),
    gateway.id,
    (shown) => withLive(shown, gateway),
  );
}
