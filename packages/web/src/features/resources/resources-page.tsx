import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import { getRouteApi } from '@tanstack/react-router';
import { useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { type RowOf, useSearchedList } from '../../base/use-list.ts';
import { useLiveTraffic } from '../../base/use-live-traffic.ts';
import { useSearchChange } from '../../base/use-search-change.ts';
import { ButtonLink, TextLink } from '../../ui/button-link.tsx';
import { CopyText } from '../../ui/copy-text.tsx';
import { PlusIcon, ResourceIcon } from '../../ui/icons.tsx';
import { ListPage } from '../../ui/list-page.tsx';
import { type Column, rowLink } from '../../ui/list-table.tsx';
import { RowSparkline } from '../../ui/row-sparkline.tsx';
import { StatusChip } from '../../ui/status-chip.tsx';
import { Tag } from '../../ui/tag.tsx';
import { Time } from '../../ui/time.tsx';
import { resourceMessages } from './messages.ts';
import { ResourceStatus } from './resource-status.tsx';

type Row = RowOf<'resources.list'>;
const route = getRouteApi('/resources');
const EXPOSE = 'npx zeronaut expose localhost:3000 http';

export function ResourcesPage() {
  const t = useMessages(resourceMessages);
  const may = useMay();
  const search = route.useSearch();
  const setSearch = useSearchChange();
  useLiveTraffic({});
  const list = useSearchedList('resources.list', search, {
    sorts: { name: 'name', updated: 'updated' },
    filters: ['protocol', 'origin'],
  });
  const columns: Column<Row>[] = [
    {
      key: 'name',
      header: t('column.name'),
      value: ({ name }) => name,
      cell: (row) => (
        <>
          <TextLink to="/resources/$id" params={{ id: row.id }} sx={rowLink}>
            {row.name}
          </TextLink>
          <Typography variant="caption" color="textSecondary" component="div">
            {row.port === null ? row.domains.join(', ') : `:${row.port}`}
          </Typography>
          {/* What a phone has no column for. */}
          <Typography variant="caption" color="textSecondary" component="div" sx={{ display: { sm: 'none' } }}>
            {row.protocol.toUpperCase()} · {t(`access.${row.access.mode}`)}
          </Typography>
        </>
      ),
    },
    {
      key: 'protocol',
      header: t('column.protocol'),
      value: ({ protocol }) => protocol,
      cell: ({ protocol }) => <Tag>{protocol.toUpperCase()}</Tag>,
      from: 'sm',
      width: '90px',
    },
    {
      key: 'access',
      header: t('column.access'),
      value: ({ access }) => access.mode,
      cell: ({ access }) => (
        <StatusChip meaning={access.mode === 'public' ? 'warn' : 'neutral'}>{t(`access.${access.mode}`)}</StatusChip>
      ),
      from: 'sm',
      width: '150px',
    },
    {
      key: 'target',
      header: t('column.target'),
      value: ({ targets }) => targets[0]?.address ?? null,
      cell: ({ targets }) => (
        <Typography variant="body2" color="textSecondary" noWrap>
          {targets[0]?.address} {targets.length > 1 ? t('targets.more', { count: targets.length - 1 }) : ''}
        </Typography>
      ),
      from: 'md',
    },
    {
      key: 'updated',
      header: t('column.updated'),
      value: (row) => Date.parse(row.updatedAt),
      cell: (row) => <Time at={row.updatedAt} />,
      from: 'lg',
      width: '130px',
    },
    ...(may('events:read')
      ? [
          {
            key: 'hour',
            header: t('column.hour'),
            cell: ({ id }: Row) => <RowSparkline id={id} />,
            from: 'md',
            width: '110px',
          } as const,
        ]
      : []),
    {
      key: 'status',
      header: t('column.status'),
      value: ({ enabled }) => (enabled ? 0 : 1),
      cell: (row) => <ResourceStatus resource={row} />,
      width: '110px',
    },
  ];

  const create = may('resources:write') ? (
    <ButtonLink to="/resources/new" variant="contained" data-create="" startIcon={<PlusIcon />}>
      {t('create')}
    </ButtonLink>
  ) : null;

  return (
    <ListPage
      title={t('title')}
      subtitle={t('subtitle')}
      actions={
        <>
          {may('policies:read') ? (
            <ButtonLink to="/resources/test" variant="outlined" color="inherit">
              {t('test.open')}
            </ButtonLink>
          ) : null}
          {create}
        </>
      }
      list={list}
      columns={columns}
      rowKey={({ id }) => id}
      textOf={(row) =>
        [row.name, row.protocol, row.port, ...row.domains, ...row.targets.map(({ address }) => address)].join(' ')
      }
      filters={[
        {
          key: 'protocol',
          label: t('column.protocol'),
          options: ['http', 'tcp', 'udp'].map((value) => ({ value, label: value.toUpperCase() })),
          matches: (row, value) => row.protocol === value,
        },
        {
          key: 'access',
          label: t('column.access'),
          options: (['login', 'public', 'policy'] as const).map((value) => ({ value, label: t(`access.${value}`) })),
          matches: (row, value) => row.access.mode === value,
        },
        {
          key: 'origin',
          label: t('column.origin'),
          options: (['service', 'declared'] as const).map((value) => ({ value, label: t(`origin.${value}`) })),
          matches: (row, value) => row.origin === value,
        },
      ]}
      search={search}
      onSearch={setSearch}
      empty={{
        title: t('empty.title'),
        text: t('empty.text'),
        icon: <ResourceIcon />,
        more: (
          <Box>
            <CopyText text={EXPOSE} label={t('empty.command')} />
          </Box>
        ),
        actions: create === null ? null : t('empty.other'),
      }}
    />
  );
}
