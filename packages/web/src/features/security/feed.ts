import type { AccessEvent } from '@zeronaut/model';

/** What is kept of the feed in the page; older ones are fetched again when somebody wants them. */
export const MAX_LIVE = 2_000;

/** Filters that the API and the feed know alike. */
export interface FeedFilter {
  readonly q?: string | undefined;
  readonly effect?: string | undefined;
  readonly resourceId?: string | undefined;
  readonly reason?: string | undefined;
  readonly subject?: string | undefined;
  readonly sourceAddress?: string | undefined;
}

export function keyOf({ gatewayId, epoch, seq }: AccessEvent): string {
  return `${gatewayId}.${epoch}.${seq}`;
}

/** As `accessEvents.list` filters, for what comes live. */
export function fits(event: AccessEvent, filter: FeedFilter): boolean {
  for (const name of ['effect', 'resourceId', 'reason', 'subject', 'sourceAddress'] as const) {
    if (filter[name] !== undefined && event[name] !== filter[name]) return false;
  }
  const q = filter.q?.trim().toLowerCase() ?? '';
  if (q === '') return true;
  const { host, path, subject, sourceAddress, requestId, explanation } = event;
  return [host, path, subject, sourceAddress, requestId, ...(explanation?.policies ?? [])].some((text) =>
    text.toLowerCase().includes(q),
  );
}

/** New events (oldest first, as they come) on top of those that are there, newest first. */
export function prepend(rows: readonly AccessEvent[], events: readonly AccessEvent[]): readonly AccessEvent[] {
  if (events.length === 0) return rows;
  return [...events.toReversed(), ...rows].slice(0, MAX_LIVE);
}

/** The live ones, and below them those of the API that are not among them. */
export function joined(live: readonly AccessEvent[], stored: readonly AccessEvent[]): readonly AccessEvent[] {
  if (live.length === 0) return stored;
  const known = new Set(live.map(keyOf));
  return [...live, ...stored.filter((event) => !known.has(keyOf(event)))];
}
