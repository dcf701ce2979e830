import type { Language } from '../base/messages.ts';

const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['second', 1_000],
  ['minute', 60_000],
  ['hour', 3_600_000],
  ['day', 86_400_000],
];

/** Made once: making one takes longer than using it a hundred times, and lists have hundreds. */
const formats = new Map<Language, Intl.RelativeTimeFormat>();

/**
 * How long ago, or how long still, in one unit. What is over is told in whole units, as clocks do; what is still to come by the
 * nearest one, so that seven days less a second are seven days.
 */
export function relativeTime(atMs: number, nowMs: number, language: Language): string {
  const distance = atMs - nowMs;
  const whole = distance > 0 ? Math.round : Math.trunc;
  let index = UNITS.findLastIndex(([, sizeMs]) => Math.abs(distance) >= sizeMs);
  if (index === -1) index = 0;
  // 59.6 minutes are an hour.
  const next = UNITS[index + 1];
  if (next !== undefined && Math.abs(whole(distance / UNITS[index]![1])) * UNITS[index]![1] >= next[1]) index++;
  const [unit, sizeMs] = UNITS[index]!;
  let format = formats.get(language);
  if (format === undefined) {
    format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
    formats.set(language, format);
  }
  return format.format(whole(distance / sizeMs), unit);
}
