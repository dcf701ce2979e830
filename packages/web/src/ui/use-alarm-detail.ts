import { type Alarm, type AlarmDetail, alarmTextsEn } from '@zeronaut/model';
import { useMessages } from '../base/messages.ts';
import { uiMessages } from './messages.ts';

/** What exactly is wrong, in the language of the page as far as the words are ours. */
export function useAlarmDetail(): (alarm: Pick<Alarm, 'detail' | 'said'>) => string {
  const t = useMessages(uiMessages);
  return ({ detail, said }) => {
    // Of a newer console, or of before alarms said it so.
    if (said === null || !Object.hasOwn(alarmTextsEn.details, said.text)) return detail;
    return t(`alarmDetail.${said.text as AlarmDetail}`, said.values);
  };
}
