import { useQuery } from '@tanstack/react-query';
import { routeQuery } from '../base/api.ts';
import { useMessages } from '../base/messages.ts';
import { GatewayMap } from './gateway-map.tsx';
import { uiMessages } from './messages.ts';
import { Section } from './section.tsx';

/** The map of active gateways, as soon as one of them has a place. Import it lazily: it brings the outline of the world along. */
export function GatewayMapSection() {
  const t = useMessages(uiMessages);
  const { data } = useQuery(routeQuery('gateways.list', { query: { status: 'active', limit: 500 } }));
  if (data === undefined || data.items.every(({ place }) => place === null)) return null;
  return (
    <Section title={t('map.title')}>
      <GatewayMap gateways={data.items} />
    </Section>
  );
}
