import { type OtherTextFiles, useOtherTexts } from '../../base/other-texts.ts';

const FILES: OtherTextFiles = { de: () => import('./template-texts.de.ts') };

/** What a template says, in the language of whoever looks; as it is where that has no words for it. */
export function useTemplateText(): (said: string) => string {
  const texts = useOtherTexts(FILES);
  return (said) => (Object.hasOwn(texts, said) ? texts[said]! : said);
}
