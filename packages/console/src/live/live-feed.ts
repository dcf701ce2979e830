import { randomUUID } from 'node:crypto';
import type { AccessEvent, LiveChange, LiveGateway, LiveNoun } from '@zeronaut/model';

/**
 * What happened in each organization, for those who watch. Writers tell it after their commit and never wait; each subscriber
 * has its own bounds. Kept in memory only: it says what to look at again, and the database says how things are.
 */
export type LiveItem = { readonly seq: number } & (
  | { readonly part: 'changes'; readonly change: ToldChange }
  | { readonly part: 'gateways'; readonly gateway: LiveGateway }
  | { readonly part: 'events'; readonly event: ToldEvent }
);
export type LivePart = LiveItem['part'];

/** A change before it is known who looks. */
export interface ToldChange extends Omit<LiveChange, 'mine'> {
  readonly id: string;
  /** Whose it is, where it is somebody's. */
  readonly ownerId: string | null;
  readonly actorId: string;
}

/** An event, and its JSON once for all who get it. */
export interface ToldEvent {
  readonly event: AccessEvent;
  readonly json: () => string;
}

export interface LiveSubscriber {
  onItem(item: LiveItem): void;
  /** Of these something up to `seq` cannot be told. */
  onLost(parts: readonly LivePart[], seq: number): void;
}

/** Who hears of everything that is told here, whether somebody watches or not. */
export interface LiveListener {
  changed(organizationId: string, change: ToldChange): void;
  gatewayIs(organizationId: string, gateway: LiveGateway): void;
  accessed(organizationId: string): void;
}

/** Items of one organization that somebody who reconnects can still get, by part. */
const KEPT_CHANGES = 1_000;
const KEPT_GATEWAYS = 2_000;
const KEPT_EVENTS = 2_000;
/** How long they are kept after the last subscriber left. */
const KEEP_MS = 120_000;

const KEPT: Record<LivePart, number> = { changes: KEPT_CHANGES, gateways: KEPT_GATEWAYS, events: KEPT_EVENTS };
const PARTS = Object.keys(KEPT) as LivePart[];

interface OrganizationFeed {
  /** Of this life of the feed: `seq` means nothing in another. */
  readonly epoch: string;
  seq: number;
  readonly items: Record<LivePart, LiveItem[]>;
  /** By part: everything after this `seq` is in `items`. */
  readonly floor: Record<LivePart, number>;
  readonly subscribers: Set<LiveSubscriber>;
  forget: NodeJS.Timeout | null;
}

export interface Resumed {
  readonly epoch: string;
  /** Up to here `missed` and `lost` tell everything. */
  readonly seq: number;
  /** In order. */
  readonly missed: readonly LiveItem[];
  /** Of these something is missing. */
  readonly lost: readonly LivePart[];
}

export class LiveFeed {
  readonly #organizations = new Map<string, OrganizationFeed>();
  #listener: LiveListener | null = null;

  /** `listener` hears of what is told from now on, but not of what `elsewhere` hands in. */
  tellAlso(listener: LiveListener): void {
    this.#listener = listener;
  }

  changed(organizationId: string, change: ToldChange): void {
    this.elsewhere.changed(organizationId, change);
    this.#listener?.changed(organizationId, change);
  }

  gatewayIs(organizationId: string, gateway: LiveGateway): void {
    this.elsewhere.gatewayIs(organizationId, gateway);
    this.#listener?.gatewayIs(organizationId, gateway);
  }

  /** What happened at another console. Its access events are not told one by one. */
  readonly elsewhere: LiveListener = {
    changed: (organizationId, change) =>
      this.#add(organizationId, 'changes', (seq) => ({ seq, part: 'changes', change })),
    gatewayIs: (organizationId, gateway) =>
      this.#add(organizationId, 'gateways', (seq) => ({ seq, part: 'gateways', gateway })),
    accessed: (organizationId) => this.#lose(organizationId, ['events']),
  };

  /** Something may have happened of which nothing is known here. */
  lostAll(): void {
    for (const organizationId of this.#organizations.keys()) this.#lose(organizationId, PARTS);
  }

  accessed(organizationId: string, events: readonly AccessEvent[]): void {
    this.#listener?.accessed(organizationId);
    if (!this.#organizations.has(organizationId)) return;
    for (const event of events) {
      let text: string | undefined;
      const json = () => {
        text ??= JSON.stringify(event);
        return text;
      };
      this.#add(organizationId, 'events', (seq) => ({ seq, part: 'events', event: { event, json } }));
    }
  }

  /** From now on `subscriber` hears of everything; what came since its last position is in the answer. */
  subscribe(
    organizationId: string,
    subscriber: LiveSubscriber,
    since: { readonly epoch: string; readonly seq: number } | undefined,
  ): Resumed {
    const feed = this.#open(organizationId);
    feed.subscribers.add(subscriber);
    if (feed.forget !== null) clearTimeout(feed.forget);
    feed.forget = null;
    const { epoch, seq } = feed;
    if (since === undefined) return { epoch, seq, missed: [], lost: [] };
    if (since.epoch !== epoch || since.seq > seq) return { epoch, seq, missed: [], lost: PARTS };
    const lost = PARTS.filter((part) => since.seq < feed.floor[part]);
    const missed = PARTS.filter((part) => !lost.includes(part))
      .flatMap((part) => feed.items[part].filter((item) => item.seq > since.seq))
      .sort((a, b) => a.seq - b.seq);
    return { epoch, seq, missed, lost };
  }

  unsubscribe(organizationId: string, subscriber: LiveSubscriber): void {
    const feed = this.#organizations.get(organizationId);
    if (feed === undefined) return;
    feed.subscribers.delete(subscriber);
    if (feed.subscribers.size > 0 || feed.forget !== null) return;
    feed.forget = setTimeout(() => this.#organizations.delete(organizationId), KEEP_MS).unref();
  }

  #add(organizationId: string, part: LivePart, make: (seq: number) => LiveItem): void {
    // Where nobody looks, or did a moment ago, nothing is kept.
    const feed = this.#organizations.get(organizationId);
    if (feed === undefined) return;
    const item = make(++feed.seq);
    const items = feed.items[part];
    items.push(item);
    // Cut in blocks, so that each item costs the same.
    if (items.length >= KEPT[part] * 2) {
      const dropped = items.splice(0, items.length - KEPT[part]);
      feed.floor[part] = dropped.at(-1)!.seq;
    }
    for (const subscriber of feed.subscribers) subscriber.onItem(item);
  }

  #lose(organizationId: string, parts: readonly LivePart[]): void {
    const feed = this.#organizations.get(organizationId);
    if (feed === undefined) return;
    feed.seq++;
    for (const part of parts) {
      feed.items[part].length = 0;
      feed.floor[part] = feed.seq;
    }
    for (const subscriber of feed.subscribers) subscriber.onLost(parts, feed.seq);
  }

  #open(organizationId: string): OrganizationFeed {
    let feed = this.#organizations.get(organizationId);
    if (feed === undefined) {
      feed = {
        epoch: randomUUID(),
        seq: 0,
        items: { changes: [], gateways: [], events: [] },
        floor: { changes: 0, gateways: 0, events: 0 },
        subscribers: new Set(),
        forget: null,
      };
      this.#organizations.set(organizationId, feed);
    }
    return feed;
  }
}

/** The first word of an audit action, and what it is a change of. What is missing here is told as an entry only. */
const NOUN_OF_ACTION: Readonly<Record<string, LiveNoun>> = {
  access_request: 'access-requests',
  address_grant: 'addresses',
  api_key: 'api-keys',
  approval_rule: 'approval-rules',
  audit_export: 'audit-exports',
  consent: 'relying-parties',
  device: 'devices',
  device_policy: 'devices',
  factor: 'factors',
  gateway: 'gateways',
  group: 'groups',
  identity_provider: 'identity-providers',
  incident: 'incidents',
  invitation: 'invitations',
  notification: 'organization',
  organization: 'organization',
  personal_access_token: 'personal-access-tokens',
  policy: 'policies',
  policy_assertions: 'policies',
  relying_party: 'relying-parties',
  resource: 'resources',
  risk: 'risks',
  role: 'roles',
  scim_group: 'groups',
  service: 'services',
  service_account: 'service-accounts',
  session: 'sessions',
  setup: 'users',
  share: 'shares',
  sign_in_policy: 'organization',
  site: 'sites',
  user: 'users',
  // What a machine signs in as: of a trust itself each connection would have its credential looked at.
  workload: 'service-accounts',
  workload_trust: 'workload-trusts',
};

const NOUN_OF_SEGMENTS: Readonly<Record<string, LiveNoun>> = {
  resource: 'resources',
  site: 'sites',
  device: 'devices',
  gateway: 'gateways',
};

/** What an audit entry is a change of; null: of nothing that is listed. */
export function changeOf(entry: {
  readonly action: string;
  readonly objectKind: string;
  readonly objectId: string;
  readonly at: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly actor: { readonly kind: string; readonly id: string };
}): ToldChange | null {
  const { action, objectKind, actor } = entry;
  const word = action.slice(0, Math.max(0, action.indexOf('.')));
  const noun = word === 'segments' ? NOUN_OF_SEGMENTS[objectKind] : NOUN_OF_ACTION[word];
  if (noun === undefined) return null;
  const after = fieldsOf(entry.after);
  const before = fieldsOf(entry.before);
  // An entry about a request names the resource that it is about.
  const id = noun === 'access-requests' ? textOf(after.id ?? before.id) : entry.objectId;
  if (id === null) return null;
  const owner = textOf(after.userId ?? before.userId);
  return {
    noun,
    id,
    version: typeof after.version === 'number' ? after.version : null,
    action,
    at: entry.at,
    ownerId: owner ?? (objectKind === 'user' ? entry.objectId : actor.kind === 'user' ? actor.id : null),
    actorId: actor.id,
  };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
