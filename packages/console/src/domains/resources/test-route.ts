import type {
  AccessAnswer,
  AccessQuestionInput,
  AssumedCircumstances,
  Balancing,
  HeaderRules,
  Reason,
  Resource,
  ResourceLimits,
  Target,
} from '@zeronaut/model';
import { REASONS } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import type { Caller, Context } from '../context.ts';
import type { GatewayRow } from '../gateways/gateways.ts';
import { type OrganizationFacts, readFacts } from '../organizations/organization-facts.ts';
import { Judge } from '../policies/judge.ts';
import { portalHost } from './names.ts';

export interface RouteQuestion {
  readonly url: string;
  readonly method: string;
  readonly user: AccessQuestionInput['user'];
  readonly circumstances: AssumedCircumstances;
}

export interface RouteAnswer {
  host: string;
  port: number | null;
  path: string;
  match: 'name' | 'domain' | 'wildcard' | 'port' | 'portal' | 'disabled' | 'none';
  resource: { id: string; name: string } | null;
  gateways: { id: string; name: string; connected: boolean }[];
  targets: Target[];
  headers: HeaderRules | null;
  limits: ResourceLimits | null;
  balancing: Balancing | null;
  answer: AccessAnswer | null;
  reason: Reason;
  title: string;
  next: string;
}

interface Found {
  readonly match: RouteAnswer['match'];
  readonly resource: OrganizationFacts['resources'][number] | null;
  readonly gateways: readonly GatewayRow[];
}

const READING = /^(?:GET|HEAD|OPTIONS)$/;

/** Goes the way of a request in its order (host or port, access rule and policies, targets) with what the console knows. */
export async function testRoute(
  context: Context,
  caller: Caller,
  question: RouteQuestion,
): Promise<RouteAnswer | Refusal> {
  const url = parseRoute(question.url);
  if (url === null) {
    return new Refusal('api.invalid', {
      errors: [{ path: '/url', message: 'not like https://host/path or tcp://host:port' }],
    });
  }
  const { db } = context.store;
  const facts = await readFacts(db, caller.organizationId, context.clock());
  const found = url.protocol === 'http' ? byHost(facts, url.host) : byPort(facts, url.protocol, url.port);
  const { resource } = found;
  const { host, port, path } = url;
  const connected = context.connectedGateways();
  const base = {
    ...{ host, port, path, match: found.match },
    resource: resource === null ? null : { id: resource.id, name: resource.name },
    gateways: found.gateways.map(({ id, name }) => ({ id, name, connected: connected.has(id) })),
    targets: resource?.targets ?? [],
    headers: resource?.headers ?? null,
    limits: resource?.limits ?? null,
    balancing: resource?.balancing ?? null,
  };
  if (resource === null) {
    const off = await disabledResource(context, caller.organizationId, url, facts.gateways);
    const match = found.match === 'none' && off !== null ? 'disabled' : found.match;
    const reason =
      match === 'portal' ? 'access.portal' : url.protocol === 'http' ? 'router.no_resource' : 'router.port_closed';
    return { ...base, match, resource: match === 'disabled' ? off : null, answer: null, reason, ...wordsOf(reason) };
  }
  const judge = new Judge(facts, context.clock());
  const prepared = judge.prepare({
    user: question.user,
    action: url.protocol !== 'http' ? 'connect' : READING.test(question.method) ? 'read' : 'write',
    object: resource.id,
    circumstances: { ...question.circumstances, ...(url.protocol === 'http' ? { method: question.method, path } : {}) },
  });
  if (prepared instanceof Refusal) return prepared;
  const answer = judge.answer(prepared);
  const usable = resource.targets.some(({ weight }) => weight > 0);
  const reason = answer.effect === 'pass' && !usable ? 'balancer.no_target' : (answer.reason as Reason);
  return { ...base, answer, reason, ...wordsOf(reason) };
}

function wordsOf(reason: Reason): { title: string; next: string } {
  const { title, next } = REASONS[reason];
  return { title, next };
}

function parseRoute(
  text: string,
): { protocol: Resource['protocol']; host: string; port: number | null; path: string } | null {
  const whole = /^[a-z]+:\/\//i.test(text) ? text : `https://${text}`;
  if (!URL.canParse(whole)) return null;
  const url = new URL(whole);
  const port = url.port === '' ? null : Number(url.port);
  if (url.protocol === 'tcp:' || url.protocol === 'udp:') {
    return port === null
      ? null
      : { protocol: url.protocol === 'tcp:' ? 'tcp' : 'udp', host: url.hostname, port, path: '' };
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return null;
  return { protocol: 'http', host: url.hostname.replace(/\.$/, ''), port, path: url.pathname.slice(0, 1024) };
}

/** As a gateway looks: the exact name, the portal, then a wildcard that stands for one label. */
function byHost({ resources, gateways }: OrganizationFacts, host: string): Found {
  const http = resources.filter(({ protocol }) => protocol === 'http');
  const ofBase = gateways.filter(({ base_domain: base }) => host.endsWith(`.${base}`));
  const named = http.find(({ name }) => ofBase.some(({ base_domain: base }) => host === `${name}.${base}`));
  if (named !== undefined) {
    const own = ofBase.filter(({ base_domain: base }) => host === `${named.name}.${base}`);
    return { match: 'name', resource: named, gateways: own };
  }
  const exact = http.find(({ domains }) => domains.includes(host));
  if (exact !== undefined) return { match: 'domain', resource: exact, gateways };
  const portals = gateways.filter((gateway) => portalHost(gateway) === host);
  if (portals.length > 0) return { match: 'portal', resource: null, gateways: portals };
  const parent = host.slice(host.indexOf('.') + 1);
  const wild = host.includes('.') ? http.find(({ domains }) => domains.includes(`*.${parent}`)) : undefined;
  if (wild !== undefined) return { match: 'wildcard', resource: wild, gateways };
  return { match: 'none', resource: null, gateways: [] };
}

function byPort({ resources, gateways }: OrganizationFacts, protocol: 'tcp' | 'udp', port: number | null): Found {
  const resource = resources.find((one) => one.protocol === protocol && one.port === port);
  if (resource === undefined) return { match: 'none', resource: null, gateways: [] };
  return { match: 'port', resource, gateways };
}

/** A resource that would answer if it were switched on: snapshots do not hold it, so facts do not either. */
async function disabledResource(
  context: Context,
  organizationId: string,
  url: { protocol: Resource['protocol']; host: string; port: number | null },
  gateways: readonly GatewayRow[],
): Promise<{ id: string; name: string } | null> {
  const { db } = context.store;
  const off = db
    .selectFrom('resources')
    .select(['id', 'name'])
    .where('organization_id', '=', organizationId)
    .where('protocol', '=', url.protocol)
    .where('enabled', '=', 0);
  if (url.protocol !== 'http') return (await off.where('port', '=', url.port).executeTakeFirst()) ?? null;
  const names = gateways
    .filter(({ base_domain: base }) => url.host.endsWith(`.${base}`))
    .map(({ base_domain: base }) => url.host.slice(0, -base.length - 1));
  const domains = [url.host, `*.${url.host.slice(url.host.indexOf('.') + 1)}`];
  const byDomain = db
    .selectFrom('resource_domains')
    .select('resource_id')
    .where('organization_id', '=', organizationId)
    .where('domain', 'in', domains);
  const row = await off
    .where((eb) => eb.or([eb('name', 'in', names.length > 0 ? names : ['']), eb('id', 'in', byDomain)]))
    .executeTakeFirst();
  return row ?? null;
}
