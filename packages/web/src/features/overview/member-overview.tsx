import Box from '@mui/material/Box';
import { useQuery } from '@tanstack/react-query';
import { linkOptions } from '@tanstack/react-router';
import { routeQuery } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { PendingCard } from '../../ui/states.tsx';
import { overviewMessages } from './messages.ts';
import { NoteLink, Tile, Tiles } from './tile.tsx';

const ALL = { query: { limit: 500 } } as const;

/** Without the right to read traffic: what there is. */
export function MemberOverview() {
  const t = useMessages(overviewMessages);
  const gateways = useQuery(routeQuery('gateways.list', ALL));
  const resources = useQuery(routeQuery('resources.list', ALL));
  const error = gateways.error ?? resources.error;
  if (gateways.data === undefined || resources.data === undefined) {
    return (
      <PendingCard
        label={t('title')}
        error={error}
        onRetry={() => void Promise.all([gateways.refetch(), resources.refetch()])}
      />
    );
  }
  const active = gateways.data.items.filter(({ status }) => status === 'active');
  const away = active.filter(({ connected }) => !connected).length;
  const { items, nextCursor } = resources.data;
  return (
    <Box>
      <Tiles>
        <Tile
          to={linkOptions({ to: '/gateways' })}
          label={t('tile.gateways')}
          value={t('tile.gatewaysOf', { connected: active.length - away, all: active.length })}
          meaning={away > 0 ? 'bad' : active.length === 0 ? 'neutral' : 'ok'}
          note={away > 0 ? t('tile.away', { count: away }) : t('tile.noneAway')}
        />
        <Tile
          to={linkOptions({ to: '/resources' })}
          label={t('tile.resources')}
          value={`${items.length}${nextCursor === null ? '' : '+'}`}
          meaning="neutral"
          note={
            <NoteLink to={linkOptions({ to: '/resources', search: { origin: 'service' } })}>
              {t('tile.services', { count: items.filter(({ origin }) => origin === 'service').length })}
            </NoteLink>
          }
        />
      </Tiles>
    </Box>
  );
}
