import type { AccessEvent, LiveEventFilter } from '@zeronaut/model';
import { useCallback, useEffect, useRef } from 'react';
import { queryClient } from './api.ts';
import { useLiveEvents } from './live.ts';
import { useMay } from './session.ts';
import { isMadeOfTraffic } from './traffic-routes.ts';

/** New traffic is counted anew at most this often, however much there is. */
const EVERY_MS = 5_000;

interface LiveTrafficOptions {
  /** Which of them change a number of this page; must be stable. Without: all. */
  readonly concerns?: (event: AccessEvent) => boolean;
  readonly everyMs?: number;
}

/** Numbers of traffic on the page follow what happens. Null: not now. Who may not read events is told of none. */
export function useLiveTraffic(
  filter: LiveEventFilter | null,
  { concerns, everyMs = EVERY_MS }: LiveTrafficOptions = {},
): void {
  const may = useMay();
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  useEffect(
    () => () => {
      if (timer.current !== null) clearTimeout(timer.current);
      timer.current = null;
    },
    [],
  );
  useLiveEvents(
    // The console closes a connection that asks for events without the permission.
    may('events:read') ? filter : null,
    useCallback(
      (events, skipped) => {
        if (concerns !== undefined && skipped === 0 && !events.some(concerns)) return;
        timer.current ??= setTimeout(() => {
          timer.current = null;
          void queryClient.invalidateQueries({ predicate: ({ queryKey }) => isMadeOfTraffic(String(queryKey[0])) });
        }, everyMs);
      },
      [concerns, everyMs],
    ),
  );
}
