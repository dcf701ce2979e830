import { type Language, useLanguage, useMessages } from '../base/messages.ts';
import { uiMessages } from './messages.ts';
import { NOW_STEP_MS, useNow } from './use-now.ts';

const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
];

/** Made once: making one takes longer than using it a hundred times, and lists have hundreds. */
const relativeFormats = new Map<Language, Intl.RelativeTimeFormat>();
const absoluteFormats = new Map<Language, Intl.DateTimeFormat>();

/** How long ago, or how long still, in one unit. */
export function relativeTime(atMs: number, nowMs: number, language: Language): string {
  const distance = atMs - nowMs;
  const [unit, sizeMs] = UNITS.find(([, size]) => Math.abs(distance) >= size) ?? UNITS.at(-1)!;
  let format = relativeFormats.get(language);
  if (format === undefined) {
    format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
    relativeFormats.set(language, format);
  }
  return format.format(Math.trunc(distance / sizeMs), unit);
}

/** In the zone of whoever looks; the API speaks UTC. */
export function absoluteTime(at: string, language: Language): string {
  let format = absoluteFormats.get(language);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' });
    absoluteFormats.set(language, format);
  }
  return format.format(new Date(at));
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
