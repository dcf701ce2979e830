import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { ActivityDifference } from '@zeronaut/model';
import { routeQuery } from '../../base/api.ts';
import { formatCount } from '../../base/chart-scale.ts';
import { useLanguage, useMessages } from '../../base/messages.ts';
import { wholeList } from '../../base/use-list.ts';
import { useLiveTraffic } from '../../base/use-live-traffic.ts';
import { useSearchChange } from '../../base/use-search-change.ts';
import { TextLink } from '../../ui/button-link.tsx';
import { SecurityIcon } from '../../ui/icons.tsx';
import { ListPage } from '../../ui/list-page.tsx';
import { type Column, rowLink } from '../../ui/list-table.tsx';
import { Sparkline } from '../../ui/sparkline.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { securityMessages } from './messages.ts';

const route = getRouteApi('/security/behaviour');
/** The console looks at all of them anew no sooner. */
const EVERY_MS = 300_000;

/** Who does much more today than usual. */
export function BehaviourPage() {
  const t = useMessages(securityMessages);
  const language = useLanguage();
  const search = route.useSearch();
  const setSearch = useSearchChange();
  const query = useQuery(routeQuery('activity.differing', { query: { limit: 100 } }));
  useLiveTraffic({}, { everyMs: EVERY_MS });
  const columns: Column<ActivityDifference>[] = [
    {
      key: 'name',
      header: t('behaviour.name'),
      value: ({ name }) => name,
      cell: ({ id, kind, name }) => (
        <TextLink to={kind === 'user' ? '/users/$id' : '/devices/$id'} params={{ id }} sx={rowLink}>
          {name === '' ? t('behaviour.gone') : name}
        </TextLink>
      ),
    },
    {
      key: 'kind',
      header: t('behaviour.kind'),
      value: ({ kind }) => kind,
      cell: ({ kind }) => t(`behaviour.kind.${kind}`),
      from: 'sm',
      width: '120px',
    },
    {
      key: 'course',
      header: t('behaviour.course'),
      cell: ({ id }) => <Course id={id} />,
      from: 'sm',
      width: '120px',
    },
    {
      key: 'today',
      header: t('behaviour.today'),
      value: ({ today }) => today,
      cell: ({ today }) => formatCount(today, language),
      width: '90px',
    },
    {
      key: 'median',
      header: t('behaviour.median'),
      value: ({ median }) => median,
      cell: ({ median }) => formatCount(median, language),
      from: 'sm',
      width: '130px',
    },
    {
      key: 'times',
      header: t('behaviour.times'),
      value: ({ times }) => times,
      cell: ({ times }) => formatCount(times, language),
      width: '110px',
    },
  ];
  return (
    <>
      <SubNavigation of="security" />
      <ListPage
        title={t('behaviour.title')}
        subtitle={t('behaviour.subtitle')}
        list={wholeList(query)}
        columns={columns}
        rowKey={({ id }) => id}
        textOf={({ name, id }) => `${name} ${id}`}
        filters={[
          {
            key: 'kind',
            label: t('behaviour.kind'),
            options: (['user', 'device'] as const).map((value) => ({ value, label: t(`behaviour.kind.${value}`) })),
            matches: (row, value) => row.kind === value,
          },
        ]}
        search={search}
        onSearch={setSearch}
        empty={{
          title: t('behaviour.empty.title'),
          text: t('behaviour.empty.text'),
          icon: <SecurityIcon />,
          actions: <TextLink to="/security">{t('behaviour.empty.live')}</TextLink>,
        }}
      />
    </>
  );
}

/** The last seven days of one of them, so that a peak can be told from what has grown. */
function Course({ id }: { readonly id: string }) {
  const t = useMessages(securityMessages);
  const { data } = useQuery(routeQuery('activity.get', { params: { id }, query: { range: '7d' } }));
  if (data === undefined) return null;
  return (
    <Sparkline
      values={data.points.map(({ requests }) => requests)}
      label={t('behaviour.spark', { count: data.total.requests })}
    />
  );
}
