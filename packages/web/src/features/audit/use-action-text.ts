import { useMessages } from '../../base/messages.ts';
import type { messages as english } from './messages.en.ts';
import { auditMessages } from './messages.ts';

type Key = keyof typeof english;

/** Kinds of things as the log calls them, in words; of one that is newer than the words, itself. */
export function useNounText(): (noun: string) => string {
  const t = useMessages(auditMessages);
  return (noun) => {
    const text = t(`noun.${noun}` as Key);
    return text === `noun.${noun}` ? noun : text;
  };
}

/** What was done, in words: "Resource: created" for `resource.create`. Of an action that is newer than the words, itself. */
export function useActionText(): (action: string) => string {
  const t = useMessages(auditMessages);
  const nounOf = useNounText();
  return (action) => {
    const [noun = '', verb = ''] = action.split('.');
    const done = t(`verb.${verb}` as Key);
    return done === `verb.${verb}` || nounOf(noun) === noun ? action : `${nounOf(noun)}: ${done}`;
  };
}
