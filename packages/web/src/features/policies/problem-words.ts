import type { PolicyProblem } from '@zeronaut/model';
import { useCallback } from 'react';
import { format, type Language, useLanguage } from '../../base/messages.ts';
import { type OtherTextFiles, type OtherTexts, useOtherTexts } from '../../base/other-texts.ts';

const FILES: OtherTextFiles = { de: () => import('./problem-words.de.ts') };

/** What is wrong with a policy, in the language of whoever looks; as the console says it where that has no words for it. */
export function useProblemWords(): (problem: PolicyProblem) => PolicyProblem {
  const language = useLanguage();
  const texts = useOtherTexts(FILES);
  return useCallback(
    (problem) => {
      const message = wordsFor(problem, texts, language);
      return message === null ? problem : { ...problem, message, help: '' };
    },
    [texts, language],
  );
}

/** Null: it has no words there. What is meant instead is said where it is known. */
export function wordsFor({ code, values }: PolicyProblem, texts: OtherTexts, language: Language): string | null {
  const find = (key: string) => {
    const meant = `${key}+meant`;
    const name = values.meant !== undefined && values.meant !== '' && Object.hasOwn(texts, meant) ? meant : key;
    return Object.hasOwn(texts, name) ? format(texts[name]!, values, language) : null;
  };
  const [lead, why] = code.split('.');
  if (why === undefined || (lead !== 'never_matches' && lead !== 'idle')) return find(code);
  const [first, second] = [find(lead), find(why)];
  return first === null || second === null ? null : `${first}: ${second}`;
}
