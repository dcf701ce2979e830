import { useEffect, useState } from 'react';
import { type Language, useLanguage } from '../../base/messages.ts';

type Texts = Readonly<Record<string, string>>;

/** In English templates say it themselves; other languages are fetched with the first page of templates that is read in them. */
const FILES: Record<Exclude<Language, 'en'>, () => Promise<{ readonly texts: Texts }>> = {
  de: () => import('./template-texts.de.ts'),
};

/** What a template says, in the language of whoever looks; as it is where that has no words for it. */
export function useTemplateText(): (said: string) => string {
  const language = useLanguage();
  const [texts, setTexts] = useState<Texts>({});
  useEffect(() => {
    let isOver = false;
    // The console is away: its own words stay.
    const none = (): { texts: Texts } => ({ texts: {} });
    const wanted = language === 'en' ? Promise.resolve(none()) : FILES[language]().catch(none);
    void wanted.then((file) => {
      if (!isOver) setTexts(file.texts);
    });
    return () => {
      isOver = true;
    };
  }, [language]);
  return (said) => (Object.hasOwn(texts, said) ? texts[said]! : said);
}
