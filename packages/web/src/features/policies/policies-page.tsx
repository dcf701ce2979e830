import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { PolicyHits } from '@zeronaut/model';
import { routeQuery } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { type RowOf, useList } from '../../base/use-list.ts';
import { useLiveTraffic } from '../../base/use-live-traffic.ts';
import { useSearchChange } from '../../base/use-search-change.ts';
import { ButtonLink, TextLink } from '../../ui/button-link.tsx';
import { PlusIcon, PolicyIcon } from '../../ui/icons.tsx';
import { ListPage } from '../../ui/list-page.tsx';
import { aboveRowLink, type Column, rowLink } from '../../ui/list-table.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { Time } from '../../ui/time.tsx';
import { policyMessages } from './messages.ts';
import { EffectTag, ModeChip } from './policy-chips.tsx';

type Row = RowOf<'policies.list'>;
const route = getRouteApi('/policies');

export function PoliciesPage() {
  const t = useMessages(policyMessages);
  const may = useMay();
  const search = route.useSearch();
  const setSearch = useSearchChange();
  const list = useList('policies.list', {});
  useLiveTraffic({});
  const { data: decided } = useQuery(routeQuery('policies.hits', { query: { range: '30d' } }));
  const hitsOf = new Map(decided?.items.map((hits) => [hits.policyId, hits]));
  const columns: Column<Row>[] = [
    {
      key: 'name',
      header: t('column.name'),
      value: ({ name }) => name,
      cell: (row) => (
        <>
          <TextLink to="/policies/$id" params={{ id: row.id }} sx={rowLink}>
            {row.name}
          </TextLink>
          <Typography variant="caption" color="textSecondary" component="div" noWrap>
            {row.description}
          </Typography>
        </>
      ),
    },
    {
      key: 'effect',
      header: t('column.effect'),
      value: ({ effect }) => effect,
      cell: ({ effect }) => <EffectTag effect={effect} />,
      from: 'sm',
      width: '110px',
    },
    {
      key: 'mode',
      header: t('column.mode'),
      value: ({ mode }) => ['enforce', 'report', 'off'].indexOf(mode),
      cell: ({ mode }) => <ModeChip mode={mode} />,
      width: '120px',
    },
    {
      key: 'decided',
      header: t('column.decided'),
      value: ({ id }) => {
        const hits = hitsOf.get(id);
        return hits === undefined ? 0 : hits.permitted + hits.forbade + hits.reported;
      },
      cell: ({ id }) => (decided === undefined ? null : <Decided id={id} hits={hitsOf.get(id)} />),
      from: 'sm',
      width: '160px',
    },
    {
      key: 'version',
      header: t('column.version'),
      value: ({ version }) => version,
      cell: ({ version }) => version,
      from: 'md',
      width: '90px',
    },
    {
      key: 'updated',
      header: t('column.updated'),
      value: ({ updatedAt }) => Date.parse(updatedAt),
      cell: ({ updatedAt }) => <Time at={updatedAt} />,
      from: 'md',
      width: '140px',
    },
  ];
  const create = may('policies:write') ? (
    <ButtonLink to="/policies/new" variant="contained" data-create="" startIcon={<PlusIcon />}>
      {t('new')}
    </ButtonLink>
  ) : null;
  return (
    <>
      <SubNavigation of="policies" />
      <ListPage
        title={t('title')}
        subtitle={t('subtitle')}
        actions={create}
        list={list}
        columns={columns}
        rowKey={({ id }) => id}
        textOf={(row) => `${row.name} ${row.description} ${row.text}`}
        filters={[
          {
            key: 'effect',
            label: t('column.effect'),
            options: (['permit', 'forbid'] as const).map((value) => ({ value, label: t(`effect.${value}`) })),
            matches: (row, value) => row.effect === value,
          },
          {
            key: 'mode',
            label: t('column.mode'),
            options: (['enforce', 'report', 'off'] as const).map((value) => ({ value, label: t(`mode.${value}`) })),
            matches: (row, value) => row.mode === value,
          },
        ]}
        search={search}
        onSearch={setSearch}
        empty={{
          title: t('empty.title'),
          text: t('empty.text'),
          icon: <PolicyIcon />,
          actions: (
            <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 1 }}>
              <ButtonLink to="/policies/templates" variant={create === null ? 'contained' : 'outlined'}>
                {t('new.fromTemplate')}
              </ButtonLink>
              {create}
            </Box>
          ),
        }}
      />
    </>
  );
}

/** How often it decided, and when last; leads to the accesses. */
function Decided({ id, hits }: { readonly id: string; readonly hits: PolicyHits | undefined }) {
  const t = useMessages(policyMessages);
  if (hits === undefined) return <Typography color="textSecondary">{t('hits.never')}</Typography>;
  const count = hits.permitted + hits.forbade;
  return (
    <>
      {count === 0 ? (
        <Typography component="span">{t('hits.reported', { count: hits.reported })}</Typography>
      ) : (
        <TextLink to="/security" search={{ q: id }} sx={aboveRowLink}>
          {t('hits.events', { count })}
        </TextLink>
      )}
      <Typography variant="caption" color="textSecondary" component="div">
        <Time at={hits.lastAt} />
      </Typography>
    </>
  );
}
