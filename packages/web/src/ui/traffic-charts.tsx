import Box from '@mui/material/Box';
import { useQuery } from '@tanstack/react-query';
import type { TrafficRange } from '@zeronaut/model';
import { useState } from 'react';
import { routeQuery } from '../base/api.ts';
import { formatMs, settled } from '../base/chart-scale.ts';
import { useLanguage, useMessages } from '../base/messages.ts';
import { useLiveTraffic } from '../base/use-live-traffic.ts';
import { BytesChart, RequestsChart } from './flow-charts.tsx';
import { uiMessages } from './messages.ts';
import { RangeButtons } from './range-buttons.tsx';
import { Section } from './section.tsx';
import { ErrorState, RowsSkeleton } from './states.tsx';
import { TimeChart } from './time-chart.tsx';

const RANGES: readonly TrafficRange[] = ['1h', '6h', '24h', '7d', '30d'];

interface TrafficChartsProps {
  /** At most one of both; none: all of the organization. */
  readonly resourceId?: string;
  readonly gatewayId?: string;
}

/** Requests, time and bytes, of now and before. Needs `events:read`. */
export function TrafficCharts({ resourceId, gatewayId }: TrafficChartsProps) {
  const t = useMessages(uiMessages);
  const language = useLanguage();
  const [range, setRange] = useState<TrafficRange>('24h');
  const of = { ...(resourceId !== undefined && { resourceId }), ...(gatewayId !== undefined && { gatewayId }) };
  const { data, error, refetch } = useQuery(routeQuery('traffic.get', { query: { range, ...of } }));
  useLiveTraffic(of);
  const points = settled(data?.points ?? [], ({ requests }) => requests === 0);
  const times = points.map(({ at }) => at);
  const stepMs = (data?.stepSeconds ?? 0) * 1_000;
  /** The same in the words of the list of accesses. */
  const listed = {
    ...(resourceId !== undefined && { resource: resourceId }),
    ...(gatewayId !== undefined && { gateway: gatewayId }),
  };
  return (
    <Section title={t('traffic.title')} actions={<RangeButtons ranges={RANGES} value={range} onChange={setRange} />}>
      {data === undefined ? (
        error === null ? (
          <RowsSkeleton rows={5} label={t('traffic.title')} />
        ) : (
          <ErrorState error={error} onRetry={() => void refetch()} />
        )
      ) : (
        <Box
          sx={{
            display: 'grid',
            gap: 4,
            pt: 1,
            gridTemplateColumns: { xs: 'minmax(0, 1fr)', lg: 'repeat(2, minmax(0, 1fr))' },
          }}
        >
          <Box sx={{ gridColumn: '1 / -1' }}>
            <RequestsChart
              title={t('traffic.requests')}
              points={points}
              of={listed}
              stepMs={stepMs}
              more={[
                {
                  label: t('traffic.failed'),
                  color: 'error.main',
                  values: points.map((one) => one.failed),
                  of: { ...listed, failed: 'true' },
                },
              ]}
            />
          </Box>
          <TimeChart
            title={t('traffic.duration')}
            times={times}
            stepMs={stepMs}
            format={(value) => formatMs(value, language)}
            series={[
              { label: t('traffic.p50'), color: 'success.main', values: points.map((one) => one.p50Ms), of: listed },
              { label: t('traffic.p90'), color: 'primary.main', values: points.map((one) => one.p90Ms), of: listed },
              { label: t('traffic.p99'), color: 'warning.main', values: points.map((one) => one.p99Ms), of: listed },
            ]}
          />
          <BytesChart points={points} of={listed} stepMs={stepMs} />
        </Box>
      )}
    </Section>
  );
}
