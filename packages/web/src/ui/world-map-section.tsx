import { useQuery } from '@tanstack/react-query';
import type { DeviceView, GatewayView, Permission, SiteView } from '@zeronaut/model';
import { routeQuery } from '../base/api.ts';
import { type Translate, useMessages } from '../base/messages.ts';
import { useMay } from '../base/session.ts';
import { uiMessages } from './messages.ts';
import { Section } from './section.tsx';
import { type MapPoint, WorldMap } from './world-map.tsx';

type Words = Translate<NonNullable<ReturnType<(typeof uiMessages)['loaded']['get']>>>;
const LIMIT = 500;

/**
 * The map of active gateways, of sites, each with the agent that serves it, and of agents that have a place of their own, as soon as one of
 * them has a place. Import it lazily: it brings the outline of the world along.
 */
export function WorldMapSection() {
  const t = useMessages(uiMessages);
  const may = useMay();
  const { data: gateways } = useQuery(routeQuery('gateways.list', { query: { status: 'active', limit: LIMIT } }));
  const { data: sites } = useQuery({
    ...routeQuery('sites.list', { query: { limit: LIMIT } }),
    enabled: may('sites:read'),
  });
  const { data: agents } = useQuery({
    ...routeQuery('devices.list', { query: { placed: 'true', state: 'approved', limit: LIMIT } }),
    enabled: may('devices:read'),
  });
  const isThere = (known: unknown, permission: Permission) => known !== undefined || !may(permission);
  if (gateways === undefined || !isThere(sites, 'sites:read') || !isThere(agents, 'devices:read')) return null;
  const points = [
    ...gateways.items.map((gateway) => gatewayPoint(gateway, t)),
    ...(sites?.items ?? []).map((site) => sitePoint(site, t)),
    ...(agents?.items ?? []).map((agent) => agentPoint(agent, t)),
  ];
  if (points.every(({ place }) => place === null)) return null;
  return (
    <Section title={t('map.title')}>
      <WorldMap points={points} />
    </Section>
  );
}

function gatewayPoint({ id, name, place, connected, load }: GatewayView, t: Words): MapPoint {
  const tunnels = load === null || !connected ? null : t('map.tunnels', { count: load.tunnels });
  return {
    ...{ id, name, place, to: '/gateways/$id', kind: t('map.gateway'), tunnels, isWell: connected },
    state: t(connected ? 'map.connected' : 'map.away'),
  };
}

function agentPoint({ id, name, place, connected }: DeviceView, t: Words): MapPoint {
  return {
    ...{ id, name, place, to: '/devices/$id', kind: t('map.agent'), tunnels: null, isWell: connected },
    state: t(connected ? 'map.connected' : 'map.away'),
  };
}

/** An agent is where its site is. */
function sitePoint({ id, name, place, connected }: SiteView, t: Words): MapPoint {
  return {
    ...{ id, name, place, to: '/sites/$id', kind: t('map.site'), tunnels: null, isWell: connected },
    state: t(connected === null ? 'map.local' : connected ? 'map.connected' : 'map.away'),
  };
}
