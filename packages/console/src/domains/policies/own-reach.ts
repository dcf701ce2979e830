import { Refusal } from '../../store/refusal.ts';
import type { Caller, Context } from '../context.ts';
import { portalUrl } from '../gateways/gateways.ts';
import { readFacts } from '../organizations/organization-facts.ts';
import { type Page, type PageQuery, parseCursor, searchPage } from '../page.ts';
import { serviceUrls } from '../services/services.ts';
import { Judge } from './judge.ts';
import { askAtLength, type GiveWay } from './long-questions.ts';
import { type ReachRow, reachOf } from './reach.ts';

/** Gateways whose addresses are told of one resource. */
const MAX_GATEWAYS = 20;
/**
 * Resources that are looked at for one page: whoever may use few of thousands gets them over several. Of a page's time as much is read
 * for whatever it looks at, so that many small pages take several times as long as few.
 */
const LOOKED_AT = 500;

export interface OwnReach {
  id: string;
  name: string;
  kind: 'resource' | 'site';
  protocol: 'http' | 'tcp' | 'udp' | null;
  urls: string[];
  /** Only where other gateways keep them out. */
  gateways?: string[];
  /** Only of ports that are not public: where their address is authorised. */
  portals?: string[];
  depends: boolean;
}

/** What lets the caller in now, approved requests included: for their own page, so it says neither rules nor policies. */
export async function listOwnReach(
  context: Context,
  caller: Caller,
  query: PageQuery,
): Promise<Page<OwnReach> | Refusal> {
  const after = parseCursor(query.cursor, ['string']);
  if (after instanceof Refusal) return after;
  const afterId = String(after?.[0] ?? '');
  return await askAtLength(caller.userId, (giveWay) => listOwnReachAfter(context, caller, query, afterId, giveWay));
}

async function listOwnReachAfter(
  context: Context,
  caller: Caller,
  query: PageQuery,
  afterId: string,
  giveWay: GiveWay,
): Promise<Page<OwnReach> | Refusal> {
  const nowMs = context.clock();
  const facts = await readFacts(context.store.db, caller.organizationId, nowMs, {
    userId: caller.userId,
    resources: { afterId, limit: LOOKED_AT },
  });
  const judge = new Judge(facts, nowMs);
  const user = judge.user(caller.userId);
  if (user === undefined) return { items: [], nextCursor: null };
  const resources = new Map(facts.resources.map((resource) => [resource.id, resource]));
  const rows: OwnReach[] = [];
  // Ids of sites come after those of resources.
  const last = facts.resources.length < LOOKED_AT ? null : facts.resources.at(-1)!.id;
  for (const object of [...judge.objects].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    if (object.id <= afterId || (last !== null && object.id > last)) continue;
    await giveWay();
    const { kind, actions } = reachOf(judge, user, object);
    const open = actions.filter(({ effect }) => effect !== 'deny');
    if (open.length === 0) continue;
    const resource = resources.get(object.id);
    const letting = gatewaysOf(open);
    const gateways = facts.gateways.filter(({ name }) => letting?.has(name) ?? true).slice(0, MAX_GATEWAYS);
    rows.push({
      id: object.id,
      name: object.name,
      kind,
      protocol: resource?.protocol ?? null,
      urls:
        resource === undefined
          ? []
          : [...new Set([...serviceUrls(resource, gateways), ...ownDomains(resource, gateways)])],
      ...(letting !== null && { gateways: [...letting] }),
      ...(resource !== undefined &&
        resource.protocol !== 'http' &&
        resource.access.mode !== 'public' && { portals: gateways.map(portalUrl) }),
      depends: !open.some(
        ({ effect, atGateways }) =>
          effect === 'pass' || (atGateways?.some((answer) => answer.effect === 'pass') ?? false),
      ),
    });
    if (rows.length > query.limit) break;
  }
  return searchPage(
    rows,
    query.limit,
    last === null ? null : [last],
    (row) => row,
    (row) => [row.id],
  );
}

/** Names of the gateways that let in for one of the actions; null: none keeps out. */
function gatewaysOf(open: ReachRow['actions']): ReadonlySet<string> | null {
  const [letting, refusing] = [new Set<string>(), new Set<string>()];
  for (const { atGateways } of open) {
    // One action that is the same everywhere is enough.
    if (atGateways === undefined) return null;
    for (const { effect, gateways } of atGateways) {
      for (const name of gateways) (effect === 'deny' ? refusing : letting).add(name);
    }
  }
  return refusing.isSubsetOf(letting) ? null : letting;
}

/** Names of their own, at each port where gateways take visitors. Patterns are no addresses. */
function ownDomains(
  resource: { readonly domains: readonly string[] },
  gateways: readonly { readonly https_port: number }[],
): string[] {
  const ports = [...new Set(gateways.map(({ https_port }) => https_port))];
  return resource.domains
    .filter((domain) => !domain.startsWith('*.'))
    .flatMap((domain) => ports.map((port) => `https://${domain}${port === 443 ? '' : `:${port}`}`));
}
