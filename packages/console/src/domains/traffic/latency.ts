/** Upper ends of the buckets (ms); the last one takes everything above. A percentile is off by less than a tenth, near the longest by a fifth. */
const BOUNDS_MS = [
  1, 1.5, 2, 3, 4, 6, 9, 13, 19, 28, 41, 60, 88, 130, 190, 280, 410, 600, 880, 1_300, 1_900, 2_800, 4_700, 10_000,
] as const;

/** One for each bucket. */
export const LATENCY_COLUMNS = [
  'l0',
  'l1',
  'l2',
  'l3',
  'l4',
  'l5',
  'l6',
  'l7',
  'l8',
  'l9',
  'l10',
  'l11',
  'l12',
  'l13',
  'l14',
  'l15',
  'l16',
  'l17',
  'l18',
  'l19',
  'l20',
  'l21',
  'l22',
  'l23',
  'l24',
] as const;
export type LatencyColumn = (typeof LATENCY_COLUMNS)[number];

export function latencyColumn(durationMs: number): LatencyColumn {
  const index = BOUNDS_MS.findIndex((bound) => durationMs <= bound);
  return LATENCY_COLUMNS[index === -1 ? BOUNDS_MS.length : index]!;
}

/** The duration (ms) that `share` of the counted ones did not exceed, by the buckets; null without any. */
export function percentile(counts: Readonly<Record<LatencyColumn, number>>, share: number): number | null {
  const total = LATENCY_COLUMNS.reduce((sum, column) => sum + counts[column], 0);
  if (total === 0) return null;
  let below = 0;
  for (const [index, column] of LATENCY_COLUMNS.entries()) {
    const count = counts[column];
    if (below + count >= share * total) {
      const from = index === 0 ? 0 : BOUNDS_MS[index - 1]!;
      // Of what lies beyond the last bound nothing more is known.
      const to = BOUNDS_MS[index] ?? from;
      const value = from + (to - from) * (count === 0 ? 1 : (share * total - below) / count);
      return Math.round(value * 100) / 100;
    }
    below += count;
  }
  return BOUNDS_MS.at(-1)!;
}
