import { getRouteApi } from '@tanstack/react-router';
import { useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { useList } from '../../base/use-list.ts';
import { useSearchChange } from '../../base/use-search-change.ts';
import { TextLink } from '../../ui/button-link.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { tokenMessages } from './messages.ts';
import { TokensList } from './tokens-list.tsx';

const route = getRouteApi('/service-accounts/personal-access-tokens');

/** For administrators: everybody's, to see and to revoke. */
export function AllTokensPage() {
  const t = useMessages(tokenMessages);
  const may = useMay();
  const setSearch = useSearchChange();
  const revoke = useRouteMutation('personalAccessTokens.deleteAny', [
    'personalAccessTokens.listAll',
    'personalAccessTokens.list',
  ]);
  return (
    <TokensList
      title={t('title')}
      subtitle={t('all.subtitle')}
      tabs={<SubNavigation of="programs" />}
      list={useList('personalAccessTokens.listAll', {})}
      search={route.useSearch()}
      onSearch={setSearch}
      emptyText={t('all.empty')}
      emptyActions={<TextLink to="/my-access/personal-access-tokens">{t('all.own')}</TextLink>}
      ofEverybody
      mayRevoke={may('api_keys:write')}
      onRevoke={(id) => revoke.mutateAsync({ params: { id } })}
    />
  );
}
