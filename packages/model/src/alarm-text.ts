import { alarmTexts as de } from './alarm-texts.de.ts';
import { alarmTexts as en } from './alarm-texts.en.ts';
import type { Notice } from './entities/notification.ts';
import type { Alarm } from './entities/traffic.ts';
import type { Language } from './language-choice.ts';

/** Alarms in words: the same in mails, in browsers and on pages. */

export type AlarmDetail = keyof typeof en.details;

export interface AlarmTexts {
  readonly kinds: Readonly<Record<keyof typeof en.kinds, string>>;
  readonly details: Readonly<Record<AlarmDetail, string>>;
}

export const ALARM_TEXTS: Readonly<Record<Language, AlarmTexts>> = { en, de };

/** As long as `alarm.detail` may be. */
const MAX_LENGTH = 300;

/** What exactly is so, as an alarm carries it: in English, and so that it can be said in another language. */
export function sayDetail(
  text: AlarmDetail,
  values: Readonly<Record<string, string | number>> = {},
): Pick<Alarm, 'detail' | 'said'> {
  return { detail: fill(en.details[text], values), said: { text, values: { ...values } } };
}

/** In another language as far as the words are ours: what a policy or another machine says stays as it is. */
export function detailIn(language: Language, { detail, said }: Pick<Notice, 'detail' | 'said'>): string {
  const { details } = ALARM_TEXTS[language];
  if (said === null || !Object.hasOwn(details, said.text)) return detail;
  return fill(details[said.text as AlarmDetail], said.values);
}

function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  const whole = text.replaceAll(/\{(\w+)\}/g, (place, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : place,
  );
  return whole.slice(0, MAX_LENGTH);
}
