import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import type { AccessEvent, Activity as ActivityOf, ActivityPoint, ActivityRange } from '@zeronaut/model';
import { type ReactNode, useCallback, useState } from 'react';
import { routeQuery } from '../base/api.ts';
import { settled } from '../base/chart-scale.ts';
import { useLanguage, useMessages } from '../base/messages.ts';
import { useLiveTraffic } from '../base/use-live-traffic.ts';
import { TextLink } from './button-link.tsx';
import { BytesChart, RequestsChart } from './flow-charts.tsx';
import { uiMessages } from './messages.ts';
import { RangeButtons } from './range-buttons.tsx';
import { Section } from './section.tsx';
import { ErrorState, RowsSkeleton } from './states.tsx';
import { StatusChip } from './status-chip.tsx';
import { Time } from './time.tsx';

const RANGES: readonly ActivityRange[] = ['24h', '7d', '30d'];
/** Thirty days of an hour each are read anew. */
const EVERY_MS = 15_000;
/** As `activity.differing` has it. */
const UNUSUAL_TIMES = 2;
const UNUSUAL_REQUESTS = 20;
const HOURS_PX = 72;

/** What a user or device does: how much, when, with what, from where, and whether that is usual. Needs `events:read`. */
export function Activity({ id }: { readonly id: string }) {
  const t = useMessages(uiMessages);
  const language = useLanguage();
  const [range, setRange] = useState<ActivityRange>('24h');
  const { data, error, refetch } = useQuery(routeQuery('activity.get', { params: { id }, query: { range } }));
  const concerns = useCallback(
    // Of a forward it is the device that opened the door.
    ({ subject, credentialId }: AccessEvent) => subject === id || credentialId === id,
    [id],
  );
  useLiveTraffic({}, { concerns, everyMs: EVERY_MS });
  const points = settled(data?.points ?? [], ({ requests }) => requests === 0);
  return (
    <Section title={t('activity.title')} actions={<RangeButtons ranges={RANGES} value={range} onChange={setRange} />}>
      {data === undefined ? (
        error === null ? (
          <RowsSkeleton rows={5} label={t('activity.title')} />
        ) : (
          <ErrorState error={error} onRetry={() => void refetch()} />
        )
      ) : (
        <Box sx={{ display: 'grid', gap: 3 }}>
          <Box sx={{ display: 'flex', flexWrap: 'wrap', columnGap: 3, rowGap: 0.5, alignItems: 'baseline' }}>
            <Usual usual={data.usual} />
            <Typography variant="body2" color="textSecondary">
              {t('activity.different', data.different)}
            </Typography>
            {data.different.countries === 0 ? null : (
              <Typography variant="body2" color="textSecondary">
                {t('activity.countries', data.different)}
              </Typography>
            )}
          </Box>
          {data.total.requests === 0 ? (
            <Typography color="textSecondary">{t('activity.none')}</Typography>
          ) : (
            <>
              <Box
                sx={{
                  display: 'grid',
                  gap: 4,
                  gridTemplateColumns: { xs: 'minmax(0, 1fr)', lg: 'repeat(2, minmax(0, 1fr))' },
                }}
              >
                <RequestsChart title={t('activity.requests')} points={points} />
                <BytesChart points={points} />
              </Box>
              <Hours points={data.points} />
              <Box
                sx={{
                  display: 'grid',
                  gap: 3,
                  gridTemplateColumns: { xs: 'minmax(0, 1fr)', sm: 'repeat(2, minmax(0, 1fr))' },
                }}
              >
                <Parts
                  title={t('activity.resources')}
                  rows={data.resources.map(({ id: resourceId, name, ...part }) => ({
                    key: resourceId,
                    name:
                      name === '' ? (
                        t('activity.gone')
                      ) : (
                        <TextLink to="/resources/$id" params={{ id: resourceId }}>
                          {name}
                        </TextLink>
                      ),
                    ...part,
                  }))}
                />
                <Parts
                  title={t('activity.addresses')}
                  rows={data.addresses.map(({ address, ...part }) => ({
                    key: address,
                    name: (
                      <TextLink to="/security" search={{ address }}>
                        {address}
                      </TextLink>
                    ),
                    ...part,
                  }))}
                />
                {data.countries.length === 0 ? null : (
                  <Parts
                    title={t('activity.fromCountries')}
                    rows={data.countries.map(({ country, ...part }) => ({
                      key: country,
                      name: countryName(country, language),
                      ...part,
                    }))}
                  />
                )}
              </Box>
            </>
          )}
        </Box>
      )}
    </Section>
  );
}

function Usual({ usual: { today, median } }: { readonly usual: ActivityOf['usual'] }) {
  const t = useMessages(uiMessages);
  if (median === null) return <StatusChip meaning="neutral">{t('activity.noUsual', { today })}</StatusChip>;
  const times = Math.round((today / Math.max(median, 1)) * 10) / 10;
  return times >= UNUSUAL_TIMES && today >= UNUSUAL_REQUESTS ? (
    <StatusChip meaning="warn">{t('activity.unusual', { today, median, times })}</StatusChip>
  ) : (
    <StatusChip meaning="ok">{t('activity.usual', { today, median })}</StatusChip>
  );
}

/** When of the day, in the zone of whoever looks. */
function Hours({ points }: { readonly points: readonly ActivityPoint[] }) {
  const t = useMessages(uiMessages);
  const language = useLanguage();
  const counts = Array<number>(24).fill(0);
  for (const { at, requests } of points) counts[new Date(at).getHours()]! += requests;
  const most = Math.max(1, ...counts);
  const hour = new Intl.DateTimeFormat(language, { hour: 'numeric', minute: '2-digit' });
  const nameOf = (index: number) => hour.format(new Date(2026, 0, 1, index));
  return (
    <Box>
      <Typography variant="h3" sx={{ mb: 1 }}>
        {t('activity.hours')}
      </Typography>
      <Box
        component="ul"
        aria-label={t('activity.hours')}
        sx={{ listStyle: 'none', m: 0, p: 0, display: 'flex', alignItems: 'flex-end', gap: '2px', height: HOURS_PX }}
      >
        {counts.map((count, index) => (
          <Box
            component="li"
            // biome-ignore lint/suspicious/noArrayIndexKey: an hour is its place
            key={index}
            title={t('activity.hourOf', { hour: nameOf(index), count })}
            sx={{
              flex: 1,
              height: 1,
              display: 'flex',
              alignItems: 'flex-end',
              bgcolor: 'action.hover',
              borderRadius: 0.5,
            }}
          >
            <Box
              role="img"
              aria-label={t('activity.hourOf', { hour: nameOf(index), count })}
              sx={{ width: 1, bgcolor: 'primary.main', borderRadius: 0.5 }}
              style={{ height: `${(count / most) * 100}%` }}
            />
          </Box>
        ))}
      </Box>
      <Typography
        variant="caption"
        color="textSecondary"
        component="div"
        aria-hidden
        sx={{ display: 'flex', justifyContent: 'space-between', mt: 0.5 }}
      >
        {[0, 6, 12, 18, 23].map((index) => (
          <span key={index}>{nameOf(index)}</span>
        ))}
      </Typography>
    </Box>
  );
}

interface PartRow {
  readonly key: string;
  readonly name: ReactNode;
  readonly requests: number;
  readonly refused: number;
  readonly lastAt: string;
}

function Parts({ title, rows }: { readonly title: string; readonly rows: readonly PartRow[] }) {
  const t = useMessages(uiMessages);
  if (rows.length === 0) return null;
  return (
    <Box sx={{ minWidth: 0 }}>
      <Typography variant="h3" sx={{ mb: 1 }}>
        {title}
      </Typography>
      <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0, display: 'grid', gap: 1 }}>
        {rows.map(({ key, name, requests, refused, lastAt }) => (
          <Box
            component="li"
            key={key}
            sx={{ display: 'flex', flexWrap: 'wrap', justifyContent: 'space-between', columnGap: 2 }}
          >
            <Box sx={{ minWidth: 0, overflowWrap: 'anywhere' }}>{name}</Box>
            <Typography variant="body2" color="textSecondary" component="div">
              {t('activity.part', { count: requests })}
              {refused === 0 ? '' : ` · ${t('activity.partRefused', { refused })}`}
              {' · '}
              <Time at={lastAt} />
            </Typography>
          </Box>
        ))}
      </Box>
    </Box>
  );
}

/** Codes come from a file that may know more than the browser. */
function countryName(code: string, language: string): string {
  return /^[A-Z]{2}$/.test(code) ? (new Intl.DisplayNames(language, { type: 'region' }).of(code) ?? code) : code;
}
