import { type Language, useLanguage, useMessages } from '../base/messages.ts';
import { uiMessages } from './messages.ts';
import { relativeTime } from './relative-time.ts';
import { NOW_STEP_MS, useNow } from './use-now.ts';

/** Made once: making one takes longer than using it a hundred times, and lists have hundreds. */
const absoluteFormats = new Map<Language, Intl.DateTimeFormat>();

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
