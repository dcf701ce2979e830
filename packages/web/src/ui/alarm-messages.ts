import type { AlarmDetail, AlarmTexts, NoticeKind } from '@zeronaut/model';

type AlarmMessages = { readonly [K in `alarm.${NoticeKind}` | `alarmDetail.${AlarmDetail}`]: string };

/** The same words that mails and browsers say, as texts of a catalogue. */
export function alarmMessages({ kinds, details }: AlarmTexts): AlarmMessages {
  return Object.fromEntries([
    ...Object.entries(kinds).map(([kind, text]) => [`alarm.${kind}`, text]),
    ...Object.entries(details).map(([detail, text]) => [`alarmDetail.${detail}`, text]),
  ]) as AlarmMessages;
}
