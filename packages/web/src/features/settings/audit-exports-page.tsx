import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { AuditExport } from '@zeronaut/model';
import { lazy, Suspense, useState } from 'react';
import { routeQuery, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { wholeList } from '../../base/use-list.ts';
import { useSearchChange } from '../../base/use-search-change.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { CreateButton } from '../../ui/create-button.tsx';
import { AuditIcon } from '../../ui/icons.tsx';
import { actionsColumn, nameColumn } from '../../ui/list-columns.tsx';
import { ListPage } from '../../ui/list-page.tsx';
import type { Column } from '../../ui/list-table.tsx';
import { StatusChip } from '../../ui/status-chip.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { Tag } from '../../ui/tag.tsx';
import { Time } from '../../ui/time.tsx';
import { settingsMessages } from './messages.ts';
import { TestResult } from './test-result.tsx';

const route = getRouteApi('/settings/audit-exports');
const dialogs = () => import('./audit-export-dialog.tsx');
const CreateDialog = lazy(async () => ({ default: (await dialogs()).CreateAuditExportDialog }));
const EditDialog = lazy(async () => ({ default: (await dialogs()).EditAuditExportDialog }));
/** An export that is this far behind is looked at. */
const BEHIND_SECONDS = 60;
const KINDS = ['syslog', 'otlp'] as const satisfies readonly AuditExport['settings']['kind'][];
const STATES = ['failing', 'behind', 'current'] as const;

function addressOf({ settings }: AuditExport): string {
  return settings.kind === 'syslog' ? `${settings.transport}://${settings.host}:${settings.port}` : settings.url;
}

function statusOf({ progress: { failures, behindSeconds } }: AuditExport): (typeof STATES)[number] {
  return failures > 0 ? 'failing' : behindSeconds > BEHIND_SECONDS ? 'behind' : 'current';
}

export function AuditExportsPage() {
  const t = useMessages(settingsMessages);
  const may = useMay();
  const search = route.useSearch();
  const setSearch = useSearchChange();
  const list = wholeList(useQuery(routeQuery('auditExports.list', {})));
  const test = useRouteMutation('auditExports.test', ['auditExports.list']);
  const remove = useRouteMutation('auditExports.delete', ['auditExports.list']);
  const [editing, setEditing] = useState<AuditExport | null>(null);
  const [removing, setRemoving] = useState<AuditExport | null>(null);
  const columns: Column<AuditExport>[] = [
    nameColumn(t('export.name'), (row) => [addressOf(row)]),
    {
      key: 'kind',
      header: t('export.kind'),
      value: ({ settings }) => settings.kind,
      cell: ({ settings }) => <Tag>{settings.kind}</Tag>,
      from: 'sm',
      width: '90px',
    },
    {
      key: 'delivered',
      header: t('export.delivered'),
      value: ({ progress }) => progress.delivered,
      cell: ({ progress }) => (
        <>
          {t('export.of', { delivered: progress.delivered, entries: progress.entries })}
          <Typography variant="caption" color="textSecondary" component="div">
            <Time at={progress.lastDeliveredAt} />
          </Typography>
        </>
      ),
      from: 'md',
      width: '160px',
    },
    {
      key: 'status',
      header: t('export.status'),
      value: ({ progress }) => progress.behindSeconds,
      cell: ({ progress }) => (
        <>
          {progress.failures > 0 ? (
            <StatusChip meaning="bad">{t('export.failing')}</StatusChip>
          ) : progress.behindSeconds > BEHIND_SECONDS ? (
            <StatusChip meaning="warn">{t('export.behind', { count: progress.behind })}</StatusChip>
          ) : (
            <StatusChip meaning="ok">{t('export.current')}</StatusChip>
          )}
          {progress.lastError === null ? null : (
            <Typography variant="caption" color="textSecondary" component="div">
              {progress.lastError}
            </Typography>
          )}
        </>
      ),
      // A share and not a length, so that a phone has room for names.
      width: 'minmax(0, 0.6fr)',
    },
    actionsColumn('220px', (row) =>
      may('audit_exports:write') ? (
        <>
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
        </>
      ) : null,
    ),
  ];
  const create = (
    <CreateButton permission="audit_exports:write" onClick={() => setSearch({ create: '1' })}>
      {t('export.create')}
    </CreateButton>
  );
  const tested = list.rows?.find(({ id }) => id === test.variables?.params.id);
  return (
    <>
      <ListPage
        title={t('exports.title')}
        subtitle={t('exports.subtitle')}
        tabs={<SubNavigation of="settings" />}
        above={<TestResult name={tested?.name} result={test.data} error={test.error} />}
        actions={create}
        list={list}
        columns={columns}
        rowKey={({ id }) => id}
        textOf={(row) => [row.name, row.settings.kind, addressOf(row)].join(' ')}
        filters={[
          {
            key: 'kind',
            label: t('export.kind'),
            options: KINDS.map((value) => ({ value, label: value })),
            matches: ({ settings }, value) => settings.kind === value,
          },
          {
            key: 'status',
            label: t('export.status'),
            options: STATES.map((value) => ({ value, label: t(`export.is.${value}`) })),
            matches: (row, value) => value === statusOf(row),
          },
        ]}
        search={search}
        onSearch={setSearch}
        empty={{ title: t('exports.emptyTitle'), text: t('exports.emptyText'), icon: <AuditIcon /> }}
      />
      <Suspense>
        {search.create === undefined || !may('audit_exports:write') ? null : (
          <CreateDialog onClose={() => setSearch({ create: undefined })} />
        )}
        {editing === null ? null : <EditDialog of={editing} onClose={() => setEditing(null)} />}
      </Suspense>
      <ConfirmDialog
        open={removing !== null}
        title={t('export.removeTitle', { name: removing?.name ?? '' })}
        action={t('export.remove')}
        onConfirm={() => remove.mutateAsync({ params: { id: removing!.id } })}
        onClose={() => setRemoving(null)}
      >
        <Typography>{t('export.removeText')}</Typography>
      </ConfirmDialog>
    </>
  );
}
