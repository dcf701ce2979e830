import { useEffect, useState } from 'react';
import { type Language, useLanguage } from './messages.ts';

/** Texts by what they stand for. */
export type OtherTexts = Readonly<Record<string, string>>;
/** What the console says by itself it says in English; the texts of other languages are files of their own. */
export type OtherTextFiles = Readonly<Record<Exclude<Language, 'en'>, () => Promise<{ readonly texts: OtherTexts }>>>;

/** Those of whoever looks, fetched when they are first read; empty in English, before they are there, and where they cannot be had. */
export function useOtherTexts(files: OtherTextFiles): OtherTexts {
  const language = useLanguage();
  const [texts, setTexts] = useState<OtherTexts>({});
  useEffect(() => {
    let isOver = false;
    // The console is away: its own words stay.
    const none = (): { texts: OtherTexts } => ({ texts: {} });
    const wanted = language === 'en' ? Promise.resolve(none()) : files[language]().catch(none);
    void wanted.then((file) => {
      if (!isOver) setTexts(file.texts);
    });
    return () => {
      isOver = true;
    };
  }, [language, files]);
  return texts;
}
