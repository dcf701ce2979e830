import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { getRouteApi } from '@tanstack/react-router';
import type { AccessRequest, AccessRequestStatus } from '@zeronaut/model';
import { lazy, Suspense, useState } from 'react';
import { useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { useList } from '../../base/use-list.ts';
import { useSearchChange } from '../../base/use-search-change.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { CreateButton } from '../../ui/create-button.tsx';
import { RequestIcon } from '../../ui/icons.tsx';
import { actionsColumn } from '../../ui/list-columns.tsx';
import { ListPage } from '../../ui/list-page.tsx';
import type { Column } from '../../ui/list-table.tsx';
import { RemovalEffects } from '../../ui/removal-effects.tsx';
import { type Meaning, StatusChip } from '../../ui/status-chip.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { Time } from '../../ui/time.tsx';
import { duration } from './duration.ts';
import { accessRequestMessages } from './messages.ts';

const route = getRouteApi('/access-requests');
const Dialogs = () => import('./access-request-dialogs.tsx');
const AskDialog = lazy(async () => ({ default: (await Dialogs()).AskDialog }));
const DecideDialog = lazy(async () => ({ default: (await Dialogs()).DecideDialog }));

const STATUSES = [
  'pending',
  'approved',
  'refused',
  'cancelled',
  'expired',
  'ended',
] as const satisfies readonly AccessRequestStatus[];
const MEANING: Record<AccessRequestStatus, Meaning> = {
  pending: 'warn',
  approved: 'ok',
  refused: 'bad',
  cancelled: 'neutral',
  expired: 'neutral',
  ended: 'neutral',
};

export function AccessRequestsPage() {
  const t = useMessages(accessRequestMessages);
  const may = useMay();
  const search = route.useSearch();
  const setSearch = useSearchChange();
  const list = useList('accessRequests.list', {});
  const end = useRouteMutation('accessRequests.end', ['accessRequests.list']);
  const [deciding, setDeciding] = useState<AccessRequest | null>(null);
  const [ending, setEnding] = useState<AccessRequest | null>(null);
  const lasting = (minutes: number) => {
    const { unit, count } = duration(minutes);
    return t(unit, { count });
  };
  const approvals = ({ decisions }: AccessRequest) => decisions.filter(({ effect }) => effect === 'approve').length;
  // Who may end what was approved beside its owner is known to the API alone; approvers of now are a good guess.
  const mayEnd = (row: AccessRequest) =>
    (row.status === 'pending' && row.mine) || (row.status === 'approved' && (row.mine || may('policies:write')));
  const columns: Column<AccessRequest>[] = [
    {
      key: 'object',
      header: t('column.object'),
      value: ({ object }) => object,
      cell: (row) => (
        <>
          <Box sx={{ fontWeight: 600 }}>{row.object}</Box>
          <Typography variant="caption" color="textSecondary" component="div">
            {t('for', { who: row.mine ? t('me') : row.email, time: lasting(row.minutes) })}
          </Typography>
        </>
      ),
    },
    {
      key: 'reason',
      header: t('column.reason'),
      cell: (row) => (
        <>
          {row.reason}
          {row.decisions.map((decision) => (
            <Typography key={decision.userId} variant="caption" color="textSecondary" component="div">
              {t(`decision.${decision.effect}`, { who: decision.email })}
              {decision.note === '' ? '' : `: ${decision.note}`}
            </Typography>
          ))}
        </>
      ),
      from: 'md',
    },
    {
      key: 'asked',
      header: t('column.asked'),
      value: ({ createdAt }) => Date.parse(createdAt),
      cell: ({ createdAt }) => <Time at={createdAt} />,
      from: 'lg',
      width: '130px',
    },
    {
      key: 'status',
      header: t('column.status'),
      value: ({ status }) => STATUSES.indexOf(status),
      cell: (row) => (
        <>
          <StatusChip meaning={MEANING[row.status]}>{t(`status.${row.status}`)}</StatusChip>
          <Typography variant="caption" color="textSecondary" component="div">
            {row.status === 'pending' ? (
              t('approvals', { given: approvals(row), needed: row.needed })
            ) : row.endsAt === null ? null : (
              <>
                {t(row.status === 'approved' ? 'ends' : 'ended')} <Time at={row.endsAt} />
              </>
            )}
          </Typography>
        </>
      ),
      width: '170px',
    },
    actionsColumn('120px', (row) => (
      <>
        {row.decidable ? (
          <Button size="small" variant="contained" onClick={() => setDeciding(row)}>
            {t('decide')}
          </Button>
        ) : null}
        {mayEnd(row) ? (
          <Button size="small" color="error" onClick={() => setEnding(row)}>
            {t(row.status === 'pending' ? 'cancel' : 'end')}
          </Button>
        ) : null}
      </>
    )),
  ];
  const ask = <CreateButton onClick={() => setSearch({ ask: '1' })}>{t('ask')}</CreateButton>;
  return (
    <>
      <ListPage
        title={t('title')}
        subtitle={t('subtitle')}
        tabs={<SubNavigation of="requests" />}
        actions={ask}
        list={list}
        columns={columns}
        rowKey={({ id }) => id}
        textOf={(row) => [row.object, row.email, row.reason, ...row.decisions.map(({ note }) => note)].join(' ')}
        filters={[
          {
            key: 'whose',
            label: t('filter.whose'),
            options: (['decidable', 'mine'] as const).map((value) => ({ value, label: t(`whose.${value}`) })),
            matches: (row, value) => (value === 'mine' ? row.mine : row.decidable),
          },
          {
            key: 'status',
            label: t('column.status'),
            options: STATUSES.map((value) => ({ value, label: t(`status.${value}`) })),
            matches: (row, value) => row.status === value,
          },
        ]}
        search={search}
        onSearch={setSearch}
        empty={{ title: t('empty.title'), text: t('empty.text'), icon: <RequestIcon /> }}
      />
      <Suspense>
        {search.ask === undefined ? null : (
          <AskDialog object={search.ask === '1' ? '' : search.ask} onClose={() => setSearch({ ask: undefined })} />
        )}
        {deciding === null ? null : <DecideDialog request={deciding} onClose={() => setDeciding(null)} />}
      </Suspense>
      <ConfirmDialog
        open={ending !== null}
        title={t(ending?.status === 'pending' ? 'cancel.title' : 'end.title', { object: ending?.object ?? '' })}
        action={t(ending?.status === 'pending' ? 'cancel' : 'end')}
        onConfirm={() => end.mutateAsync({ params: { id: ending!.id } })}
        onClose={() => setEnding(null)}
      >
        <Typography>{t(ending?.status === 'pending' ? 'cancel.text' : 'end.text')}</Typography>
        {ending?.status === 'approved' ? <RemovalEffects of="accessRequests" id={ending.id} /> : null}
      </ConfirmDialog>
    </>
  );
}
