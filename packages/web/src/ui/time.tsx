import { type Language, useLanguage, useMessages } from '../base/messages.ts';
import { uiMessages } from './messages.ts';
import { NOW_STEP_MS, useNow } from './use-now.ts';

const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
];

/** How long ago, or how long still, in one unit. */
export function relativeTime(atMs: number, nowMs: number, language: Language): string {
  const distance = atMs - nowMs;
  const [unit, sizeMs] = UNITS.find(([, size]) => Math.abs(distance) >= size) ?? UNITS.at(-1)!;
  return new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(Math.trunc(distance / sizeMs), unit);
}

/** In the zone of whoever looks; the API speaks UTC. */
export function absoluteTime(at: string, language: Language): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' }).format(new Date(at));
}

/** `3 minutes ago`, with the exact time on hover. `null`: never. */
export function Time({ at }: { readonly at: string | null }) {
  const language = useLanguage();
  const t = useMessages(uiMessages);
  const nowMs = useNow();
  if (at === null) return <>{t('date.never')}</>;
  const atMs = Date.parse(at);
  // Our clock moves on every ten seconds; what has just happened is not in the future.
  const isNow = atMs > nowMs && atMs <= nowMs + NOW_STEP_MS && atMs <= Date.now();
  return (
    <time dateTime={at} title={absoluteTime(at, language)}>
      {relativeTime(isNow ? nowMs : atMs, nowMs, language)}
    </time>
  );
}
