import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { getRouteApi } from '@tanstack/react-router';
import type { Invitation } from '@zeronaut/model';
import { lazy, Suspense, useState } from 'react';
import { useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { useList } from '../../base/use-list.ts';
import { useSearchChange } from '../../base/use-search-change.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { CreateButton } from '../../ui/create-button.tsx';
import { RequestIcon } from '../../ui/icons.tsx';
import { ListPage } from '../../ui/list-page.tsx';
import type { Column } from '../../ui/list-table.tsx';
import { type Meaning, StatusChip } from '../../ui/status-chip.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { Tag, Tags } from '../../ui/tag.tsx';
import { Time } from '../../ui/time.tsx';
import { useNow } from '../../ui/use-now.ts';
import { invitationMessages } from './messages.ts';

const route = getRouteApi('/users/invitations');
const InviteDialog = lazy(async () => ({ default: (await import('./invite-dialog.tsx')).InviteDialog }));

const STATES = ['open', 'used', 'expired', 'revoked'] as const;
type State = (typeof STATES)[number];
const MEANING: Record<State, Meaning> = { open: 'warn', used: 'ok', expired: 'neutral', revoked: 'neutral' };

function stateOf({ usedAt, revokedAt, expiresAt }: Invitation, nowMs: number): State {
  if (usedAt !== null) return 'used';
  if (revokedAt !== null) return 'revoked';
  return Date.parse(expiresAt) <= nowMs ? 'expired' : 'open';
}

export function InvitationsPage() {
  const t = useMessages(invitationMessages);
  const may = useMay();
  const nowMs = useNow();
  const search = route.useSearch();
  const setSearch = useSearchChange();
  const list = useList('invitations.list', {});
  const withdraw = useRouteMutation('invitations.delete', ['invitations.list']);
  const [withdrawing, setWithdrawing] = useState<Invitation | null>(null);
  const columns: Column<Invitation>[] = [
    {
      key: 'email',
      header: t('column.email'),
      value: ({ email }) => email,
      cell: ({ email }) => <Box sx={{ fontWeight: 600 }}>{email}</Box>,
    },
    {
      key: 'status',
      header: t('column.status'),
      value: (row) => STATES.indexOf(stateOf(row, nowMs)),
      cell: (row) => {
        const state = stateOf(row, nowMs);
        return <StatusChip meaning={MEANING[state]}>{t(`status.${state}`)}</StatusChip>;
      },
      width: '120px',
    },
    {
      key: 'role',
      header: t('column.role'),
      value: ({ role }) => role,
      cell: ({ role }) => <Tag>{role}</Tag>,
      from: 'sm',
      width: '100px',
    },
    {
      key: 'groups',
      header: t('column.groups'),
      cell: ({ groups }) => <Tags of={groups} />,
      from: 'lg',
    },
    {
      key: 'expires',
      header: t('column.expires'),
      value: ({ expiresAt }) => Date.parse(expiresAt),
      cell: ({ expiresAt }) => <Time at={expiresAt} />,
      from: 'md',
      width: '140px',
    },
    {
      key: 'action',
      header: '',
      cell: (row) =>
        may('users:write') && stateOf(row, nowMs) === 'open' ? (
          <Button size="small" color="error" onClick={() => setWithdrawing(row)}>
            {t('withdraw')}
          </Button>
        ) : null,
      below: true,
      width: '110px',
    },
  ];
  const invite = (
    <CreateButton permission="users:write" onClick={() => setSearch({ invite: '1' })}>
      {t('invite')}
    </CreateButton>
  );
  return (
    <>
      <ListPage
        title={t('title')}
        subtitle={t('subtitle')}
        tabs={<SubNavigation of="people" />}
        actions={invite}
        list={list}
        columns={columns}
        rowKey={({ id }) => id}
        textOf={({ email, role, groups }) => [email, role, ...groups].join(' ')}
        filters={[
          {
            key: 'status',
            label: t('column.status'),
            options: STATES.map((value) => ({ value, label: t(`status.${value}`) })),
            matches: (row, value) => stateOf(row, nowMs) === value,
          },
        ]}
        search={search}
        onSearch={setSearch}
        empty={{ title: t('empty.title'), text: t('empty.text'), icon: <RequestIcon /> }}
      />
      {search.invite === undefined || !may('users:write') ? null : (
        <Suspense>
          <InviteDialog onClose={() => setSearch({ invite: undefined })} />
        </Suspense>
      )}
      <ConfirmDialog
        open={withdrawing !== null}
        title={t('withdraw.title', { email: withdrawing?.email ?? '' })}
        action={t('withdraw')}
        onConfirm={() => withdraw.mutateAsync({ params: { id: withdrawing!.id } })}
        onClose={() => setWithdrawing(null)}
      >
        <Typography>{t('withdraw.text')}</Typography>
      </ConfirmDialog>
    </>
  );
}
