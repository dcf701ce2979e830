import { chosenLanguage, type Language, preferredLanguage } from '@zeronaut/model';
import { REASON_TEXTS, type ReasonText } from '@zeronaut/model/reason-texts';
import type { FastifyRequest } from 'fastify';
import type { Refusal } from '../store/refusal.ts';
import { texts as de } from './texts.de.ts';
import { texts as en, type Texts } from './texts.en.ts';

const TEXTS: Readonly<Record<Language, Texts>> = { en, de };

/** The pages' texts for whoever asks: in the language that this browser chose, here or in the web console, else the one it likes best. */
export function textsFor({ headers }: FastifyRequest): Texts {
  return TEXTS[chosenLanguage(headers.cookie ?? '') ?? preferredLanguage(headers['accept-language'])];
}

export function reasonText(t: Texts, { reason }: Refusal): ReasonText {
  return REASON_TEXTS[t.language][reason];
}

/** What was refused, and what to do about it. */
export function sentenceOf(t: Texts, refusal: Refusal): string {
  const { title, next } = reasonText(t, refusal);
  return next === '' ? `${title}.` : `${title}. ${next}`;
}

const DAY: Intl.DateTimeFormatOptions = { dateStyle: 'medium', timeZone: 'UTC' };
/** `Intl` takes no `timeZoneName` beside styles. */
const MINUTE: Intl.DateTimeFormatOptions = {
  ...{ year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' },
  ...{ timeZone: 'UTC', timeZoneName: 'short', hourCycle: 'h23' },
};
const formats = (options: Intl.DateTimeFormatOptions) => ({
  en: new Intl.DateTimeFormat('en-GB', options),
  de: new Intl.DateTimeFormat('de', options),
});
const days = formats(DAY);
const minutes = formats(MINUTE);

/** Of a day in UTC; a page without script does not know where its reader is. */
export function day(t: Texts, isoTime: string): string {
  return days[t.language].format(Date.parse(isoTime));
}

export function minute(t: Texts, isoTime: string): string {
  return minutes[t.language].format(Date.parse(isoTime));
}
