import type { Alarm } from '@zeronaut/model';
import { useMessages } from '../base/messages.ts';
import { uiMessages } from './messages.ts';
import { StatusChip } from './status-chip.tsx';

/** What kind of thing is wrong, and how much it matters. */
export function AlarmChip({ kind, severity, over = false }: Pick<Alarm, 'kind' | 'severity'> & { over?: boolean }) {
  const t = useMessages(uiMessages);
  return <StatusChip meaning={over ? 'neutral' : severity}>{t(`alarm.${kind}`)}</StatusChip>;
}
