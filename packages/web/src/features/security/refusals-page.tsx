import Box from '@mui/material/Box';
import MenuItem from '@mui/material/MenuItem';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { routeQuery } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useReasonText } from '../../base/reason-texts.ts';
import { useMay } from '../../base/session.ts';
import { useLiveTraffic } from '../../base/use-live-traffic.ts';
import { TextLink } from '../../ui/button-link.tsx';
import { PageHeader } from '../../ui/page-header.tsx';
import { Section } from '../../ui/section.tsx';
import { ShortList } from '../../ui/short-list.tsx';
import { ErrorState, RowsSkeleton } from '../../ui/states.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { TwoColumns } from '../../ui/two-columns.tsx';
import { securityMessages } from './messages.ts';

const route = getRouteApi('/security/refusals');
const RANGES = ['1h', '6h', '24h', '7d'] as const;
const MOST_RESOURCES = 100;

/** Why and where people did not get in, counted by the console. */
export function RefusalsPage() {
  const t = useMessages(securityMessages);
  const may = useMay();
  const reasonText = useReasonText();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  useLiveTraffic({ effect: 'deny' });
  const range = RANGES.find((one) => one === search.range) ?? '24h';
  const reasons = useQuery(routeQuery('traffic.reasons', { query: { range, limit: 50 } }));
  // Counts by resource are kept for an hour and a day.
  const topRange = range === '1h' ? '1h' : '24h';
  const top = useQuery(
    routeQuery('traffic.top', { query: { by: 'resource', order: 'refused', range: topRange, limit: MOST_RESOURCES } }),
  );
  // Of policies, hours are kept for a day.
  const hitRange = range === '7d' ? '7d' : '24h';
  const mayPolicies = may('policies:read');
  const hits = useQuery({
    ...routeQuery('policies.hits', { query: { range: hitRange } }),
    enabled: mayPolicies,
  });
  return (
    <>
      <SubNavigation of="security" />
      <PageHeader
        title={t('refusals.title')}
        subtitle={t('refusals.subtitle')}
        actions={
          <TextField
            select
            label={t('refusals.range')}
            value={range}
            onChange={(event) =>
              void navigate({ search: (before) => ({ ...before, range: event.target.value }), replace: true })
            }
            sx={{ width: 180 }}
          >
            {RANGES.map((one) => (
              <MenuItem key={one} value={one}>
                {t(`range.${one}`)}
              </MenuItem>
            ))}
          </TextField>
        }
      />
      <TwoColumns>
        <Section title={t('refusals.reasons')}>
          <Bars
            query={reasons}
            name="reasons"
            label={t('refusals.reasons')}
            none={t('refusals.none')}
            rowsOf={({ items }) =>
              items.map(({ reason, count }) => ({
                key: reason,
                count,
                text: `${reasonText(reason).title} ${reason}`,
                title: (
                  <TextLink to="/security" search={{ reason }}>
                    {reasonText(reason).title}
                  </TextLink>
                ),
                detail: reason,
              }))
            }
          />
        </Section>
        <Section title={`${t('refusals.resources')} · ${t(`range.${topRange}`)}`}>
          <Bars
            query={top}
            name="resources"
            label={t('refusals.resources')}
            none={t('refusals.noneResources')}
            rowsOf={({ items }) =>
              items
                .filter(({ refused }) => refused > 0)
                .map(({ id, name, refused }) => ({
                  key: id,
                  count: refused,
                  text: name || id,
                  title: (
                    <TextLink to="/security" search={{ resource: id, effect: 'deny' }}>
                      {name === '' ? t('refusals.gone') : name}
                    </TextLink>
                  ),
                  detail: name === '' ? id : '',
                }))
            }
          />
        </Section>
        {mayPolicies ? (
          <Section title={`${t('refusals.policies')} · ${t(`range.${hitRange}`)}`}>
            <Bars
              query={hits}
              name="policies"
              label={t('refusals.policies')}
              none={t('refusals.nonePolicies')}
              rowsOf={({ items }) =>
                items
                  .filter(({ forbade }) => forbade > 0)
                  .sort((a, b) => b.forbade - a.forbade)
                  .map(({ policyId, name, forbade }) => ({
                    key: policyId,
                    count: forbade,
                    text: name || policyId,
                    title:
                      name === '' ? (
                        t('refusals.policyGone')
                      ) : (
                        <TextLink to="/policies/$id" params={{ id: policyId }}>
                          {name}
                        </TextLink>
                      ),
                    detail: name === '' ? policyId : '',
                    more: (
                      <TextLink to="/security" search={{ effect: 'deny', q: policyId }}>
                        {t('refusals.count', { count: forbade })}
                      </TextLink>
                    ),
                  }))
              }
            />
          </Section>
        ) : null}
      </TwoColumns>
    </>
  );
}

interface Bar {
  readonly key: string;
  readonly count: number;
  /** What it is found by. */
  readonly text: string;
  readonly title: ReactNode;
  readonly detail: string;
  /** Instead of the number alone. */
  readonly more?: ReactNode;
}

function Bars<Data>(props: {
  readonly query: UseQueryResult<Data>;
  /** In the URL. */
  readonly name: string;
  readonly label: string;
  readonly none: string;
  readonly rowsOf: (data: Data) => readonly Bar[];
}) {
  const t = useMessages(securityMessages);
  const { data, error, refetch } = props.query;
  if (data === undefined) {
    return error === null ? (
      <RowsSkeleton rows={4} label={props.label} />
    ) : (
      <ErrorState error={error} onRetry={() => void refetch()} />
    );
  }
  const rows = props.rowsOf(data);
  const most = Math.max(1, ...rows.map(({ count }) => count));
  if (rows.length === 0) return <Typography color="textSecondary">{props.none}</Typography>;
  return (
    <ShortList
      label={props.label}
      rows={rows}
      padded
      find={{
        name: props.name,
        textOf: ({ text }) => text,
        orders: [{ key: 'name', value: ({ text }) => text }],
      }}
    >
      {(shown) => (
        <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0, display: 'grid', gap: 1.5 }}>
          {shown.map(({ key, count, title, detail, more }) => (
            <Box component="li" key={key} sx={{ overflowWrap: 'anywhere' }}>
              <Box sx={{ display: 'flex', justifyContent: 'space-between', gap: 2 }}>
                <Box sx={{ minWidth: 0 }}>{title}</Box>
                <Typography variant="body2" sx={{ fontVariantNumeric: 'tabular-nums', whiteSpace: 'nowrap' }}>
                  {more ?? t('refusals.count', { count })}
                </Typography>
              </Box>
              {detail === '' ? null : (
                <Typography variant="caption" color="textSecondary" component="div">
                  <code>{detail}</code>
                </Typography>
              )}
              <Box aria-hidden sx={{ height: 6, borderRadius: 3, bgcolor: 'action.hover', mt: 0.5 }}>
                <Box
                  sx={{ height: 1, borderRadius: 3, bgcolor: 'error.main' }}
                  style={{ width: `${(count / most) * 100}%` }}
                />
              </Box>
            </Box>
          ))}
        </Box>
      )}
    </ShortList>
  );
}
