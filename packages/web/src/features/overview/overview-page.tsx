import Box from '@mui/material/Box';
import Card from '@mui/material/Card';
import { useQuery } from '@tanstack/react-query';
import { linkOptions } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { routeQuery } from '../../base/api.ts';
import { formatCount, formatMs } from '../../base/chart-scale.ts';
import { useLanguage, useMessages } from '../../base/messages.ts';
import { reasonTexts } from '../../base/reason-texts.ts';
import { useMay, useMe } from '../../base/session.ts';
import { ButtonLink } from '../../ui/button-link.tsx';
import { StartIcon } from '../../ui/icons.tsx';
import { PageHeader } from '../../ui/page-header.tsx';
import { EmptyState, PendingCard, RowsSkeleton } from '../../ui/states.tsx';
import { Alarms } from './alarms.tsx';
import { MemberOverview } from './member-overview.tsx';
import { overviewMessages } from './messages.ts';
import { NoteLink, Tile, Tiles } from './tile.tsx';

const MINUTE_MS = 60_000;
const WorldMap = lazy(async () => ({
  default: (await import('../../ui/world-map-section.tsx')).WorldMapSection,
}));
/** Numbers first: charts and lists come right behind. */
const TrafficCharts = lazy(async () => ({
  default: (await import('../../ui/traffic-charts.tsx')).TrafficCharts,
}));

const LatestLists = lazy(async () => {
  const [module] = await Promise.all([import('./traffic-lists.tsx'), reasonTexts.load()]);
  return { default: module.LatestLists };
});

/** What is up, what is wrong, and what goes through. Who may not read traffic sees what there is. */
export function OverviewPage() {
  const t = useMessages(overviewMessages);
  const me = useMe();
  return (
    <>
      <PageHeader title={t('title')} subtitle={me.organization.name} />
      {useMay()('events:read') ? <Everything /> : <MemberOverview />}
    </>
  );
}

function Everything() {
  const t = useMessages(overviewMessages);
  const language = useLanguage();
  const may = useMay();
  const { data, error, refetch } = useQuery(routeQuery('overview.get', {}));
  if (data === undefined) {
    return <PendingCard label={t('title')} error={error} onRetry={() => void refetch()} />;
  }
  const { counts, lastMinute } = data;
  // The last full one, as it is counted.
  const minuteMs = Math.floor(Date.parse(data.at) / MINUTE_MS) * MINUTE_MS;
  const minute = { from: new Date(minuteMs - MINUTE_MS).toISOString(), to: new Date(minuteMs).toISOString() };
  const waiting = (
    <Card>
      <RowsSkeleton rows={5} label={t('title')} />
    </Card>
  );
  const away = counts.gateways - counts.gatewaysConnected;
  const published = counts.resources + counts.services;
  return (
    <Box sx={{ display: 'grid', gap: 2, gridTemplateColumns: 'minmax(0, 1fr)' }}>
      <Tiles>
        <Tile
          to={linkOptions({ to: '/gateways' })}
          label={t('tile.gateways')}
          value={t('tile.gatewaysOf', { connected: counts.gatewaysConnected, all: counts.gateways })}
          meaning={away > 0 ? 'bad' : counts.gateways === 0 ? 'neutral' : 'ok'}
          note={away > 0 ? t('tile.away', { count: away }) : t('tile.noneAway')}
        />
        <Tile
          to={linkOptions({ to: '/resources' })}
          label={t('tile.resources')}
          value={formatCount(published, language)}
          meaning="neutral"
          note={
            <NoteLink to={linkOptions({ to: '/resources', search: { origin: 'service' } })}>
              {t('tile.services', { count: counts.services })}
            </NoteLink>
          }
        />
        <Tile
          to={linkOptions({ to: '/security', search: minute })}
          label={t('tile.minute')}
          value={formatCount(lastMinute.requests, language)}
          meaning={lastMinute.failed > 0 ? 'bad' : 'neutral'}
          note={
            lastMinute.failed > 0 ? (
              <NoteLink to={linkOptions({ to: '/security', search: { ...minute, failed: 'true' } })}>
                {t('tile.failed', { count: lastMinute.failed })}
              </NoteLink>
            ) : lastMinute.p90Ms === null ? (
              t('tile.quiet')
            ) : (
              t('tile.p90', { time: formatMs(lastMinute.p90Ms, language) })
            )
          }
        />
        {may('incidents:read') ? (
          <Tile
            to={linkOptions({ to: '/security/incidents', search: { state: 'current' } })}
            label={t('tile.incidents')}
            value={formatCount(counts.openIncidents, language)}
            meaning={counts.newIncidents > 0 ? 'bad' : counts.openIncidents > 0 ? 'warn' : 'ok'}
            note={
              counts.newIncidents > 0 ? (
                <NoteLink to={linkOptions({ to: '/security/incidents', search: { state: 'open' } })}>
                  {t('tile.incidentsNew', { count: counts.newIncidents })}
                </NoteLink>
              ) : (
                t(counts.openIncidents > 0 ? 'tile.incidentsNone' : 'tile.nothingWrong')
              )
            }
          />
        ) : null}
        <Tile
          to={linkOptions({ to: '/access-requests', search: { status: 'pending' } })}
          label={t('tile.requests')}
          value={formatCount(counts.pendingRequests, language)}
          meaning={counts.pendingRequests > 0 ? 'warn' : 'neutral'}
          note={
            <span>
              <NoteLink to={linkOptions({ to: '/users' })}>{t('tile.people', { users: counts.users })}</NoteLink>
              {', '}
              <NoteLink to={linkOptions({ to: '/devices' })}>{t('tile.devices', { devices: counts.devices })}</NoteLink>
            </span>
          }
        />
      </Tiles>
      <Alarms alarms={data.alarms} count={data.alarmCount} />
      {published === 0 && may('resources:write') ? (
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
      ) : (
        <>
          <Suspense fallback={waiting}>
            <TrafficCharts />
          </Suspense>
          <Suspense>
            <WorldMap />
          </Suspense>
          <Suspense fallback={waiting}>
            <LatestLists />
          </Suspense>
        </>
      )}
    </Box>
  );
}
