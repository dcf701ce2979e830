import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { routeQuery } from '../../base/api.ts';
import { formatCount } from '../../base/chart-scale.ts';
import { useLanguage, useMessages } from '../../base/messages.ts';
import { TextLink } from '../../ui/button-link.tsx';
import { RowSparkline } from '../../ui/row-sparkline.tsx';
import { Section } from '../../ui/section.tsx';
import { ErrorState, RowsSkeleton } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import { overviewMessages } from './messages.ts';

const SHOWN = 6;
const ROW = {
  display: 'flex',
  flexWrap: 'wrap',
  alignItems: 'center',
  columnGap: 2,
  px: 2.5,
  py: 1,
  minHeight: 48,
  borderTop: 1,
  borderColor: 'divider',
} as const;
const LIST = { listStyle: 'none', m: 0, p: 0, mt: 1 } as const;

export function TopResources() {
  const t = useMessages(overviewMessages);
  const language = useLanguage();
  const { data, error, refetch } = useQuery(routeQuery('traffic.top', { query: { range: '1h', limit: SHOWN } }));
  return (
    <Section title={t('top.title')} flush>
      {data === undefined ? (
        <Pending error={error} label={t('top.title')} retry={() => void refetch()} />
      ) : data.items.length === 0 ? (
        <Nothing>{t('top.none')}</Nothing>
      ) : (
        <Box component="ul" sx={LIST}>
          {data.items.map(({ id, name, requests }) => (
            <Box component="li" key={id} sx={ROW}>
              <Box sx={{ flex: 1, minWidth: 0, overflowWrap: 'anywhere' }}>
                {name === '' ? (
                  <Typography color="textSecondary">{t('top.gone')}</Typography>
                ) : (
                  <TextLink to="/resources/$id" params={{ id }}>
                    {name}
                  </TextLink>
                )}
              </Box>
              <RowSparkline id={id} />
              <Box sx={{ width: 72, textAlign: 'right', fontVariantNumeric: 'tabular-nums' }}>
                {formatCount(requests, language)}
              </Box>
            </Box>
          ))}
        </Box>
      )}
    </Section>
  );
}

export function Refusals() {
  const t = useMessages(overviewMessages);
  const { data, error, refetch } = useQuery(
    routeQuery('accessEvents.list', { query: { effect: 'deny', limit: SHOWN } }),
  );
  return (
    <Section title={t('denied.title')} flush>
      {data === undefined ? (
        <Pending error={error} label={t('denied.title')} retry={() => void refetch()} />
      ) : data.items.length === 0 ? (
        <Nothing>{t('denied.none')}</Nothing>
      ) : (
        <Box component="ul" sx={LIST}>
          {data.items.map((event) => (
            <Box component="li" key={`${event.gatewayId}.${event.epoch}.${event.seq}`} sx={ROW}>
              <Box sx={{ flex: '1 1 200px', minWidth: 0 }}>
                <Typography noWrap title={`${event.method} ${event.host}${event.path}`}>
                  {event.method} {event.host}
                  {event.path}
                </Typography>
                <Typography variant="caption" color="textSecondary" component="div">
                  <code>{event.reason}</code> · {event.sourceAddress}
                </Typography>
              </Box>
              <Typography variant="body2" color="textSecondary" component="span">
                <Time at={event.at} />
              </Typography>
            </Box>
          ))}
        </Box>
      )}
    </Section>
  );
}

function Pending(props: { readonly error: Error | null; readonly label: string; readonly retry: () => void }) {
  if (props.error === null) return <RowsSkeleton rows={4} label={props.label} />;
  return <ErrorState error={props.error} onRetry={props.retry} />;
}

function Nothing({ children }: { readonly children: ReactNode }) {
  return (
    <Typography color="textSecondary" sx={{ px: 2.5, pb: 2.5, pt: 1 }}>
      {children}
    </Typography>
  );
}
