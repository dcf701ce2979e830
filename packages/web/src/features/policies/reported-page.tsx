import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Card from '@mui/material/Card';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { routeQuery } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useNameOf } from '../../base/people.ts';
import { useMay } from '../../base/session.ts';
import { useList } from '../../base/use-list.ts';
import { useSearchChange } from '../../base/use-search-change.ts';
import { TextLink } from '../../ui/button-link.tsx';
import { PolicyIcon } from '../../ui/icons.tsx';
import { ListBar, NoMatch } from '../../ui/list-bar.tsx';
import { PageHeader } from '../../ui/page-header.tsx';
import { EmptyState, ErrorState, RowsSkeleton } from '../../ui/states.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { Time } from '../../ui/time.tsx';
import { policyMessages } from './messages.ts';
import { OutcomeChip } from './policy-chips.tsx';
import { ReportedAdministration } from './reported-administration.tsx';

const route = getRouteApi('/policies/reported');
const EFFECTS = ['pass', 'challenge', 'deny'] as const;

/** Accesses that policies in report mode would have decided otherwise. */
export function ReportedPage() {
  const t = useMessages(policyMessages);
  const mayAudit = useMay()('audit:read');
  const search = route.useSearch();
  const setSearch = useSearchChange();
  const { q, policy, effect } = search;
  const list = useList('accessEvents.list', {
    query: { ...(q !== undefined && { q }), ...(policy !== undefined && { policyId: policy }) },
  });
  const policies = useQuery(routeQuery('policies.list', { query: { limit: 500 } }));
  const nameOf = useNameOf();
  const policyName = (id: string) => policies.data?.items.find((one) => one.id === id)?.name ?? id;
  const looked = list.rows?.length ?? 0;
  const rows =
    list.rows?.filter(
      ({ explanation }) =>
        explanation?.reported != null && (effect === undefined || explanation.reported.effect === effect),
    ) ?? [];
  const isAsked = q !== undefined || policy !== undefined || effect !== undefined;
  const reporting = policies.data?.items.filter(({ id, mode }) => mode === 'report' || id === policy) ?? [];
  return (
    <>
      <SubNavigation of="policies" />
      <PageHeader title={t('reported.title')} subtitle={t('reported.subtitle')} />
      {mayAudit ? (
        <Box sx={{ mb: 2 }}>
          <ReportedAdministration />
        </Box>
      ) : null}
      <Card component="section" aria-label={t('reported.title')}>
        {list.rows === undefined ? (
          list.error === null ? (
            <RowsSkeleton label={t('reported.title')} />
          ) : (
            <ErrorState error={list.error} onRetry={list.reload} />
          )
        ) : (
          <>
            {looked === 0 && !isAsked ? null : (
              <ListBar
                search={search}
                onSearch={setSearch}
                filters={[
                  {
                    key: 'policy',
                    label: t('reported.policy'),
                    options: reporting.map(({ id, name }) => ({ value: id, label: name })),
                  },
                  {
                    key: 'effect',
                    label: t('reported.effect'),
                    options: EFFECTS.map((value) => ({ value, label: t(`outcome.${value}`) })),
                  },
                ]}
                count={rows.length}
                isMore={false}
              />
            )}
            {rows.length === 0 && isAsked ? (
              list.hasMore ? null : (
                <NoMatch onClear={() => setSearch({ q: undefined, policy: undefined, effect: undefined })} />
              )
            ) : rows.length === 0 ? (
              <EmptyState title={t('reported.none.title')} icon={<PolicyIcon />}>
                <span>{t('reported.none.text')}</span>
              </EmptyState>
            ) : null}
            <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0 }}>
              {rows.map((event) => (
                <Box
                  component="li"
                  key={`${event.gatewayId}.${event.epoch}.${event.seq}`}
                  sx={{
                    px: { xs: 2, sm: 2.5 },
                    py: 1.5,
                    borderBottom: 1,
                    borderColor: 'divider',
                    overflowWrap: 'anywhere',
                  }}
                >
                  <Box sx={{ display: 'flex', flexWrap: 'wrap', columnGap: 1.5, alignItems: 'center' }}>
                    <OutcomeChip outcome={event.effect} />
                    <span aria-hidden>→</span>
                    <span>{t('reported.would')}</span>
                    <OutcomeChip outcome={event.explanation!.reported!.effect} />
                    {event.explanation!.reported!.policies.map((id) => (
                      <TextLink key={id} to="/policies/$id" params={{ id }}>
                        {policyName(id)}
                      </TextLink>
                    ))}
                  </Box>
                  <Typography variant="body2">
                    {event.method} {event.host}
                    {event.path}
                  </Typography>
                  <Typography variant="caption" color="textSecondary">
                    {event.subject === '' ? t('assertions.nobody') : nameOf(event.subject)} · {event.sourceAddress} ·{' '}
                    <Time at={event.at} />
                  </Typography>
                </Box>
              ))}
            </Box>
            <Box
              sx={{ display: 'flex', flexWrap: 'wrap', gap: 2, alignItems: 'center', px: { xs: 2, sm: 2.5 }, py: 1.5 }}
            >
              <Typography variant="body2" color="textSecondary" aria-live="polite">
                {list.hasMore ? t('reported.looked', { count: looked }) : t('reported.all')}
              </Typography>
              {list.hasMore ? (
                <Button size="small" loading={list.isFetching} onClick={list.loadMore}>
                  {t('reported.more')}
                </Button>
              ) : null}
            </Box>
          </>
        )}
      </Card>
    </>
  );
}
