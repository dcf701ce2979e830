import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import { getRouteApi } from '@tanstack/react-router';
import { openConnections } from '@zeronaut/model';
import { lazy, Suspense } from 'react';
import { formatCount } from '../../base/chart-scale.ts';
import { useLanguage, useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { type RowOf, useSearchedList } from '../../base/use-list.ts';
import { useLiveTraffic } from '../../base/use-live-traffic.ts';
import { useSearchChange } from '../../base/use-search-change.ts';
import { TextLink } from '../../ui/button-link.tsx';
import { CreateButton } from '../../ui/create-button.tsx';
import { GatewayIcon } from '../../ui/icons.tsx';
import { ListPage } from '../../ui/list-page.tsx';
import { type Column, rowLink } from '../../ui/list-table.tsx';
import { RowSparkline } from '../../ui/row-sparkline.tsx';
import { Time } from '../../ui/time.tsx';
import { EnrolDialog } from './enrol-dialog.tsx';
import { GatewayLag, versionsBehind } from './gateway-lag.tsx';
import { GATEWAY_STATES, GatewayStatus, stateOf } from './gateway-status.tsx';
import { gatewayMessages } from './messages.ts';

type Row = RowOf<'gateways.list'>;
const route = getRouteApi('/gateways');
const WorldMap = lazy(async () => ({
  default: (await import('../../ui/world-map-section.tsx')).WorldMapSection,
}));

export function GatewaysPage() {
  const t = useMessages(gatewayMessages);
  const language = useLanguage();
  const may = useMay();
  const search = route.useSearch();
  const setSearch = useSearchChange();
  useLiveTraffic({});
  const list = useSearchedList('gateways.list', search, {
    sorts: { name: 'name', lastSeen: 'seen', load: 'cpu', connections: 'connections' },
  });
  const columns: Column<Row>[] = [
    {
      key: 'name',
      header: t('column.name'),
      value: ({ name }) => name,
      cell: (row) => (
        <>
          <TextLink to="/gateways/$id" params={{ id: row.id }} sx={rowLink}>
            {row.name}
          </TextLink>
          <Typography variant="caption" color="textSecondary" component="div">
            {[row.baseDomain, row.region, row.softwareVersion].filter(Boolean).join(' · ')}
          </Typography>
          {/* Where there is no column for it. */}
          <Typography variant="caption" component="div" sx={{ display: { md: 'none' } }}>
            {t('column.snapshot')} <GatewayLag gateway={row} />
          </Typography>
        </>
      ),
    },
    ...(may('events:read')
      ? [
          {
            key: 'hour',
            header: t('column.hour'),
            cell: ({ id }: Row) => <RowSparkline id={id} />,
            from: 'lg',
            width: '110px',
          } as const,
        ]
      : []),
    {
      key: 'status',
      header: t('column.status'),
      value: stateOf,
      cell: (row) => <GatewayStatus gateway={row} />,
      width: '140px',
    },
    {
      key: 'snapshot',
      header: t('column.snapshot'),
      value: versionsBehind,
      cell: (row) => <GatewayLag gateway={row} />,
      from: 'md',
      width: '140px',
    },
    {
      key: 'load',
      header: t('column.load'),
      value: ({ load }) => load?.cpuPercent ?? null,
      cell: ({ load, loadIsStale }) =>
        load === null ? (
          t('fact.unknown')
        ) : (
          <Typography component="span" variant="body2" color={loadIsStale ? 'textSecondary' : undefined}>
            {`${formatCount(Math.round(load.cpuPercent), language)} %`}
          </Typography>
        ),
      from: 'sm',
      width: '70px',
    },
    {
      key: 'connections',
      header: t('column.connections'),
      value: ({ load }) => (load === null ? null : openConnections(load)),
      cell: ({ load, loadIsStale }) =>
        load === null ? (
          t('fact.unknown')
        ) : (
          <Typography component="span" variant="body2" color={loadIsStale ? 'textSecondary' : undefined}>
            {formatCount(openConnections(load), language)}
          </Typography>
        ),
      from: 'lg',
      width: '110px',
    },
    {
      key: 'lastSeen',
      header: t('column.lastSeen'),
      value: ({ lastSeenAt }) => (lastSeenAt === null ? null : Date.parse(lastSeenAt)),
      cell: ({ lastSeenAt }) => <Time at={lastSeenAt} />,
      from: 'sm',
      width: '140px',
    },
  ];
  const enrol = (
    <CreateButton permission="gateways:write" onClick={() => setSearch({ enrol: '1' })}>
      {t('enrol')}
    </CreateButton>
  );

  return (
    <>
      <ListPage
        title={t('title')}
        subtitle={t('subtitle')}
        actions={enrol}
        above={
          <Box sx={{ mb: 2, '&:empty': { display: 'none' } }}>
            <Suspense>
              <WorldMap />
            </Suspense>
          </Box>
        }
        list={list}
        columns={columns}
        rowKey={({ id }) => id}
        textOf={(row) => `${row.name} ${row.baseDomain} ${row.region} ${row.publicHost}`}
        filters={[
          {
            key: 'status',
            label: t('column.status'),
            options: GATEWAY_STATES.map((value) => ({
              value,
              label: t(`status.${value}`),
            })),
            matches: (row, value) => stateOf(row) === value,
          },
        ]}
        search={search}
        onSearch={setSearch}
        empty={{ title: t('empty.title'), text: t('empty.text'), icon: <GatewayIcon /> }}
      />
      {search.enrol === undefined || !may('gateways:write') ? null : (
        <EnrolDialog onClose={() => setSearch({ enrol: undefined })} />
      )}
    </>
  );
}
