import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { getRouteApi } from '@tanstack/react-router';
import type { Session } from '@zeronaut/model';
import { useState } from 'react';
import { useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useNameOf } from '../../base/people.ts';
import { programOf } from '../../base/program-of.ts';
import { useMay, useMe } from '../../base/session.ts';
import { useSearchedList } from '../../base/use-list.ts';
import { useSearchChange } from '../../base/use-search-change.ts';
import { ButtonLink, TextLink } from '../../ui/button-link.tsx';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { UserIcon } from '../../ui/icons.tsx';
import { actionsColumn } from '../../ui/list-columns.tsx';
import { ListPage } from '../../ui/list-page.tsx';
import { type Column, rowLink } from '../../ui/list-table.tsx';
import { StatusChip } from '../../ui/status-chip.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { Tag } from '../../ui/tag.tsx';
import { Time } from '../../ui/time.tsx';
import { sessionMessages } from './messages.ts';

const route = getRouteApi('/users/sessions');
const KINDS = ['console', 'portal', 'cli'] as const;

/** Open sessions of everybody; those of one person are on the page of that person. */
export function SessionsPage() {
  const t = useMessages(sessionMessages);
  const may = useMay();
  const me = useMe();
  const nameOf = useNameOf();
  const search = route.useSearch();
  const setSearch = useSearchChange();
  const list = useSearchedList('sessions.list', search, {
    sorts: { since: 'created' },
    filters: ['kind'],
    always: { open: 'true', sort: '-created' },
  });
  const end = useRouteMutation('sessions.delete', ['sessions.list', 'me.listSessions']);
  const [ending, setEnding] = useState<Session | null>(null);
  const programText = ({ userAgent }: Session) => programOf(userAgent) ?? t('program.unknown');
  const columns: Column<Session>[] = [
    {
      key: 'who',
      header: t('column.who'),
      value: ({ userId }) => nameOf(userId),
      cell: (row) => (
        <>
          <TextLink to="/users/$id" params={{ id: row.userId }} sx={rowLink}>
            {nameOf(row.userId)}
          </TextLink>
          <Typography variant="caption" color="textSecondary" component="div">
            <Box component="span" sx={{ display: { sm: 'none' } }}>
              {t(`kind.${row.kind}`)} ·{' '}
            </Box>
            {programText(row)}
            {row.deviceId === null ? '' : ` · ${t('device')}`}
          </Typography>
        </>
      ),
    },
    {
      key: 'kind',
      header: t('column.kind'),
      value: ({ kind }) => kind,
      cell: ({ kind }) => <Tag>{t(`kind.${kind}`)}</Tag>,
      from: 'sm',
      width: '130px',
    },
    {
      key: 'address',
      header: t('column.address'),
      value: ({ address }) => address,
      cell: ({ address }) => <Box sx={{ overflowWrap: 'anywhere' }}>{address}</Box>,
      from: 'md',
      width: '170px',
    },
    {
      key: 'since',
      header: t('column.since'),
      value: ({ createdAt }) => Date.parse(createdAt),
      cell: ({ createdAt }) => <Time at={createdAt} />,
      from: 'sm',
      width: '130px',
    },
    {
      key: 'until',
      header: t('column.until'),
      value: ({ expiresAt }) => Date.parse(expiresAt),
      cell: ({ expiresAt }) => <Time at={expiresAt} />,
      from: 'lg',
      width: '130px',
    },
    actionsColumn('110px', (row) =>
      row.id === me.sessionId ? (
        <StatusChip meaning="ok">{t('this')}</StatusChip>
      ) : may('sessions:write') ? (
        <Button size="small" color="error" onClick={() => setEnding(row)}>
          {t('end')}
        </Button>
      ) : null,
    ),
  ];
  return (
    <>
      <ListPage
        title={t('title')}
        subtitle={t('subtitle')}
        tabs={<SubNavigation of="people" />}
        list={list}
        columns={columns}
        rowKey={({ id }) => id}
        textOf={(row) => [nameOf(row.userId), programText(row), row.userAgent, row.address].join(' ')}
        filters={[
          {
            key: 'kind',
            label: t('column.kind'),
            options: KINDS.map((value) => ({ value, label: t(`kind.${value}`) })),
            matches: (row, value) => row.kind === value,
          },
        ]}
        search={search}
        onSearch={setSearch}
        empty={{
          ...{ title: t('empty.title'), text: t('empty.text'), icon: <UserIcon /> },
          actions: (
            <ButtonLink to="/users" variant="outlined">
              {t('empty.users')}
            </ButtonLink>
          ),
        }}
      />
      <ConfirmDialog
        open={ending !== null}
        title={t('end.title', { name: ending === null ? '' : nameOf(ending.userId) })}
        action={t('end')}
        onConfirm={() => end.mutateAsync({ params: { id: ending!.id } })}
        onClose={() => setEnding(null)}
      >
        <Typography>{t('end.text')}</Typography>
      </ConfirmDialog>
    </>
  );
}
