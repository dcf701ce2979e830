import { chosenLanguage, type Language, preferredLanguage } from '@zeronaut/model';
import type { HeaderList } from './http/request-head.ts';

/**
 * The language of a page: what this browser chose on this host, else what it likes best. Asked for pages alone, which answer
 * people and are not what a gateway has to be fast at; and a browser that wants English costs one look at two headers.
 */
export function languageOf({ names, values }: HeaderList): Language {
  let wanted: string | null = null;
  for (let i = 0; i < names.length; i++) {
    if (names[i] === 'cookie') {
      const chosen = chosenLanguage(values[i]!);
      if (chosen !== null) return chosen;
    } else if (names[i] === 'accept-language') wanted ??= values[i]!;
  }
  return preferredLanguage(wanted);
}
