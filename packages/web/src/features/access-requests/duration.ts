const HOUR_MINUTES = 60;
const DAY_MINUTES = 1_440;

/** Minutes in the largest unit that leaves nothing over: the key of a text and its count. */
export function duration(minutes: number): { readonly unit: 'days' | 'hours' | 'minutes'; readonly count: number } {
  if (minutes % DAY_MINUTES === 0) return { unit: 'days', count: minutes / DAY_MINUTES };
  if (minutes % HOUR_MINUTES === 0) return { unit: 'hours', count: minutes / HOUR_MINUTES };
  return { unit: 'minutes', count: minutes };
}
