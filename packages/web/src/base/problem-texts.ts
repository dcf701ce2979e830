import { useEffect, useState } from 'react';
import { type Language, useLanguage } from './messages.ts';

export interface ProblemText {
  readonly title: string;
  readonly next: string;
}
export type ProblemTexts = Readonly<Record<string, ProblemText>>;

/** In English the API itself says it; other languages are fetched when the first refusal is shown. */
const FILES: Record<Exclude<Language, 'en'>, () => Promise<{ readonly texts: ProblemTexts }>> = {
  de: () => import('@zeronaut/model/reasons.de'),
};
const loaded = new Map<Language, ProblemTexts>();

/** What a reason means in the language of whoever looks; what the API says where that is not known. */
export function useProblemText(): (reason: string, said: ProblemText) => ProblemText {
  const language = useLanguage();
  const [, setLoaded] = useState(loaded.get(language));
  useEffect(() => {
    if (language === 'en' || loaded.has(language)) return;
    FILES[language]().then(
      ({ texts }) => {
        loaded.set(language, texts);
        setLoaded(texts);
      },
      // The console is away: its own words stay.
      () => undefined,
    );
  }, [language]);
  return (reason, said) => {
    const texts = loaded.get(language);
    return texts !== undefined && Object.hasOwn(texts, reason) ? texts[reason]! : said;
  };
}
