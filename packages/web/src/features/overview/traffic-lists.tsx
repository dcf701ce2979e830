import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { routeQuery } from '../../base/api.ts';
import { formatCount } from '../../base/chart-scale.ts';
import { useLanguage, useMessages } from '../../base/messages.ts';
import { useReasonText } from '../../base/reason-texts.ts';
import { useMay } from '../../base/session.ts';
import { AlarmChip } from '../../ui/alarm-chip.tsx';
import { TextLink } from '../../ui/button-link.tsx';
import { RowSparkline } from '../../ui/row-sparkline.tsx';
import { Section } from '../../ui/section.tsx';
import { ErrorState, RowsSkeleton } from '../../ui/states.tsx';
import { StatusChip } from '../../ui/status-chip.tsx';
import { Time } from '../../ui/time.tsx';
import { TwoColumns } from '../../ui/two-columns.tsx';
import { overviewMessages } from './messages.ts';

const SHOWN = 6;
const MINUTE_MS = 60_000;
const ROW = {
  display: 'flex',
  flexWrap: 'wrap',
  alignItems: 'center',
  columnGap: 2,
  px: { xs: 2, sm: 2.5 },
  py: 1,
  minHeight: 48,
  borderTop: 1,
  borderColor: 'divider',
} as const;
const LIST = { listStyle: 'none', m: 0, p: 0, mt: 1 } as const;

/** What is used, what was refused, what is wrong, and who is there: the latest of each, and the way to all of it. */
export function LatestLists() {
  const may = useMay();
  return (
    <TwoColumns>
      <TopResources />
      <Refusals />
      {may('incidents:read') ? <LatestIncidents /> : null}
      {may('devices:read') ? <Agents /> : null}
    </TwoColumns>
  );
}

function TopResources() {
  const t = useMessages(overviewMessages);
  const language = useLanguage();
  const { data, dataUpdatedAt, error, refetch } = useQuery(
    routeQuery('traffic.top', { query: { range: '1h', limit: SHOWN } }),
  );
  // Counted by minutes, the last of which still runs.
  const toMs = Math.floor(dataUpdatedAt / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  const hour = { from: new Date(toMs - 60 * MINUTE_MS).toISOString(), to: new Date(toMs).toISOString() };
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
                <TextLink to="/security" search={{ resource: id, ...hour }}>
                  {formatCount(requests, language)}
                </TextLink>
              </Box>
            </Box>
          ))}
        </Box>
      )}
    </Section>
  );
}

function Refusals() {
  const t = useMessages(overviewMessages);
  const reasonText = useReasonText();
  const { data, error, refetch } = useQuery(
    routeQuery('accessEvents.list', { query: { effect: 'deny', limit: SHOWN } }),
  );
  return (
    <Section
      title={t('denied.title')}
      actions={
        <TextLink to="/security" search={{ effect: 'deny' }}>
          {t('denied.all')}
        </TextLink>
      }
      flush
    >
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
                  {reasonText(event.reason).title} · {event.sourceAddress}
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

function LatestIncidents() {
  const t = useMessages(overviewMessages);
  const { data, error, refetch } = useQuery(routeQuery('incidents.list', { query: { sort: '-opened', limit: SHOWN } }));
  return (
    <Section
      title={t('incidents.title')}
      actions={<TextLink to="/security/incidents">{t('incidents.all')}</TextLink>}
      flush
    >
      {data === undefined ? (
        <Pending error={error} label={t('incidents.title')} retry={() => void refetch()} />
      ) : data.items.length === 0 ? (
        <Nothing>{t('incidents.none')}</Nothing>
      ) : (
        <Box component="ul" sx={LIST}>
          {data.items.map(({ id, kind, severity, object, openedAt, closedAt }) => (
            <Box component="li" key={id} sx={ROW}>
              <Box sx={{ flex: '1 1 200px', minWidth: 0, overflowWrap: 'anywhere' }}>
                <TextLink to="/security/incidents/$id" params={{ id }}>
                  <AlarmChip kind={kind} severity={severity} over={closedAt !== null} />
                </TextLink>{' '}
                {object.name}
              </Box>
              <Typography variant="body2" color="textSecondary" component="span">
                {closedAt === null ? '' : `${t('incidents.over')} · `}
                <Time at={openedAt} />
              </Typography>
            </Box>
          ))}
        </Box>
      )}
    </Section>
  );
}

/** Machines that can hold a tunnel, and whether they do. */
function Agents() {
  const t = useMessages(overviewMessages);
  const { data, error, refetch } = useQuery(
    routeQuery('devices.list', { query: { state: 'approved', sort: '-created', limit: SHOWN } }),
  );
  return (
    <Section title={t('agents.title')} actions={<TextLink to="/devices">{t('agents.all')}</TextLink>} flush>
      {data === undefined ? (
        <Pending error={error} label={t('agents.title')} retry={() => void refetch()} />
      ) : data.items.length === 0 ? (
        <Nothing>{t('agents.none')}</Nothing>
      ) : (
        <Box component="ul" sx={LIST}>
          {data.items.map(({ id, name, connected }) => (
            <Box component="li" key={id} sx={ROW}>
              <Box sx={{ flex: '1 1 200px', minWidth: 0, overflowWrap: 'anywhere' }}>
                <TextLink to="/devices/$id" params={{ id }}>
                  {name}
                </TextLink>
              </Box>
              <StatusChip meaning={connected ? 'ok' : 'neutral'}>
                {t(connected ? 'agents.up' : 'agents.away')}
              </StatusChip>
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
    <Typography color="textSecondary" sx={{ px: { xs: 2, sm: 2.5 }, pb: 2.5, pt: 1 }}>
      {children}
    </Typography>
  );
}
