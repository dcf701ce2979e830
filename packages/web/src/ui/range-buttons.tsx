import ToggleButton from '@mui/material/ToggleButton';
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup';
import type { TrafficRange } from '@zeronaut/model';
import { useMessages } from '../base/messages.ts';
import { uiMessages } from './messages.ts';

interface RangeButtonsProps<Range extends TrafficRange> {
  readonly ranges: readonly Range[];
  readonly value: Range;
  readonly onChange: (range: Range) => void;
}

/** How far back charts look. */
export function RangeButtons<Range extends TrafficRange>({ ranges, value, onChange }: RangeButtonsProps<Range>) {
  const t = useMessages(uiMessages);
  return (
    <ToggleButtonGroup
      size="small"
      exclusive
      value={value}
      aria-label={t('traffic.range')}
      onChange={(_, next: Range | null) => next !== null && onChange(next)}
    >
      {ranges.map((one) => (
        <ToggleButton key={one} value={one} sx={{ px: 1.25, py: 0.25 }}>
          {t(`traffic.${one}`)}
        </ToggleButton>
      ))}
    </ToggleButtonGroup>
  );
}
