import Typography from '@mui/material/Typography';
import { getRouteApi } from '@tanstack/react-router';
import type { IdentityProvider, IdentityProviderKind } from '@zeronaut/model';
import { lazy, Suspense } from 'react';
import { useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { useList } from '../../base/use-list.ts';
import { useSearchChange } from '../../base/use-search-change.ts';
import { TextLink } from '../../ui/button-link.tsx';
import { CreateButton } from '../../ui/create-button.tsx';
import { KeyIcon } from '../../ui/icons.tsx';
import { ListPage } from '../../ui/list-page.tsx';
import { type Column, rowLink } from '../../ui/list-table.tsx';
import { StatusChip } from '../../ui/status-chip.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { Tag } from '../../ui/tag.tsx';
import { identityProviderMessages } from './messages.ts';

const route = getRouteApi('/settings/identity-providers');
const ProviderDialog = lazy(async () => ({ default: (await import('./provider-dialog.tsx')).ProviderDialog }));
const KINDS = ['oidc', 'saml', 'ldap', 'github'] as const satisfies readonly IdentityProviderKind[];

export function IdentityProvidersPage() {
  const t = useMessages(identityProviderMessages);
  const may = useMay();
  const search = route.useSearch();
  const setSearch = useSearchChange();
  const list = useList('identityProviders.list', {});
  const columns: Column<IdentityProvider>[] = [
    {
      key: 'name',
      header: t('column.name'),
      value: ({ displayName }) => displayName,
      cell: (row) => (
        <>
          <TextLink to="/settings/identity-providers/$id" params={{ id: row.id }} sx={rowLink}>
            {row.displayName}
          </TextLink>
          <Typography variant="caption" color="textSecondary" component="div">
            {row.name}
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
      width: '170px',
    },
    {
      key: 'domains',
      header: t('column.domains'),
      cell: ({ domains }) => (domains.length === 0 ? '–' : domains.map(({ domain }) => domain).join(', ')),
      from: 'md',
    },
    {
      key: 'status',
      header: t('column.status'),
      value: ({ enabled }) => (enabled ? 0 : 1),
      cell: ({ enabled }) => (
        <StatusChip meaning={enabled ? 'ok' : 'neutral'}>{t(enabled ? 'status.on' : 'status.off')}</StatusChip>
      ),
      width: '120px',
    },
  ];
  const create = (
    <CreateButton permission="identity_providers:write" onClick={() => setSearch({ create: 'oidc' })}>
      {t('create')}
    </CreateButton>
  );
  const kind = KINDS.find((one) => one === search.create);
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
        textOf={(row) => [row.name, row.displayName, row.kind, ...row.domains.map(({ domain }) => domain)].join(' ')}
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
        empty={{ title: t('empty.title'), text: t('empty.text'), icon: <KeyIcon /> }}
      />
      {kind === undefined || !may('identity_providers:write') ? null : (
        <Suspense>
          <ProviderDialog
            key={kind}
            provider={null}
            kind={kind}
            onKind={(next) => setSearch({ create: next })}
            onClose={() => setSearch({ create: undefined })}
          />
        </Suspense>
      )}
    </>
  );
}
