import type { Language } from '@zeronaut/model';
import { texts as de } from './texts.de.ts';
import { texts as en, type Texts } from './texts.en.ts';

export const TEXTS: Readonly<Record<Language, Texts>> = { en, de };

/** For a mail: to the minute, in UTC, as people of all zones may read it. */
export function untilMinute(isoTime: string): string {
  return `${isoTime.slice(0, 16).replace('T', ' ')} UTC`;
}
