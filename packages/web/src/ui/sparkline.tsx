import Box from '@mui/material/Box';
import { areaPath, linePath } from '../base/chart-scale.ts';

const WIDTH = 96;
const HEIGHT = 24;

/** How much lately, as a small line. What it shows stands in words in `label`. */
export function Sparkline({ values, label }: { readonly values: readonly number[]; readonly label: string }) {
  const greatest = Math.max(...values, 1);
  const place = (index: number, value: number) =>
    [(index / Math.max(values.length - 1, 1)) * WIDTH, HEIGHT - 1 - (value / greatest) * (HEIGHT - 2)] as const;
  return (
    <Box
      component="svg"
      role="img"
      aria-label={label}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      sx={{ width: WIDTH, height: HEIGHT, display: 'block', color: 'primary.main' }}
    >
      <path d={areaPath(values, place)} fill="currentColor" opacity={0.12} />
      <path d={linePath(values, place)} fill="none" stroke="currentColor" strokeWidth={1.5} strokeLinejoin="round" />
    </Box>
  );
}
