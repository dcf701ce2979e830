import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { getRouteApi } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { useMessages } from '../../base/messages.ts';
import { useGroups, useRoles } from '../../base/people.ts';
import { useMay } from '../../base/session.ts';
import { type RowOf, useSearchedList } from '../../base/use-list.ts';
import { useSearchChange } from '../../base/use-search-change.ts';
import { ButtonLink, TextLink } from '../../ui/button-link.tsx';
import { PlusIcon, UserIcon } from '../../ui/icons.tsx';
import { ListPage } from '../../ui/list-page.tsx';
import { type Column, rowLink } from '../../ui/list-table.tsx';
import { StatusChip } from '../../ui/status-chip.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { Tag, Tags } from '../../ui/tag.tsx';
import { Time } from '../../ui/time.tsx';
import { userMessages } from './messages.ts';

type Row = RowOf<'users.list'>;
const route = getRouteApi('/users');
const CreateUserDialog = lazy(async () => ({ default: (await import('./create-user-dialog.tsx')).CreateUserDialog }));

export function UsersPage() {
  const t = useMessages(userMessages);
  const may = useMay();
  const search = route.useSearch();
  const setSearch = useSearchChange();
  const groups = useGroups();
  const roles = useRoles();
  const all = useSearchedList('users.list', search, {
    sorts: { name: 'name', created: 'created' },
    filters: ['role', 'group', 'status'],
  });
  const list = { ...all, rows: all.rows?.filter(({ kind }) => kind !== 'service_account') };
  const columns: Column<Row>[] = [
    {
      key: 'name',
      header: t('column.name'),
      value: ({ name }) => name,
      cell: (row) => (
        <>
          <TextLink to="/users/$id" params={{ id: row.id }} sx={rowLink}>
            {row.name}
          </TextLink>
          <Typography variant="caption" color="textSecondary" component="div">
            {row.email}
          </Typography>
        </>
      ),
    },
    {
      key: 'role',
      header: t('column.role'),
      value: ({ role }) => role,
      cell: ({ role }) => <Tag>{role}</Tag>,
      width: '110px',
      from: 'sm',
    },
    {
      key: 'groups',
      header: t('column.groups'),
      value: ({ groups: of }) => of[0] ?? null,
      cell: ({ groups: of }) => <Tags of={of} />,
      from: 'md',
    },
    {
      key: 'created',
      header: t('column.created'),
      value: ({ createdAt }) => Date.parse(createdAt),
      cell: ({ createdAt }) => <Time at={createdAt} />,
      from: 'lg',
      width: '140px',
    },
    {
      key: 'status',
      header: t('column.status'),
      value: ({ status }) => status,
      cell: ({ status }) => (
        <StatusChip meaning={status === 'active' ? 'ok' : 'neutral'}>{t(`status.${status}`)}</StatusChip>
      ),
      width: '110px',
    },
  ];

  return (
    <>
      <ListPage
        title={t('title')}
        subtitle={t('subtitle')}
        tabs={<SubNavigation of="people" />}
        actions={
          may('users:write') ? (
            <>
              <Button variant="outlined" onClick={() => setSearch({ create: '1' })}>
                {t('create')}
              </Button>
              <ButtonLink to="/users/invitations" search={{ invite: '1' }} variant="contained" startIcon={<PlusIcon />}>
                {t('invite')}
              </ButtonLink>
            </>
          ) : null
        }
        list={list}
        columns={columns}
        rowKey={({ id }) => id}
        textOf={(row) => [row.name, row.email, row.role, ...row.groups].join(' ')}
        filters={[
          {
            key: 'role',
            label: t('column.role'),
            options: ['owner', ...roles.filter((one) => one !== 'owner')].map((value) => ({ value, label: value })),
            matches: (row, value) => row.role === value,
          },
          {
            key: 'group',
            label: t('column.group'),
            options: groups.map((value) => ({ value, label: value })),
            matches: (row, value) => row.groups.includes(value),
          },
          {
            key: 'status',
            label: t('column.status'),
            options: (['active', 'disabled'] as const).map((value) => ({ value, label: t(`status.${value}`) })),
            matches: (row, value) => row.status === value,
          },
        ]}
        search={search}
        onSearch={setSearch}
        empty={{ title: t('empty.title'), text: t('empty.text'), icon: <UserIcon /> }}
      />
      {search.create === undefined || !may('users:write') ? null : (
        <Suspense>
          <CreateUserDialog onClose={() => setSearch({ create: undefined })} />
        </Suspense>
      )}
    </>
  );
}
