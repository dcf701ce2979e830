import { ALARM_TEXTS, detailIn, isWaiting, type Language, type Notice } from '@zeronaut/model';
import { TEXTS } from '../../mail/texts.ts';
import { Refusal } from '../../store/refusal.ts';
import { keyOfAlarm } from '../incidents/incidents.ts';
import { RateLimit } from '../sessions/rate-limit.ts';

/** What messages about alarms and what waits say, and when one that was not taken is tried again. */

/** Of which one message names so many; the others are counted. */
const MAX_NAMED = 20;
const FIRST_RETRY_MS = 30_000;
const LAST_RETRY_MS = 3_600_000;
/** Test messages of one organization, and of one person to their browsers: this many at once, then one after each interval. */
const TESTS_BURST = 20;
const TESTS_INTERVAL_MS = 10_000;

const tests = new RateLimit({ burst: TESTS_BURST, intervalMs: TESTS_INTERVAL_MS });

/**
 * A test goes where the caller says, at once: without a bound the console would flood a mailbox or a server for them. `whose`: the
 * organization's, or of a person's own browsers theirs, as every member has those and would use up what administrators need.
 */
export function takeTest(whose: string, nowMs: number): Refusal | null {
  const waitMs = tests.take(whose, nowMs);
  return waitMs === 0 ? null : new Refusal('api.rate_limited', { retryAfterSeconds: Math.ceil(waitMs / 1000) });
}

export interface News {
  readonly raised: readonly Notice[];
  /** Or decided. */
  readonly mended: readonly Notice[];
}

/** Ever more rarely. `failures`: those before, in a row. */
export function retryAfterMs(failures: number): number {
  return Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures, 10));
}

/** The first line says it all. Names come from people: they are text, whatever they look like. */
export function linesOf({ raised, mended }: News, language: Language): string[] {
  const { news } = TEXTS[language];
  if (raised.length + mended.length === 0) return [news.test];
  const { kinds } = ALARM_TEXTS[language];
  const words = (notice: Notice) => `${kinds[notice.kind]}: ${oneLine(notice.object.name)}`;
  const countOf = (notices: readonly Notice[], waiting: boolean, say: (count: number) => string) => {
    const count = notices.filter((notice) => isWaiting(notice) === waiting).length;
    return count === 0 ? [] : [say(count)];
  };
  const counts = [
    ...countOf(raised, false, news.raised),
    ...countOf(mended, false, news.mended),
    ...countOf(raised, true, news.waiting),
    ...countOf(mended, true, news.decided),
  ];
  const all = [
    ...raised.map(
      (notice) => `${isWaiting(notice) ? '?' : '!'} ${words(notice)} - ${oneLine(detailIn(language, notice))}`,
    ),
    ...mended.map((notice) => `ok ${words(notice)}`),
  ];
  const more = all.length > MAX_NAMED ? [news.more(all.length - MAX_NAMED)] : [];
  return [`Zeronaut: ${counts.join(', ')}`, ...all.slice(0, MAX_NAMED), ...more];
}

/** `lasting`: what is so at two looks. `present`: keys of all that is so now. */
export function newsOf(
  told: readonly Notice[],
  lasting: readonly Notice[],
  present: ReadonlySet<string>,
  isFor: (notice: Notice) => boolean,
): News {
  const known = new Set(told.map(keyOfAlarm));
  return {
    raised: lasting.filter((notice) => !known.has(keyOfAlarm(notice)) && isFor(notice)),
    mended: told.filter((notice) => !present.has(keyOfAlarm(notice))),
  };
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
