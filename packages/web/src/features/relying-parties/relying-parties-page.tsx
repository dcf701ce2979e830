import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { getRouteApi } from '@tanstack/react-router';
import type { RelyingParty } from '@zeronaut/model';
import { lazy, Suspense, useState } from 'react';
import { useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
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
import { Tags } from '../../ui/tag.tsx';
import { useLifeState } from '../../ui/use-life-state.ts';
import { ConnectDialog } from './connect-dialog.tsx';
import { relyingPartyMessages } from './messages.ts';

const route = getRouteApi('/settings/relying-parties');
const dialogs = () => import('./relying-party-dialogs.tsx');
const CreateDialog = lazy(async () => ({ default: (await dialogs()).CreateRelyingPartyDialog }));
const EditDialog = lazy(async () => ({ default: (await dialogs()).EditRelyingPartyDialog }));
const RenewDialog = lazy(async () => ({ default: (await dialogs()).RenewSecretDialog }));

export function RelyingPartiesPage() {
  const t = useMessages(relyingPartyMessages);
  const mayChange = useMay()('relying_parties:write');
  const search = route.useSearch();
  const setSearch = useSearchChange();
  const lifeLabel = useLifeState();
  const list = useList('relyingParties.list', {});
  const remove = useRouteMutation('relyingParties.delete', ['relyingParties.list']);
  const [open, setOpen] = useState<{
    readonly what: 'connect' | 'edit' | 'secret' | 'remove';
    readonly party: RelyingParty;
  } | null>(null);
  const close = () => setOpen(null);
  const columns: Column<RelyingParty>[] = [
    nameColumn(t('column.name'), ({ redirectUris }) => redirectUris),
    {
      key: 'groups',
      header: t('field.groups'),
      cell: ({ groups }) => (groups === null ? t('groups.everybody') : <Tags of={groups} />),
      from: 'md',
      width: '130px',
    },
    {
      key: 'consent',
      header: t('field.consent'),
      value: ({ consent }) => consent,
      cell: ({ consent }) => t(`consent.short.${consent}`),
      from: 'lg',
      width: '110px',
    },
    usedColumn(t('column.used')),
    revocableColumn(t('column.status')),
    actionsColumn('350px', (party) =>
      party.revokedAt === null ? (
        <>
          <Button size="small" onClick={() => setOpen({ what: 'connect', party })}>
            {t('connect')}
          </Button>
          {mayChange ? (
            <>
              <Button size="small" onClick={() => setOpen({ what: 'edit', party })}>
                {t('edit')}
              </Button>
              {party.authentication === 'none' ? null : (
                <Button size="small" onClick={() => setOpen({ what: 'secret', party })}>
                  {t('secret')}
                </Button>
              )}
              <Button size="small" color="error" onClick={() => setOpen({ what: 'remove', party })}>
                {t('remove')}
              </Button>
            </>
          ) : null}
        </>
      ) : null,
    ),
  ];
  const create = (
    <CreateButton permission="relying_parties:write" onClick={() => setSearch({ create: '1' })}>
      {t('create')}
    </CreateButton>
  );
  return (
    <>
      <ListPage
        title={t('title')}
        subtitle={t('subtitle')}
        tabs={<SubNavigation of="settings" />}
        actions={create}
        list={list}
        columns={columns}
        rowKey={({ id }) => id}
        textOf={(row) => [row.name, row.id, ...row.redirectUris, ...(row.groups ?? [])].join(' ')}
        filters={[revocableFilter(t('column.status'), lifeLabel)]}
        search={search}
        onSearch={setSearch}
        empty={{ title: t('empty.title'), text: t('empty.text'), icon: <KeyIcon /> }}
      />
      <Suspense>
        {search.create === undefined || !mayChange ? null : (
          <CreateDialog onClose={() => setSearch({ create: undefined })} />
        )}
        {open?.what === 'edit' ? <EditDialog party={open.party} onClose={close} /> : null}
        {open?.what === 'secret' ? <RenewDialog party={open.party} onClose={close} /> : null}
      </Suspense>
      {open?.what === 'connect' ? <ConnectDialog party={open.party} onClose={close} /> : null}
      <ConfirmDialog
        open={open?.what === 'remove'}
        title={t('remove.title', { name: open?.party.name ?? '' })}
        action={t('remove')}
        onConfirm={() => remove.mutateAsync({ params: { id: open!.party.id } })}
        onClose={close}
      >
        <Typography>{t('remove.text')}</Typography>
        {open?.what === 'remove' ? <RemovalEffects of="relyingParties" id={open.party.id} /> : null}
      </ConfirmDialog>
    </>
  );
}
