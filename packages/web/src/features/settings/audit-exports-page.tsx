import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { AuditExport } from '@zeronaut/model';
import { lazy, Suspense, useState } from 'react';
import { routeQuery, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { useSearchChange } from '../../base/use-search-change.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { CreateButton } from '../../ui/create-button.tsx';
import { AuditIcon } from '../../ui/icons.tsx';
import { ListPage } from '../../ui/list-page.tsx';
import type { Column } from '../../ui/list-table.tsx';
import { StatusChip } from '../../ui/status-chip.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { Tag } from '../../ui/tag.tsx';
import { Time } from '../../ui/time.tsx';
import { settingsMessages } from './messages.ts';
import { TestResult } from './test-result.tsx';

const route = getRouteApi('/settings/audit-exports');
const CreateDialog = lazy(async () => ({ default: (await import('./audit-export-dialog.tsx')).AuditExportDialog }));
/** An export that is this far behind is looked at. */
const BEHIND_SECONDS = 60;

function addressOf({ settings }: AuditExport): string {
  return settings.kind === 'syslog' ? `${settings.transport}://${settings.host}:${settings.port}` : settings.url;
}

export function AuditExportsPage() {
  const t = useMessages(settingsMessages);
  const may = useMay();
  const search = route.useSearch();
  const setSearch = useSearchChange();
  const query = useQuery(routeQuery('auditExports.list', {}));
  const test = useRouteMutation('auditExports.test', ['auditExports.list']);
  const remove = useRouteMutation('auditExports.delete', ['auditExports.list']);
  const [removing, setRemoving] = useState<AuditExport | null>(null);
  const columns: Column<AuditExport>[] = [
    {
      key: 'name',
      header: t('export.name'),
      value: ({ name }) => name,
      cell: (row) => (
        <>
          <Box sx={{ fontWeight: 600 }}>{row.name}</Box>
          <Typography variant="caption" color="textSecondary" component="div">
            {addressOf(row)}
          </Typography>
        </>
      ),
    },
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
      width: '180px',
    },
    {
      key: 'actions',
      header: '',
      cell: (row) =>
        may('audit_exports:write') ? (
          <Box sx={{ display: 'flex', justifyContent: 'flex-end', gap: 0.5 }}>
            <Button
              size="small"
              loading={test.isPending && test.variables.params.id === row.id}
              onClick={() => test.mutate({ params: { id: row.id } })}
            >
              {t('export.test')}
            </Button>
            <Button size="small" color="error" onClick={() => setRemoving(row)}>
              {t('export.remove')}
            </Button>
          </Box>
        ) : null,
      below: true,
      width: '180px',
    },
  ];
  const create = (
    <CreateButton permission="audit_exports:write" onClick={() => setSearch({ create: '1' })}>
      {t('export.create')}
    </CreateButton>
  );
  const tested = query.data?.items.find(({ id }) => id === test.variables?.params.id);
  return (
    <>
      <ListPage
        title={t('exports.title')}
        subtitle={t('exports.subtitle')}
        tabs={
          <>
            <SubNavigation of="settings" />
            <TestResult name={tested?.name} result={test.data} error={test.error} />
          </>
        }
        actions={create}
        list={{
          rows: query.data?.items,
          error: query.data === undefined ? query.error : null,
          isFetching: query.isFetching,
          hasMore: false,
          loadMore: () => undefined,
          reload: () => void query.refetch(),
        }}
        columns={columns}
        rowKey={({ id }) => id}
        textOf={(row) => [row.name, row.settings.kind, addressOf(row)].join(' ')}
        search={search}
        onSearch={setSearch}
        empty={{ title: t('exports.emptyTitle'), text: t('exports.emptyText'), icon: <AuditIcon /> }}
      />
      {search.create === undefined || !may('audit_exports:write') ? null : (
        <Suspense>
          <CreateDialog onClose={() => setSearch({ create: undefined })} />
        </Suspense>
      )}
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
