import type { LiveEventFilter } from '@zeronaut/model';
import { useCallback, useEffect, useRef } from 'react';
import { queryClient } from './api.ts';
import { useLiveEvents } from './live.ts';

/** New traffic is counted anew at most this often, however much there is. */
const EVERY_MS = 5_000;

/** Numbers of traffic on the page follow what happens. Null: not now. */
export function useLiveTraffic(filter: LiveEventFilter | null): void {
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  useEffect(
    () => () => {
      if (timer.current !== null) clearTimeout(timer.current);
      timer.current = null;
    },
    [],
  );
  useLiveEvents(
    filter,
    useCallback(() => {
      timer.current ??= setTimeout(() => {
        timer.current = null;
        void queryClient.invalidateQueries({
          predicate: ({ queryKey }) => /^(?:traffic|overview|accessEvents)\./.test(String(queryKey[0])),
        });
      }, EVERY_MS);
    }, []),
  );
}
