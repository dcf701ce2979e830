import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { routeQuery } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useNameOf } from '../../base/people.ts';
import { type RowOf, useSearchedList } from '../../base/use-list.ts';
import { useSearchChange } from '../../base/use-search-change.ts';
import { TextLink } from '../../ui/button-link.tsx';
import { CreateButton } from '../../ui/create-button.tsx';
import { DeviceIcon } from '../../ui/icons.tsx';
import { ListPage } from '../../ui/list-page.tsx';
import { type Column, rowLink } from '../../ui/list-table.tsx';
import { Time } from '../../ui/time.tsx';
import { DeviceStatus, PostureSummary, STATES, stateOf, weaknessesOf } from './device-state.tsx';
import { DevicePresence } from './device-tunnels.tsx';
import { EnrolDeviceDialog } from './enrol-device-dialog.tsx';
import { deviceMessages } from './messages.ts';

type Row = RowOf<'devices.list'>;
const route = getRouteApi('/devices');
const ALL = { query: { limit: 500 } } as const;

export function DevicesPage() {
  const t = useMessages(deviceMessages);
  const nameOf = useNameOf();
  const search = route.useSearch();
  const setSearch = useSearchChange();
  const list = useSearchedList('devices.list', search, { sorts: { name: 'name', seen: 'seen' } });
  const resources = useQuery(routeQuery('resources.list', ALL));
  const sites = useQuery(routeQuery('sites.list', ALL));
  const publishes = (row: Row) => ({
    services: resources.data?.items.filter(({ deviceId }) => deviceId === row.id).length ?? 0,
    sites: sites.data?.items.filter(({ deviceId }) => deviceId === row.id).length ?? 0,
  });
  const isAgent = (row: Row) => publishes(row).services + publishes(row).sites > 0;
  const columns: Column<Row>[] = [
    {
      key: 'name',
      header: t('column.name'),
      value: ({ name }) => name,
      cell: (row) => (
        <>
          <TextLink to="/devices/$id" params={{ id: row.id }} sx={rowLink}>
            {row.name}
          </TextLink>
          <Typography variant="caption" color="textSecondary" component="div">
            {nameOf(row.userId)}
          </Typography>
        </>
      ),
    },
    {
      key: 'state',
      header: t('column.state'),
      value: (row) => STATES.indexOf(stateOf(row)),
      cell: (row) => <DeviceStatus device={row} />,
      width: '140px',
    },
    {
      key: 'seen',
      header: t('column.seen'),
      value: ({ connected, lastSeenAt }) =>
        connected ? Number.MAX_SAFE_INTEGER : lastSeenAt === null ? null : Date.parse(lastSeenAt),
      cell: (row) => <DevicePresence device={row} />,
      from: 'sm',
      width: '130px',
    },
    {
      key: 'publishes',
      header: t('column.publishes'),
      value: (row) => publishes(row).services + publishes(row).sites,
      cell: (row) => {
        const count = publishes(row);
        if (!isAgent(row)) return <Typography color="textSecondary">{t('publishes.none')}</Typography>;
        return [
          count.services === 0 ? '' : t('publishes.services', { count: count.services }),
          count.sites === 0 ? '' : t('publishes.sites', { count: count.sites }),
        ]
          .filter(Boolean)
          .join(', ');
      },
      from: 'lg',
      width: '150px',
    },
    {
      key: 'posture',
      header: t('column.posture'),
      value: (row) => (row.posture === null ? null : weaknessesOf(row)),
      cell: (row) => (
        <>
          <PostureSummary device={row} />
          {row.posture === null ? null : (
            <Typography variant="caption" color="textSecondary" component="div">
              <Time at={row.posture.collectedAt} />
            </Typography>
          )}
        </>
      ),
      from: 'lg',
      width: '220px',
    },
  ];
  const enrol = <CreateButton onClick={() => setSearch({ enrol: '1' })}>{t('enrol')}</CreateButton>;
  return (
    <>
      <ListPage
        title={t('title')}
        subtitle={t('subtitle')}
        actions={enrol}
        list={list}
        columns={columns}
        rowKey={({ id }) => id}
        textOf={(row) => `${row.name} ${nameOf(row.userId)} ${row.posture?.facts.os ?? ''} ${row.segments.join(' ')}`}
        filters={[
          {
            key: 'state',
            label: t('column.state'),
            options: STATES.map((value) => ({ value, label: t(`state.${value}`) })),
            matches: (row, value) => stateOf(row) === value,
          },
          {
            key: 'kind',
            label: t('column.kind'),
            options: (['agent', 'client'] as const).map((value) => ({ value, label: t(`kind.${value}`) })),
            matches: (row, value) => isAgent(row) === (value === 'agent'),
          },
        ]}
        search={search}
        onSearch={setSearch}
        empty={{ title: t('empty.title'), text: t('empty.text'), icon: <DeviceIcon /> }}
      />
      {search.enrol === undefined ? null : <EnrolDeviceDialog onClose={() => setSearch({ enrol: undefined })} />}
    </>
  );
}
