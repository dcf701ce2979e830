import { formatBytes, formatCount } from '../base/chart-scale.ts';
import { useLanguage, useMessages } from '../base/messages.ts';
import { uiMessages } from './messages.ts';
import { type AccessFilter, type Series, TimeChart } from './time-chart.tsx';

interface Counts {
  readonly at: string;
  readonly requests: number | null;
  readonly refused: number | null;
  readonly bytesIn: number | null;
  readonly bytesOut: number | null;
}

interface FlowChartProps {
  readonly points: readonly Counts[];
  /** With both, values lead to the accesses of their time. */
  readonly of?: AccessFilter;
  readonly stepMs?: number;
}

interface RequestsChartProps extends FlowChartProps {
  readonly title: string;
  /** Beside all and refused. */
  readonly more?: readonly Series[];
}

export function RequestsChart({ title, points, more = [], of, stepMs }: RequestsChartProps) {
  const t = useMessages(uiMessages);
  const language = useLanguage();
  return (
    <TimeChart
      title={title}
      times={points.map(({ at }) => at)}
      whole
      {...(stepMs !== undefined && { stepMs })}
      format={(value) => formatCount(value, language)}
      series={[
        {
          label: t('traffic.all'),
          color: 'primary.main',
          values: points.map((one) => one.requests),
          area: true,
          ...(of !== undefined && { of }),
        },
        {
          label: t('traffic.refused'),
          color: 'warning.main',
          values: points.map((one) => one.refused),
          // What broke is no refusal, and counted apart.
          ...(of !== undefined && { of: { ...of, effect: 'deny', failed: 'false' } as const }),
        },
        ...more,
      ]}
    />
  );
}

export function BytesChart({ points, of, stepMs }: FlowChartProps) {
  const t = useMessages(uiMessages);
  const language = useLanguage();
  return (
    <TimeChart
      title={t('traffic.bytes')}
      times={points.map(({ at }) => at)}
      {...(stepMs !== undefined && { stepMs })}
      format={(value) => formatBytes(value, language)}
      series={[
        {
          label: t('traffic.bytesOut'),
          color: 'primary.main',
          values: points.map((one) => one.bytesOut),
          area: true,
          ...(of !== undefined && { of }),
        },
        {
          label: t('traffic.bytesIn'),
          color: 'success.main',
          values: points.map((one) => one.bytesIn),
          ...(of !== undefined && { of }),
        },
      ]}
    />
  );
}
