import { settled } from '../base/chart-scale.ts';
import { useMessages } from '../base/messages.ts';
import { useSparkline } from '../base/sparklines.ts';
import { uiMessages } from './messages.ts';
import { Sparkline } from './sparkline.tsx';

/** The last hour of a row of a list. Needs `events:read`. */
export function RowSparkline({ id }: { readonly id: string }) {
  const t = useMessages(uiMessages);
  const requests = useSparkline(id, true);
  if (requests === undefined || requests.length === 0) return null;
  return (
    <Sparkline
      values={settled(requests, (count) => count === 0)}
      label={t('traffic.spark', { count: requests.reduce((sum, one) => sum + one, 0) })}
    />
  );
}
