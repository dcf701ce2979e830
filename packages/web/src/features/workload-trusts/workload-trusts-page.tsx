import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { getRouteApi } from '@tanstack/react-router';
import type { WorkloadTrust } from '@zeronaut/model';
import { lazy, Suspense, useState } from 'react';
import { useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useNameOf } from '../../base/people.ts';
import { useMay } from '../../base/session.ts';
import { useList } from '../../base/use-list.ts';
import { useSearchChange } from '../../base/use-search-change.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { CreateButton } from '../../ui/create-button.tsx';
import { KeyIcon } from '../../ui/icons.tsx';
import { actionsColumn, nameColumn, revocableColumn, revocableFilter, usedColumn } from '../../ui/list-columns.tsx';
import { ListPage } from '../../ui/list-page.tsx';
import type { Column } from '../../ui/list-table.tsx';
import { RemovalEffects } from '../../ui/removal-effects.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { useLifeState } from '../../ui/use-life-state.ts';
import { workloadTrustMessages } from './messages.ts';
import { UseTrustDialog } from './use-trust-dialog.tsx';

const route = getRouteApi('/service-accounts/workload-trusts');
const CreateDialog = lazy(async () => ({ default: (await import('./create-trust-dialog.tsx')).CreateTrustDialog }));

const patternsOf = ({ subject, claims }: WorkloadTrust) => [
  subject,
  ...Object.entries(claims).map(([name, pattern]) => `${name}=${pattern}`),
];

export function WorkloadTrustsPage() {
  const t = useMessages(workloadTrustMessages);
  const mayChange = useMay()('service_accounts:write');
  const search = route.useSearch();
  const setSearch = useSearchChange();
  const lifeLabel = useLifeState();
  const nameOf = useNameOf();
  const list = useList('workloadTrusts.list', {});
  const remove = useRouteMutation('workloadTrusts.delete', ['workloadTrusts.list']);
  const [using, setUsing] = useState<WorkloadTrust | null>(null);
  const [removing, setRemoving] = useState<WorkloadTrust | null>(null);
  const columns: Column<WorkloadTrust>[] = [
    nameColumn(t('column.name'), ({ issuer }) => [issuer]),
    {
      key: 'subject',
      header: t('column.subject'),
      cell: (row) => (
        <Box sx={{ fontSize: 13, overflowWrap: 'anywhere' }}>
          {patternsOf(row).map((text) => (
            <div key={text}>
              <code>{text}</code>
            </div>
          ))}
        </Box>
      ),
      from: 'md',
    },
    {
      key: 'account',
      header: t('column.account'),
      value: ({ serviceAccountId }) => nameOf(serviceAccountId),
      cell: ({ serviceAccountId }) => nameOf(serviceAccountId),
      from: 'sm',
      width: '150px',
    },
    usedColumn(t('column.used')),
    revocableColumn(t('column.status')),
    actionsColumn('190px', (row) =>
      row.revokedAt === null ? (
        <>
          <Button size="small" onClick={() => setUsing(row)}>
            {t('use')}
          </Button>
          {mayChange ? (
            <Button size="small" color="error" onClick={() => setRemoving(row)}>
              {t('end')}
            </Button>
          ) : null}
        </>
      ) : null,
    ),
  ];
  const create = (
    <CreateButton permission="service_accounts:write" onClick={() => setSearch({ create: '1' })}>
      {t('create')}
    </CreateButton>
  );
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
        textOf={(row) => [row.name, row.issuer, ...patternsOf(row), nameOf(row.serviceAccountId)].join(' ')}
        filters={[revocableFilter(t('column.status'), lifeLabel)]}
        search={search}
        onSearch={setSearch}
        empty={{ title: t('empty.title'), text: t('empty.text'), icon: <KeyIcon /> }}
      />
      {search.create === undefined || !mayChange ? null : (
        <Suspense>
          <CreateDialog
            onMade={(trust) => {
              setSearch({ create: undefined });
              setUsing(trust);
            }}
            onClose={() => setSearch({ create: undefined })}
          />
        </Suspense>
      )}
      {using === null ? null : <UseTrustDialog trust={using} onClose={() => setUsing(null)} />}
      <ConfirmDialog
        open={removing !== null}
        title={t('end.title', { name: removing?.name ?? '' })}
        action={t('end')}
        onConfirm={() => remove.mutateAsync({ params: { id: removing!.id } })}
        onClose={() => setRemoving(null)}
      >
        <Typography>{t('end.text')}</Typography>
        {removing === null ? null : <RemovalEffects of="workloadTrusts" id={removing.id} />}
      </ConfirmDialog>
    </>
  );
}
