import type { Alarm } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import { RateLimit } from '../sessions/rate-limit.ts';

/** The words of messages about alarms, and when one that was not taken is tried again. */

/** Alarms that one message names; the others are counted. */
const MAX_NAMED = 20;
const FIRST_RETRY_MS = 30_000;
const LAST_RETRY_MS = 3_600_000;
/** Test messages of one organization: this many at once, then one after each interval. */
const TESTS_BURST = 20;
const TESTS_INTERVAL_MS = 10_000;

const tests = new RateLimit({ burst: TESTS_BURST, intervalMs: TESTS_INTERVAL_MS });

/** A test goes where the caller says, at once: without a bound the console would flood a mailbox or a server for them. */
export function takeTest(organizationId: string, nowMs: number): Refusal | null {
  const waitMs = tests.take(organizationId, nowMs);
  return waitMs === 0 ? null : new Refusal('api.rate_limited', { retryAfterSeconds: Math.ceil(waitMs / 1000) });
}

export interface News {
  readonly raised: readonly Alarm[];
  readonly mended: readonly Alarm[];
}

/** Ever more rarely. `failures`: those before, in a row. */
export function retryAfterMs(failures: number): number {
  return Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures, 10));
}

/** The first line says it all. Names come from people: they are text, whatever they look like. */
export function linesOf({ raised, mended }: News): string[] {
  if (raised.length + mended.length === 0) return ['Zeronaut: a test message. Alarms will come like this.'];
  const words = (alarm: Alarm) => `${alarm.kind.replaceAll('_', ' ')}: ${oneLine(alarm.object.name)}`;
  const counts = [
    ...(raised.length > 0 ? [`${raised.length} new`] : []),
    ...(mended.length > 0 ? [`${mended.length} mended`] : []),
  ];
  const all = [
    ...raised.map((alarm) => `! ${words(alarm)} - ${oneLine(alarm.detail)}`),
    ...mended.map((alarm) => `ok ${words(alarm)}`),
  ];
  const more = all.length > MAX_NAMED ? [`and ${all.length - MAX_NAMED} more`] : [];
  return [`Zeronaut alarms: ${counts.join(', ')}`, ...all.slice(0, MAX_NAMED), ...more];
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
