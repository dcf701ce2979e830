import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { getRouteApi } from '@tanstack/react-router';
import type { ApiKey } from '@zeronaut/model';
import { lazy, Suspense, useState } from 'react';
import { useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useNameOf } from '../../base/people.ts';
import { useMay } from '../../base/session.ts';
import { useList } from '../../base/use-list.ts';
import { useSearchChange } from '../../base/use-search-change.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { CreateButton } from '../../ui/create-button.tsx';
import { credentialColumns } from '../../ui/credential-columns.tsx';
import { KeyIcon } from '../../ui/icons.tsx';
import { LIFE_STATES, lifeStateOf } from '../../ui/life-state.tsx';
import { actionsColumn } from '../../ui/list-columns.tsx';
import { ListPage } from '../../ui/list-page.tsx';
import type { Column } from '../../ui/list-table.tsx';
import { RemovalEffects } from '../../ui/removal-effects.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { Tag } from '../../ui/tag.tsx';
import { useLifeState } from '../../ui/use-life-state.ts';
import { useNow } from '../../ui/use-now.ts';
import { apiKeyMessages } from './messages.ts';

const route = getRouteApi('/service-accounts/api-keys');
const Dialogs = () => import('./api-key-dialogs.tsx');
const CreateApiKeyDialog = lazy(async () => ({ default: (await Dialogs()).CreateApiKeyDialog }));
const RotateApiKeyDialog = lazy(async () => ({ default: (await Dialogs()).RotateApiKeyDialog }));

export function ApiKeysPage() {
  const t = useMessages(apiKeyMessages);
  const may = useMay();
  const nowMs = useNow();
  const nameOf = useNameOf();
  const search = route.useSearch();
  const setSearch = useSearchChange();
  const list = useList('apiKeys.list', {});
  const lifeLabel = useLifeState();
  const revoke = useRouteMutation('apiKeys.delete', ['apiKeys.list']);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  const [rotating, setRotating] = useState<ApiKey | null>(null);
  const common = credentialColumns<ApiKey>(
    { name: t('column.name'), used: t('column.used'), expires: t('column.expires'), status: t('column.status') },
    nowMs,
  );
  const columns: Column<ApiKey>[] = [
    common.name,
    {
      key: 'owner',
      header: t('column.owner'),
      value: ({ userId }) => nameOf(userId),
      cell: ({ userId }) => nameOf(userId),
      from: 'sm',
    },
    {
      key: 'may',
      header: t('column.may'),
      cell: (row) => (
        <>
          <Tag>{row.role}</Tag>
          {row.scopes === null ? null : (
            <Typography variant="caption" color="textSecondary" component="div">
              {row.scopes.join(', ')}
            </Typography>
          )}
        </>
      ),
      from: 'md',
    },
    common.used,
    common.expires,
    common.status,
    actionsColumn('190px', (row) =>
      may('api_keys:write') && lifeStateOf(row, nowMs) === 'usable' ? (
        <>
          {row.replacedBy === null ? (
            <Button size="small" onClick={() => setRotating(row)}>
              {t('rotate')}
            </Button>
          ) : null}
          <Button size="small" color="error" onClick={() => setRevoking(row)}>
            {t('revoke')}
          </Button>
        </>
      ) : null,
    ),
  ];
  const owners = [...new Set((list.rows ?? []).map(({ userId }) => userId))];
  const create = (
    <CreateButton permission="api_keys:write" onClick={() => setSearch({ create: '1' })}>
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
        textOf={(row) => [row.name, row.prefix, row.role, nameOf(row.userId), ...(row.scopes ?? [])].join(' ')}
        filters={[
          {
            key: 'owner',
            label: t('column.owner'),
            options: [...new Set([...owners, ...(search.owner === undefined ? [] : [search.owner])])].map((value) => ({
              value,
              label: nameOf(value),
            })),
            matches: (row, value) => row.userId === value,
          },
          {
            key: 'status',
            label: t('column.status'),
            options: LIFE_STATES.map((value) => ({ value, label: lifeLabel(value) })),
            matches: (row, value) => lifeStateOf(row, nowMs) === value,
          },
        ]}
        search={search}
        onSearch={setSearch}
        empty={{ title: t('empty.title'), text: t('empty.text'), icon: <KeyIcon /> }}
      />
      <Suspense>
        {search.create === undefined || !may('api_keys:write') ? null : (
          <CreateApiKeyDialog owner={search.owner ?? null} onClose={() => setSearch({ create: undefined })} />
        )}
        {rotating === null ? null : <RotateApiKeyDialog apiKey={rotating} onClose={() => setRotating(null)} />}
      </Suspense>
      <ConfirmDialog
        open={revoking !== null}
        title={t('revoke.title', { name: revoking?.name ?? '' })}
        action={t('revoke')}
        onConfirm={() => revoke.mutateAsync({ params: { id: revoking!.id } })}
        onClose={() => setRevoking(null)}
      >
        <Typography>{t('revoke.text')}</Typography>
        {revoking === null ? null : <RemovalEffects of="apiKeys" id={revoking.id} />}
      </ConfirmDialog>
    </>
  );
}
