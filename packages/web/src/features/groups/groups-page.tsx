import Button from '@mui/material/Button';
import { getRouteApi } from '@tanstack/react-router';
import type { Group } from '@zeronaut/model';
import { lazy, Suspense, useState } from 'react';
import { useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { useList } from '../../base/use-list.ts';
import { useSearchChange } from '../../base/use-search-change.ts';
import { TextLink } from '../../ui/button-link.tsx';
import { CreateButton } from '../../ui/create-button.tsx';
import { UserIcon } from '../../ui/icons.tsx';
import { actionsColumn } from '../../ui/list-columns.tsx';
import { ListPage } from '../../ui/list-page.tsx';
import { type Column, rowLink } from '../../ui/list-table.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { groupMessages } from './messages.ts';

const route = getRouteApi('/users/groups');
const Dialogs = () => import('./group-dialogs.tsx');
const CreateDialog = lazy(async () => ({ default: (await Dialogs()).CreateGroupDialog }));
const EditDialog = lazy(async () => ({ default: (await Dialogs()).EditGroupDialog }));
const RemoveDialog = lazy(async () => ({ default: (await Dialogs()).RemoveGroupDialog }));

/** A row leads to the users who are in it. */
export function GroupsPage() {
  const t = useMessages(groupMessages);
  const may = useMay();
  const search = route.useSearch();
  const setSearch = useSearchChange();
  const list = useList('groups.list', {});
  const [editing, setEditing] = useState<Group | null>(null);
  const [removing, setRemoving] = useState<Group | null>(null);
  const mayChange = may('users:write');
  const columns: Column<Group>[] = [
    {
      key: 'name',
      header: t('column.name'),
      value: ({ name }) => name,
      cell: ({ name }) => (
        <TextLink to="/users" search={{ group: name }} sx={rowLink}>
          {name}
        </TextLink>
      ),
    },
    {
      key: 'description',
      header: t('description'),
      value: ({ description }) => description || null,
      cell: ({ description }) => description || '–',
      from: 'md',
    },
    {
      key: 'people',
      header: t('column.people'),
      value: ({ people }) => people,
      cell: ({ people }) => t('people', { count: people }),
      width: '120px',
    },
    {
      key: 'programs',
      header: t('column.programs'),
      value: ({ programs }) => programs,
      cell: ({ programs }) => (programs === 0 ? '–' : programs),
      from: 'sm',
      width: '140px',
    },
    actionsColumn('200px', (row) =>
      mayChange ? (
        <>
          <Button size="small" onClick={() => setEditing(row)}>
            {t('edit')}
          </Button>
          <Button size="small" color="error" onClick={() => setRemoving(row)}>
            {t('remove')}
          </Button>
        </>
      ) : null,
    ),
  ];
  return (
    <>
      <ListPage
        title={t('title')}
        subtitle={t('subtitle')}
        tabs={<SubNavigation of="people" />}
        actions={
          <CreateButton permission="users:write" onClick={() => setSearch({ create: '1' })}>
            {t('create')}
          </CreateButton>
        }
        list={list}
        columns={columns}
        rowKey={({ id }) => id}
        textOf={({ name, description }) => `${name} ${description}`}
        filters={[
          {
            key: 'members',
            label: t('filter.members'),
            options: (['people', 'programs', 'none'] as const).map((value) => ({
              value,
              label: t(`filter.members.${value}`),
            })),
            matches: ({ people, programs }, value) =>
              value === 'none' ? people + programs === 0 : (value === 'people' ? people : programs) > 0,
          },
        ]}
        search={search}
        onSearch={setSearch}
        empty={{ title: t('empty.title'), text: t('empty.text'), icon: <UserIcon /> }}
      />
      <Suspense>
        {search.create === undefined || !mayChange ? null : (
          <CreateDialog onClose={() => setSearch({ create: undefined })} />
        )}
        {editing === null ? null : <EditDialog group={editing} onClose={() => setEditing(null)} />}
        {removing === null ? null : <RemoveDialog group={removing} onClose={() => setRemoving(null)} />}
      </Suspense>
    </>
  );
}
