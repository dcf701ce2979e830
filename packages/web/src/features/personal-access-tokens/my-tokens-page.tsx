import Button from '@mui/material/Button';
import { getRouteApi } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { useList } from '../../base/use-list.ts';
import { useSearchChange } from '../../base/use-search-change.ts';
import { PlusIcon } from '../../ui/icons.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { tokenMessages } from './messages.ts';
import { TokensList } from './tokens-list.tsx';

const route = getRouteApi('/my-access/personal-access-tokens');
const CreateTokenDialog = lazy(async () => ({
  default: (await import('./create-token-dialog.tsx')).CreateTokenDialog,
}));

export function MyTokensPage() {
  const t = useMessages(tokenMessages);
  const may = useMay();
  const search = route.useSearch();
  const setSearch = useSearchChange();
  const revoke = useRouteMutation('personalAccessTokens.delete', [
    'personalAccessTokens.list',
    'personalAccessTokens.listAll',
  ]);
  return (
    <>
      <TokensList
        title={t('title')}
        subtitle={t('mine.subtitle')}
        tabs={<SubNavigation of="mine" />}
        list={useList('personalAccessTokens.list', {})}
        search={search}
        onSearch={setSearch}
        emptyText={t('mine.empty')}
        create={
          may('self:write') ? (
            <Button
              variant="contained"
              data-create=""
              startIcon={<PlusIcon />}
              onClick={() => setSearch({ create: '1' })}
            >
              {t('create')}
            </Button>
          ) : null
        }
        ofEverybody={false}
        mayRevoke={may('self:write')}
        onRevoke={(id) => revoke.mutateAsync({ params: { id } })}
      />
      {search.create === undefined ? null : (
        <Suspense>
          <CreateTokenDialog onClose={() => setSearch({ create: undefined })} />
        </Suspense>
      )}
    </>
  );
}
