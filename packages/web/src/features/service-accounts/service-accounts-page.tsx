import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { getRouteApi } from '@tanstack/react-router';
import type { User } from '@zeronaut/model';
import { lazy, Suspense, useState } from 'react';
import { useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { tell } from '../../base/notices.ts';
import { useMay, useMe } from '../../base/session.ts';
import { useList } from '../../base/use-list.ts';
import { useSearchChange } from '../../base/use-search-change.ts';
import { TextLink } from '../../ui/button-link.tsx';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { CreateButton } from '../../ui/create-button.tsx';
import { KeyIcon } from '../../ui/icons.tsx';
import { actionsColumn } from '../../ui/list-columns.tsx';
import { ListPage } from '../../ui/list-page.tsx';
import { type Column, rowLink } from '../../ui/list-table.tsx';
import { RemovalEffects } from '../../ui/removal-effects.tsx';
import { StatusChip } from '../../ui/status-chip.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { Tag, Tags } from '../../ui/tag.tsx';
import { Time } from '../../ui/time.tsx';
import { useDone } from '../../ui/use-done.ts';
import { serviceAccountMessages } from './messages.ts';

const route = getRouteApi('/service-accounts');
const Dialogs = () => import('./service-account-dialogs.tsx');
const CreateDialog = lazy(async () => ({ default: (await Dialogs()).CreateServiceAccountDialog }));
const EditDialog = lazy(async () => ({ default: (await Dialogs()).EditServiceAccountDialog }));

export function ServiceAccountsPage() {
  const t = useMessages(serviceAccountMessages);
  const me = useMe();
  const may = useMay();
  const search = route.useSearch();
  const setSearch = useSearchChange();
  const list = useList('serviceAccounts.list', {});
  const done = useDone();
  const update = useRouteMutation(
    'serviceAccounts.update',
    ['serviceAccounts.list', 'users.list'],
    ({ params, body: { status } }) => ({ id: params.id, change: { status } }),
  );
  const setStatus = (id: string, status: User['status'], version: number) =>
    update.mutateAsync({ params: { id }, body: { status }, version });
  async function change(status: User['status'], before: User): Promise<void> {
    const { id, name, version } = await setStatus(before.id, status, before.version);
    const text = done(status === 'active' ? 'enabled' : 'disabled', name);
    tell(text, () => setStatus(id, before.status, version));
  }
  const [editing, setEditing] = useState<User | null>(null);
  const [switching, setSwitching] = useState<User | null>(null);
  const mayChange = (row: User) => may('service_accounts:write') && (row.role !== 'owner' || me.role === 'owner');
  const columns: Column<User>[] = [
    {
      key: 'name',
      header: t('column.name'),
      value: ({ name }) => name,
      cell: (row) => (
        <TextLink to="/service-accounts/api-keys" search={{ owner: row.id }} sx={rowLink}>
          {row.name}
        </TextLink>
      ),
    },
    {
      key: 'role',
      header: t('column.role'),
      value: ({ role }) => role,
      cell: ({ role }) => <Tag>{role}</Tag>,
      from: 'sm',
      width: '110px',
    },
    { key: 'groups', header: t('column.groups'), cell: ({ groups }) => <Tags of={groups} />, from: 'md' },
    {
      key: 'created',
      header: t('column.created'),
      value: ({ createdAt }) => Date.parse(createdAt),
      cell: ({ createdAt }) => <Time at={createdAt} />,
      from: 'lg',
      width: '130px',
    },
    {
      key: 'status',
      header: t('column.status'),
      value: ({ status }) => status,
      cell: ({ status }) => (
        <StatusChip meaning={status === 'active' ? 'ok' : 'neutral'}>{t(`status.${status}`)}</StatusChip>
      ),
      width: '100px',
    },
    actionsColumn('200px', (row) =>
      mayChange(row) ? (
        <>
          <Button size="small" onClick={() => setEditing(row)}>
            {t('edit')}
          </Button>
          <Button size="small" color={row.status === 'active' ? 'error' : 'primary'} onClick={() => setSwitching(row)}>
            {t(row.status === 'active' ? 'disable' : 'enable')}
          </Button>
        </>
      ) : null,
    ),
  ];
  const create = (
    <CreateButton permission="service_accounts:write" onClick={() => setSearch({ create: '1' })}>
      {t('create')}
    </CreateButton>
  );
  const isActive = switching?.status === 'active';
  return (
    <>
      <ListPage
        title={t('title')}
        subtitle={t('subtitle')}
        tabs={<SubNavigation of="programs" />}
        actions={create}
        list={list}
        columns={columns}
        rowKey={({ id }) => id}
        textOf={({ name, role, groups }) => [name, role, ...groups].join(' ')}
        filters={[
          {
            key: 'status',
            label: t('column.status'),
            options: (['active', 'disabled'] as const).map((value) => ({ value, label: t(`status.${value}`) })),
            matches: (row, value) => row.status === value,
          },
        ]}
        search={search}
        onSearch={setSearch}
        empty={{ title: t('empty.title'), text: t('empty.text'), icon: <KeyIcon /> }}
      />
      <Suspense>
        {search.create === undefined || !may('service_accounts:write') ? null : (
          <CreateDialog onClose={() => setSearch({ create: undefined })} />
        )}
        {editing === null ? null : <EditDialog account={editing} onClose={() => setEditing(null)} />}
      </Suspense>
      <ConfirmDialog
        open={switching !== null}
        title={t(isActive ? 'disable.title' : 'enable.title', { name: switching?.name ?? '' })}
        action={t(isActive ? 'disable' : 'enable')}
        onConfirm={() => change(isActive ? 'disabled' : 'active', switching!)}
        onClose={() => setSwitching(null)}
      >
        <Typography>{t(isActive ? 'disable.text' : 'enable.text')}</Typography>
        {isActive && switching !== null ? <RemovalEffects of="serviceAccounts" id={switching.id} /> : null}
      </ConfirmDialog>
    </>
  );
}
