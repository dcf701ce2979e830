import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import type { RouteResponse, Routes } from '@zeronaut/model';
import type { ReactNode } from 'react';
import { formatBytes, formatCount, formatMs } from '../../base/chart-scale.ts';
import { useLanguage, useMessages } from '../../base/messages.ts';
import { Facts } from '../../ui/facts.tsx';
import { Section } from '../../ui/section.tsx';
import { StatusChip } from '../../ui/status-chip.tsx';
import { Time } from '../../ui/time.tsx';
import { TimeChart } from '../../ui/time-chart.tsx';
import { gatewayMessages } from './messages.ts';

type Status = RouteResponse<Routes['gateways.getStatus']>;

/** What it said last of itself: open connections, load, and events that wait. */
export function GatewayNow({ status }: { readonly status: Status }) {
  const t = useMessages(gatewayMessages);
  const language = useLanguage();
  const { load } = status;
  const count = (value: number | undefined) => (value === undefined ? t('fact.unknown') : formatCount(value, language));
  const bytes = (value: number | undefined) => (value === undefined ? t('fact.unknown') : formatBytes(value, language));
  if (load === null) {
    return (
      <Section title={t('section.now')}>
        <Typography color="textSecondary">{t('now.none')}</Typography>
      </Section>
    );
  }
  const lost: ReactNode =
    load.eventsDropped === 0 ? count(0) : <StatusChip meaning="bad">{count(load.eventsDropped)}</StatusChip>;
  return (
    <Section
      title={t('section.now')}
      actions={
        <Typography variant="body2" color="textSecondary" component="span">
          {status.loadIsStale ? <StatusChip meaning="warn">{t('now.stale')}</StatusChip> : null}{' '}
          <Time at={status.loadAt} />
        </Typography>
      }
    >
      <Facts
        rows={[
          [t('now.http'), count(load.connections)],
          [t('now.websockets'), count(load.websockets)],
          [t('now.tcp'), count(load.tcpConnections)],
          [t('now.udp'), count(load.udpSessions)],
          [t('now.forwards'), count(load.forwards)],
          [t('now.tunnels'), t('now.tunnels.value', { tunnels: count(load.tunnels), streams: count(load.streams) })],
          [t('now.cpu'), `${formatCount(Math.round(load.cpuPercent), language)} %`],
          [t('now.memory'), bytes(load.memoryBytes)],
          [t('now.heap'), bytes(load.heapBytes)],
          [t('now.delay'), formatMs(load.delayP99Ms ?? load.delayMs, language)],
          [t('now.waiting'), `${count(load.eventsWaiting)} (${bytes(load.spoolBytes)})`],
          [t('now.lost'), lost],
          [t('now.started'), <Time key="started" at={load.startedAt} />],
        ]}
      />
    </Section>
  );
}

/** Its last hour, which goes on while somebody looks. */
export function GatewayLoadCharts({ status }: { readonly status: Status }) {
  const t = useMessages(gatewayMessages);
  const language = useLanguage();
  const { history } = status;
  const times = history.map(({ at }) => at);
  return (
    <Section title={t('section.load')}>
      {history.length < 2 ? (
        <Typography color="textSecondary">{t('load.none')}</Typography>
      ) : (
        <Box
          sx={{
            display: 'grid',
            gap: 4,
            pt: 1,
            gridTemplateColumns: { xs: 'minmax(0, 1fr)', lg: 'repeat(2, minmax(0, 1fr))' },
          }}
        >
          <TimeChart
            title={t('load.connections')}
            times={times}
            whole
            format={(value) => formatCount(value, language)}
            series={[
              {
                label: t('now.http'),
                color: 'primary.main',
                values: history.map(({ connections }) => connections),
                area: true,
              },
              { label: t('load.raw'), color: 'warning.main', values: history.map(({ rawFlows }) => rawFlows) },
              { label: t('load.streams'), color: 'success.main', values: history.map(({ streams }) => streams) },
            ]}
          />
          <TimeChart
            title={t('now.cpu')}
            times={times}
            format={(value) => `${formatCount(value, language)} %`}
            series={[
              {
                label: t('now.cpu'),
                color: 'primary.main',
                values: history.map(({ cpuPercent }) => cpuPercent),
                area: true,
              },
            ]}
          />
          <TimeChart
            title={t('now.memory')}
            times={times}
            format={(value) => formatBytes(value, language)}
            series={[
              { label: t('now.memory'), color: 'primary.main', values: history.map(({ memoryBytes }) => memoryBytes) },
            ]}
          />
          <TimeChart
            title={t('load.delay')}
            times={times}
            format={(value) => formatMs(value, language)}
            series={[{ label: t('load.delay'), color: 'warning.main', values: history.map(({ delayMs }) => delayMs) }]}
          />
        </Box>
      )}
    </Section>
  );
}
