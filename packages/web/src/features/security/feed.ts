import { type AccessEvent, isFailure } from '@zeronaut/model';

/** What is kept of the feed in the page; older ones are fetched again when somebody wants them. */
export const MAX_LIVE = 2_000;

/** What the page keeps in its URL. `event`: the access that is open beside the list, by its request id. */
export const FEED_SEARCH = [
  'effect',
  'failed',
  'resource',
  'gateway',
  'policy',
  'reason',
  'subject',
  'address',
  'from',
  'to',
  'event',
] as const;
export type FeedSearch = { readonly [Name in (typeof FEED_SEARCH)[number] | 'q']?: string };

const EFFECTS: readonly string[] = ['pass', 'challenge', 'deny'] satisfies AccessEvent['effect'][];

/** Filters that the API and the feed know alike. */
export interface FeedFilter {
  readonly q?: string | undefined;
  readonly effect?: string | undefined;
  readonly resourceId?: string | undefined;
  readonly reason?: string | undefined;
  readonly subject?: string | undefined;
  readonly sourceAddress?: string | undefined;
  readonly gatewayId?: string | undefined;
  readonly policyId?: string | undefined;
  readonly failed?: 'true' | 'false' | undefined;
  /** ISO 8601; `to` is not included. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** What the URL asks for. What it says wrongly, which the API would refuse, is left out: it may come from anywhere. */
export function filterOf(search: FeedSearch): FeedFilter {
  const { q, effect, failed, resource, gateway, policy, reason, subject, address } = search;
  const [from, to] = [timeOf(search.from), timeOf(search.to)];
  return {
    ...(q !== undefined && { q }),
    ...(effect !== undefined && EFFECTS.includes(effect) && { effect }),
    ...((failed === 'true' || failed === 'false') && { failed }),
    ...(resource !== undefined && { resourceId: resource }),
    ...(gateway !== undefined && { gatewayId: gateway }),
    ...(policy !== undefined && { policyId: policy }),
    ...(reason !== undefined && { reason }),
    ...(subject !== undefined && { subject }),
    ...(address !== undefined && { sourceAddress: address }),
    ...(from !== null && { from }),
    ...(to !== null && { to }),
  };
}

function timeOf(text: string | undefined): string | null {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}

export function keyOf({ gatewayId, epoch, seq }: AccessEvent): string {
  return `${gatewayId}.${epoch}.${seq}`;
}

/** As `accessEvents.list` filters, for what comes live. */
export function fits(event: AccessEvent, filter: FeedFilter): boolean {
  for (const name of ['effect', 'resourceId', 'gatewayId', 'reason', 'subject', 'sourceAddress'] as const) {
    if (filter[name] !== undefined && event[name] !== filter[name]) return false;
  }
  if (filter.failed !== undefined && String(isFailure(event)) !== filter.failed) return false;
  const atMs = Date.parse(event.at);
  if (filter.from !== undefined && atMs < Date.parse(filter.from)) return false;
  if (filter.to !== undefined && atMs >= Date.parse(filter.to)) return false;
  if (filter.policyId !== undefined && !policiesOf(event).includes(filter.policyId)) return false;
  const q = filter.q?.trim().toLowerCase() ?? '';
  if (q === '') return true;
  const { host, path, subject, sourceAddress, requestId, explanation } = event;
  return [host, path, subject, sourceAddress, requestId, ...(explanation?.policies ?? [])].some((text) =>
    text.toLowerCase().includes(q),
  );
}

/** Those that decided, and those that would have. */
function policiesOf({ explanation }: AccessEvent): readonly string[] {
  return [...(explanation?.policies ?? []), ...(explanation?.reported?.policies ?? [])];
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

/** As it came: what a visitor wrote into it is text. */
export function whatOf({ protocol, method, host, path, sourceAddress }: AccessEvent): string {
  // What was refused before there was a request has no host.
  if (host === '') return `${protocol.toUpperCase()} ${sourceAddress}`;
  return protocol === 'http' ? `${method} ${host}${path}` : `${protocol.toUpperCase()} ${host}${path}`;
}
