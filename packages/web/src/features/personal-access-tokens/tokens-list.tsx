import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import type { PersonalAccessToken } from '@zeronaut/model';
import { type ReactNode, useState } from 'react';
import { routeQuery } from '../../base/api.ts';
import type { ListSearch } from '../../base/list-search.ts';
import { useMessages } from '../../base/messages.ts';
import { useNameOf } from '../../base/people.ts';
import type { List } from '../../base/use-list.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { credentialColumns } from '../../ui/credential-columns.tsx';
import { KeyIcon } from '../../ui/icons.tsx';
import { LastUsed } from '../../ui/last-used.tsx';
import { LIFE_STATES, lifeStateOf } from '../../ui/life-state.tsx';
import { actionsColumn } from '../../ui/list-columns.tsx';
import { ListPage } from '../../ui/list-page.tsx';
import type { Column } from '../../ui/list-table.tsx';
import { Tags } from '../../ui/tag.tsx';
import { useLifeState } from '../../ui/use-life-state.ts';
import { useNow } from '../../ui/use-now.ts';
import { tokenMessages } from './messages.ts';

interface TokensListProps {
  readonly list: List<PersonalAccessToken>;
  readonly tabs: ReactNode;
  readonly title: string;
  readonly subtitle: string;
  readonly search: ListSearch;
  readonly onSearch: (change: Record<string, string | undefined>) => void;
  readonly emptyText: string;
  readonly create?: ReactNode;
  /** What to do about an empty list, where it is not `create`. */
  readonly emptyActions?: ReactNode;
  /** Whether to say whose each is. */
  readonly ofEverybody: boolean;
  readonly mayRevoke: boolean;
  readonly onRevoke: (id: string) => Promise<unknown>;
}

/** Personal access tokens, of oneself or of everybody. */
export function TokensList(props: TokensListProps) {
  const t = useMessages(tokenMessages);
  const nowMs = useNow();
  const nameOf = useNameOf();
  const lifeLabel = useLifeState();
  const resources = useQuery(routeQuery('resources.list', { query: { limit: 500 } }));
  const names = new Map(resources.data?.items.map(({ id, name }) => [id, name]));
  const resourcesOf = ({ resourceIds }: PersonalAccessToken) => resourceIds.map((id) => names.get(id) ?? id);
  const [revoking, setRevoking] = useState<PersonalAccessToken | null>(null);
  const common = credentialColumns<PersonalAccessToken>(
    { name: t('column.name'), used: t('column.used'), expires: t('column.expires'), status: t('column.status') },
    nowMs,
  );
  const columns: Column<PersonalAccessToken>[] = [
    common.name,
    ...(props.ofEverybody
      ? [
          {
            key: 'owner',
            header: t('column.owner'),
            value: ({ userId }: PersonalAccessToken) => nameOf(userId),
            cell: ({ userId }: PersonalAccessToken) => nameOf(userId),
            from: 'sm' as const,
          },
        ]
      : []),
    { key: 'resources', header: t('column.resources'), cell: (row) => <Tags of={resourcesOf(row)} />, from: 'sm' },
    common.used,
    common.expires,
    common.status,
    actionsColumn('110px', (row) =>
      props.mayRevoke && lifeStateOf(row, nowMs) === 'usable' ? (
        <Button size="small" color="error" onClick={() => setRevoking(row)}>
          {t('revoke')}
        </Button>
      ) : null,
    ),
  ];
  return (
    <>
      <ListPage
        title={props.title}
        subtitle={props.subtitle}
        tabs={props.tabs}
        actions={props.create}
        list={props.list}
        columns={columns}
        rowKey={({ id }) => id}
        textOf={(row) => [row.name, row.prefix, nameOf(row.userId), ...resourcesOf(row)].join(' ')}
        filters={[
          {
            key: 'status',
            label: t('column.status'),
            options: LIFE_STATES.map((value) => ({ value, label: lifeLabel(value) })),
            matches: (row, value) => lifeStateOf(row, nowMs) === value,
          },
        ]}
        search={props.search}
        onSearch={props.onSearch}
        empty={{
          ...{ title: t('empty.title'), text: props.emptyText, icon: <KeyIcon /> },
          ...(props.emptyActions === undefined ? {} : { actions: props.emptyActions }),
        }}
      />
      <ConfirmDialog
        open={revoking !== null}
        title={t('revoke.title', { name: revoking?.name ?? '' })}
        action={t('revoke')}
        onConfirm={() => props.onRevoke(revoking!.id)}
        onClose={() => setRevoking(null)}
      >
        <Typography>{t('revoke.text')}</Typography>
        <LastUsed at={revoking?.lastUsedAt} />
      </ConfirmDialog>
    </>
  );
}
