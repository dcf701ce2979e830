import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { alarmTextsEn, type Notification } from '@zeronaut/model';
import { lazy, Suspense, useState } from 'react';
import { routeQuery, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { wholeList } from '../../base/use-list.ts';
import { useSearchChange } from '../../base/use-search-change.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { CreateButton } from '../../ui/create-button.tsx';
import { BellIcon } from '../../ui/icons.tsx';
import { ListPage } from '../../ui/list-page.tsx';
import type { Column } from '../../ui/list-table.tsx';
import { uiMessages } from '../../ui/messages.ts';
import { StatusChip } from '../../ui/status-chip.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { Time } from '../../ui/time.tsx';
import { settingsMessages } from './messages.ts';
import { TestResult } from './test-result.tsx';

const route = getRouteApi('/settings/notifications');
/** Of the texts: the schema would bring zod along. */
const KIND_COUNT = Object.keys(alarmTextsEn.kinds).length;
const dialogs = () => import('./notification-dialog.tsx');
const CreateDialog = lazy(async () => ({ default: (await dialogs()).NotificationDialog }));
const EditDialog = lazy(async () => ({ default: (await dialogs()).EditNotificationDialog }));

function addressOf({ settings }: Notification): string {
  if (settings.kind === 'mail') return settings.to.join(', ');
  return settings.kind === 'slack' ? settings.host : settings.url;
}

function statusOf({ failures, lastDeliveredAt }: Notification): 'failing' | 'told' | 'never' {
  return failures > 0 ? 'failing' : lastDeliveredAt === null ? 'never' : 'told';
}

export function NotificationsPage() {
  const t = useMessages(settingsMessages);
  const ui = useMessages(uiMessages);
  const mayChange = useMay()('organization:write');
  const search = route.useSearch();
  const setSearch = useSearchChange();
  const query = useQuery(routeQuery('notifications.list', {}));
  const test = useRouteMutation('notifications.test', []);
  const remove = useRouteMutation('notifications.delete', ['notifications.list']);
  const [removing, setRemoving] = useState<Notification | null>(null);
  const [editing, setEditing] = useState<Notification | null>(null);
  const columns: Column<Notification>[] = [
    {
      key: 'name',
      header: t('export.name'),
      value: ({ name }) => name,
      cell: (row) => (
        <>
          <Box sx={{ fontWeight: 600 }}>{row.name}</Box>
          <Typography variant="caption" color="textSecondary" component="div" sx={{ overflowWrap: 'anywhere' }}>
            {t(`notification.${row.settings.kind}`)} · {addressOf(row)}
          </Typography>
        </>
      ),
    },
    {
      key: 'kinds',
      header: t('notification.kinds'),
      // One line, however many; which they are is said on hover and in the dialog.
      cell: ({ kinds }) => {
        const names = kinds.map((kind) => ui(`alarm.${kind}`)).join(', ');
        if (kinds.length === 1) return names;
        const [count, all] = [kinds.length, KIND_COUNT];
        return (
          <span title={names}>
            {count === all ? t('notification.all', { count }) : t('notification.some', { count, all })}
          </span>
        );
      },
      from: 'sm',
      width: 'minmax(120px, 0.6fr)',
    },
    {
      key: 'status',
      header: t('export.status'),
      value: ({ failures }) => failures,
      cell: (row) => (
        <>
          {row.failures > 0 ? (
            <StatusChip meaning="bad">{t('export.failing')}</StatusChip>
          ) : (
            <StatusChip meaning={row.lastDeliveredAt === null ? 'neutral' : 'ok'}>
              {t(row.lastDeliveredAt === null ? 'notification.never' : 'notification.told')}
            </StatusChip>
          )}
          <Typography variant="caption" color="textSecondary" component="div" sx={{ overflowWrap: 'anywhere' }}>
            {row.lastError ?? (row.lastDeliveredAt === null ? null : <Time at={row.lastDeliveredAt} />)}
          </Typography>
        </>
      ),
      width: '190px',
    },
    {
      key: 'actions',
      header: '',
      cell: (row) =>
        mayChange ? (
          <Box sx={{ display: 'flex', justifyContent: 'flex-end', gap: 0.5 }}>
            <Button
              size="small"
              loading={test.isPending && test.variables.params.id === row.id}
              onClick={() => test.mutate({ params: { id: row.id } })}
            >
              {t('export.test')}
            </Button>
            <Button size="small" onClick={() => setEditing(row)}>
              {t('export.edit')}
            </Button>
            <Button size="small" color="error" onClick={() => setRemoving(row)}>
              {t('export.remove')}
            </Button>
          </Box>
        ) : null,
      below: true,
      width: '240px',
    },
  ];
  const create = (
    <CreateButton permission="organization:write" onClick={() => setSearch({ create: '1' })}>
      {t('notification.create')}
    </CreateButton>
  );
  const tested = query.data?.items.find(({ id }) => id === test.variables?.params.id);
  return (
    <>
      <ListPage
        title={t('notifications.title')}
        subtitle={t('notifications.subtitle')}
        tabs={<SubNavigation of="settings" />}
        above={<TestResult name={tested?.name} result={test.data} error={test.error} />}
        actions={create}
        list={wholeList(query)}
        columns={columns}
        rowKey={({ id }) => id}
        textOf={(row) => [row.name, row.settings.kind, addressOf(row)].join(' ')}
        filters={[
          {
            key: 'kind',
            label: t('export.kind'),
            options: (['mail', 'webhook', 'slack'] as const).map((value) => ({
              value,
              label: t(`notification.${value}`),
            })),
            matches: ({ settings }, value) => settings.kind === value,
          },
          {
            key: 'status',
            label: t('export.status'),
            options: [
              { value: 'failing', label: t('export.failing') },
              { value: 'told', label: t('notification.told') },
              { value: 'never', label: t('notification.never') },
            ],
            matches: (row, value) => value === statusOf(row),
          },
        ]}
        search={search}
        onSearch={setSearch}
        empty={{ title: t('notifications.emptyTitle'), text: t('notifications.emptyText'), icon: <BellIcon /> }}
      />
      {search.create === undefined || !mayChange ? null : (
        <Suspense>
          <CreateDialog onClose={() => setSearch({ create: undefined })} />
        </Suspense>
      )}
      {editing === null ? null : (
        <Suspense>
          <EditDialog of={editing} onClose={() => setEditing(null)} />
        </Suspense>
      )}
      <ConfirmDialog
        open={removing !== null}
        title={t('export.removeTitle', { name: removing?.name ?? '' })}
        action={t('export.remove')}
        onConfirm={() => remove.mutateAsync({ params: { id: removing!.id } })}
        onClose={() => setRemoving(null)}
      >
        <Typography>{t('notification.removeText')}</Typography>
      </ConfirmDialog>
    </>
  );
}
