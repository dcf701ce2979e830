import type { AccessEvent, LiveEventFilter } from '@zeronaut/model';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useLiveEvents } from '../../base/live.ts';
import { type FeedFilter, fits, MAX_LIVE, prepend } from './feed.ts';

/** Five times a second is as fast as people read; between them, events cost nothing but their place in a list. */
const SHOW_EVERY_MS = 200;
/** Who has scrolled down reads: rows must not move away under their eyes. */
const READING_PX = 160;

export interface Feed {
  /** Newest first. */
  readonly live: readonly AccessEvent[];
  /** Held back, as somebody paused or reads further down. */
  readonly waiting: number;
  /** Beyond what the console tells live. */
  readonly skipped: number;
  readonly release: () => void;
}

/** Access events as they happen, for one filter; another filter begins anew. */
export function useFeed(filter: FeedFilter, paused: boolean): Feed {
  const [live, setLive] = useState<readonly AccessEvent[]>([]);
  const [waiting, setWaiting] = useState(0);
  const [skipped, setSkipped] = useState(0);
  const held = useRef<AccessEvent[]>([]);
  const current = useRef({ filter, paused });
  current.current = { filter, paused };

  const release = useCallback(() => {
    const events = held.current;
    held.current = [];
    setWaiting(0);
    setLive((rows) => prepend(rows, events));
  }, []);

  const take = useCallback((events: readonly AccessEvent[], more: number) => {
    const fitting = events.filter((event) => fits(event, current.current.filter));
    if (more > 0) setSkipped((before) => before + more);
    if (fitting.length === 0) return;
    held.current.push(...fitting);
    if (held.current.length > MAX_LIVE) held.current = held.current.slice(-MAX_LIVE);
  }, []);

  useEffect(() => {
    const timer = setInterval(() => {
      if (held.current.length === 0) return;
      if (current.current.paused || scrollY > READING_PX) setWaiting(held.current.length);
      else release();
    }, SHOW_EVERY_MS);
    return () => clearInterval(timer);
  }, [release]);

  const key = JSON.stringify(filter);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another filter, another feed
  useEffect(() => {
    held.current = [];
    setLive([]);
    setWaiting(0);
    setSkipped(0);
  }, [key]);

  const asked: LiveEventFilter = {
    ...(filter.resourceId !== undefined && { resourceId: filter.resourceId }),
    ...(filter.effect !== undefined && { effect: filter.effect as AccessEvent['effect'] }),
  };
  useLiveEvents(asked, take);
  return { live, waiting, skipped, release };
}
