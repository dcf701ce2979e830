import Box from '@mui/material/Box';
import Card from '@mui/material/Card';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import type { AccessEvent } from '@zeronaut/model';
import { routeQuery } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useMay, useMe } from '../../base/session.ts';
import { ButtonLink, TextLink } from '../../ui/button-link.tsx';
import { StartIcon } from '../../ui/icons.tsx';
import { PageHeader } from '../../ui/page-header.tsx';
import { Section } from '../../ui/section.tsx';
import { EmptyState, ErrorState, RowsSkeleton } from '../../ui/states.tsx';
import { type Meaning, StatusChip } from '../../ui/status-chip.tsx';
import { Time } from '../../ui/time.tsx';
import { overviewMessages } from './messages.ts';

const ALL = { query: { limit: 500 } } as const;
const SHOWN_REFUSALS = 8;

export function OverviewPage() {
  const t = useMessages(overviewMessages);
  const me = useMe();
  const may = useMay();
  const gateways = useQuery(routeQuery('gateways.list', ALL));
  const resources = useQuery(routeQuery('resources.list', ALL));
  const events = useQuery({
    ...routeQuery('accessEvents.list', { query: { effect: 'deny', limit: SHOWN_REFUSALS } }),
    enabled: may('events:read'),
  });
  const error = gateways.error ?? resources.error;
  if (gateways.data === undefined || resources.data === undefined) {
    return (
      <>
        <PageHeader title={t('title')} subtitle={me.organization.name} />
        <Card>
          {error === null ? (
            <RowsSkeleton label={t('title')} />
          ) : (
            <ErrorState error={error} onRetry={() => void gateways.refetch()} />
          )}
        </Card>
      </>
    );
  }
  const active = gateways.data.items.filter(({ status }) => status === 'active');
  const connected = active.filter((one) => one.connected).length;
  const away = active.length - connected;
  const open = resources.data.items.filter(({ access, enabled }) => enabled && access.mode === 'public').length;
  return (
    <>
      <PageHeader title={t('title')} subtitle={me.organization.name} />
      <Box
        sx={{ display: 'grid', gap: 2, gridTemplateColumns: { xs: 'minmax(0, 1fr)', sm: 'repeat(2, minmax(0, 1fr))' } }}
      >
        <Tile
          to="/gateways"
          label={t('tile.gateways')}
          value={t('tile.gatewaysOf', { connected, all: active.length })}
          meaning={away > 0 ? 'bad' : active.length === 0 ? 'neutral' : 'ok'}
          note={away > 0 ? t('tile.away', { count: away }) : t('tile.noneAway')}
        />
        <Tile
          to="/resources"
          label={t('tile.resources')}
          value={`${resources.data.items.length}${resources.data.nextCursor === null ? '' : '+'}`}
          meaning={open > 0 ? 'warn' : 'neutral'}
          note={open > 0 ? t('tile.public', { count: open }) : t('tile.nonePublic')}
        />
      </Box>
      <Box sx={{ display: 'grid', gap: 2, mt: 2 }}>
        {resources.data.items.length === 0 && may('resources:write') ? (
          <Card>
            <EmptyState title={t('start.title')} icon={<StartIcon />}>
              <span>{t('start.text')}</span>
              <Box>
                <ButtonLink to="/first-steps" variant="contained">
                  {t('start.action')}
                </ButtonLink>
              </Box>
            </EmptyState>
          </Card>
        ) : null}
        {may('events:read') ? (
          <Section title={t('denied.title')} flush>
            {events.data === undefined ? (
              events.error === null ? (
                <RowsSkeleton rows={3} label={t('denied.title')} />
              ) : (
                <ErrorState error={events.error} onRetry={() => void events.refetch()} />
              )
            ) : events.data.items.length === 0 ? (
              <Typography color="textSecondary" sx={{ px: 2.5, pb: 2.5, pt: 1 }}>
                {t('denied.none')}
              </Typography>
            ) : (
              <Refusals events={events.data.items} />
            )}
          </Section>
        ) : null}
      </Box>
    </>
  );
}

interface TileProps {
  readonly to: '/gateways' | '/resources';
  readonly label: string;
  readonly value: string;
  readonly meaning: Meaning;
  readonly note: string;
}

/** A number that leads to its list. */
function Tile({ to, label, value, meaning, note }: TileProps) {
  return (
    <Card sx={{ p: 2.5, position: 'relative', '&:hover': { borderColor: 'primary.main' } }}>
      <TextLink
        to={to}
        sx={{
          color: 'text.secondary',
          fontSize: 13,
          textDecoration: 'none',
          '&::after': { content: '""', position: 'absolute', inset: 0 },
        }}
      >
        {label}
      </TextLink>
      <Typography variant="h1" component="p" sx={{ my: 0.5, fontVariantNumeric: 'tabular-nums' }}>
        {value}
      </Typography>
      <StatusChip meaning={meaning}>{note}</StatusChip>
    </Card>
  );
}

function Refusals({ events }: { readonly events: readonly AccessEvent[] }) {
  return (
    <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0 }}>
      {events.map((event) => (
        <Box
          component="li"
          key={`${event.gatewayId}.${event.epoch}.${event.seq}`}
          sx={{
            display: 'flex',
            flexWrap: 'wrap',
            columnGap: 2,
            alignItems: 'baseline',
            px: 2.5,
            py: 1.25,
            borderTop: 1,
            borderColor: 'divider',
          }}
        >
          <Box component="span" sx={{ flex: '1 1 260px', minWidth: 0, overflowWrap: 'anywhere' }}>
            {event.method} {event.host}
            {event.path}
          </Box>
          <code>{event.reason}</code>
          <Typography variant="body2" color="textSecondary" component="span">
            {event.sourceAddress} · <Time at={event.at} />
          </Typography>
        </Box>
      ))}
    </Box>
  );
}
