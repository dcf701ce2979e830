import { type Language, RESERVED_PREFIX } from '@zeronaut/model';
import type { Flow } from '../flow.ts';
import type { RequestHead } from '../http/request-head.ts';
import { languageOf } from '../language.ts';
import { texts as de } from './texts.de.ts';
import { texts as en, type Texts } from './texts.en.ts';

const TEXTS: Readonly<Record<Language, Texts>> = { en, de };

/** Whoever looks at a page: what it says to them, and where they choose another language. */
export interface Reader {
  readonly t: Texts;
  /** Our own path that takes the choice, and where that leads back to. Null: the page answers a form, and cannot be shown again. */
  readonly choice: { readonly action: string; readonly back: string } | null;
}

/** On the portal `/language`, on the hosts of services below the prefix that is ours. */
export const LANGUAGE_PATH = 'language';

export function readerOf({ tables }: Pick<Flow, 'tables'>, head: RequestHead): Reader {
  const canRepeat = head.method === 'GET' || head.method === 'HEAD';
  const action = (head.host === tables.portalHost ? '/' : RESERVED_PREFIX) + LANGUAGE_PATH;
  return { t: TEXTS[languageOf(head.headers)], choice: canRepeat ? { action, back: head.target } : null };
}
