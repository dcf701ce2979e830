import Typography from '@mui/material/Typography';
import { getRouteApi } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { type RowOf, useSearchedList } from '../../base/use-list.ts';
import { useSearchChange } from '../../base/use-search-change.ts';
import { TextLink } from '../../ui/button-link.tsx';
import { CopyText } from '../../ui/copy-text.tsx';
import { CreateButton } from '../../ui/create-button.tsx';
import { SiteIcon } from '../../ui/icons.tsx';
import { ListPage } from '../../ui/list-page.tsx';
import { type Column, rowLink } from '../../ui/list-table.tsx';
import { Tag } from '../../ui/tag.tsx';
import { Time } from '../../ui/time.tsx';
import { siteMessages } from './messages.ts';
import { accessText } from './site-access.ts';

type Row = RowOf<'sites.list'>;
const route = getRouteApi('/sites');
const AddSiteDialog = lazy(async () => ({ default: (await import('./add-site-dialog.tsx')).AddSiteDialog }));

export function SitesPage() {
  const t = useMessages(siteMessages);
  const may = useMay();
  const search = route.useSearch();
  const setSearch = useSearchChange();
  const list = useSearchedList('sites.list', search, { sorts: { name: 'name' } });
  const columns: Column<Row>[] = [
    {
      key: 'name',
      header: t('column.name'),
      value: ({ name }) => name,
      cell: (row) => (
        <TextLink to="/sites/$id" params={{ id: row.id }} sx={rowLink}>
          {row.name}
        </TextLink>
      ),
      width: 'minmax(0, 2fr)',
    },
    {
      key: 'connection',
      header: t('column.connection'),
      value: ({ connection }) => connection,
      cell: ({ connection }) => <Tag>{t(`connection.${connection}`)}</Tag>,
      width: '170px',
    },
    {
      key: 'destinations',
      header: t('column.destinations'),
      value: ({ destinations }) => destinations.length,
      cell: ({ destinations }) => (
        <Typography variant="body2" color="textSecondary" noWrap title={destinations.join(', ')}>
          {destinations.join(', ')}
        </Typography>
      ),
      from: 'sm',
      width: 'minmax(0, 3fr)',
    },
    {
      key: 'access',
      header: t('column.access'),
      value: (row) => accessText(row, t),
      cell: (row) => (
        <Typography variant="body2" noWrap>
          {accessText(row, t)}
        </Typography>
      ),
      from: 'md',
      width: 'minmax(0, 2fr)',
    },
    {
      key: 'updated',
      header: t('column.updated'),
      value: ({ updatedAt }) => Date.parse(updatedAt),
      cell: ({ updatedAt }) => <Time at={updatedAt} />,
      from: 'lg',
      width: '140px',
    },
  ];
  const add = (
    <CreateButton permission="sites:write" onClick={() => setSearch({ add: '1' })}>
      {t('add')}
    </CreateButton>
  );
  return (
    <>
      <ListPage
        title={t('title')}
        subtitle={t('subtitle')}
        actions={add}
        list={list}
        columns={columns}
        rowKey={({ id }) => id}
        textOf={(row) =>
          `${row.name} ${row.destinations.join(' ')} ${row.access.allow.join(' ')} ${row.segments.join(' ')}`
        }
        filters={[
          {
            key: 'connection',
            label: t('column.connection'),
            options: (['tunnel', 'local'] as const).map((value) => ({ value, label: t(`connection.${value}`) })),
            matches: (row, value) => row.connection === value,
          },
        ]}
        search={search}
        onSearch={setSearch}
        empty={{
          title: t('empty.title'),
          text: t('empty.text'),
          icon: <SiteIcon />,
          more: <CopyText text="npx zeronaut agent run --config agent.yaml" label={t('add.command')} />,
        }}
      />
      {search.add === undefined || !may('sites:write') ? null : (
        <Suspense>
          <AddSiteDialog onClose={() => setSearch({ add: undefined })} />
        </Suspense>
      )}
    </>
  );
}
