/**
 * Texts in the person's language. Each room has a catalogue: `messages.en.ts` says which texts there are, and
 * `messages.de.ts` must have the same (the compiler and src/messages.test.ts check it). A language is loaded when it is needed.
 */
import {
  chosenLanguage,
  LANGUAGE_COOKIE,
  LANGUAGE_COOKIE_SECONDS,
  LANGUAGE_NAMES,
  LANGUAGES,
  type Language,
} from '@zeronaut/model';
import { useSyncExternalStore } from 'react';

/** A text, or one for each plural form of `{count}`. */
export type Message = string | { readonly one: string; readonly other: string };
export type Messages = Readonly<Record<string, Message>>;
/** The same keys, in another language. */
export type Translation<M extends Messages> = { readonly [K in keyof M]: M[K] extends string ? string : Message };
export type Values = Readonly<Record<string, string | number>>;
export type Translate<M extends Messages> = (key: keyof M & string, values?: Values) => string;

export { LANGUAGE_NAMES, LANGUAGES, type Language };

export interface Catalogue<M extends Messages> {
  /** Resolves when the texts of the language are there. */
  load(): Promise<void>;
  readonly loaded: Map<Language, Translation<M>>;
}

const catalogues = new Set<Catalogue<Messages>>();
const listeners = new Set<() => void>();
let language: Language = firstLanguage();

export function currentLanguage(): Language {
  return language;
}

/** Loads what is on the page in the new language first, so that it changes at once and whole. */
export async function setLanguage(next: Language): Promise<void> {
  const before = language;
  language = next;
  try {
    await Promise.all([...catalogues].filter(({ loaded }) => loaded.size > 0).map((one) => one.load()));
  } catch (error) {
    language = before;
    throw error;
  }
  keepLanguage(next);
  document.documentElement.lang = next;
  for (const listener of listeners) listener();
}

export function useLanguage(): Language {
  return useSyncExternalStore(subscribe, currentLanguage);
}

export function catalogue<M extends Messages>(files: {
  readonly en: () => Promise<{ readonly messages: M }>;
  readonly de: () => Promise<{ readonly messages: Translation<M> }>;
}): Catalogue<M> {
  const loaded = new Map<Language, Translation<M>>();
  const one: Catalogue<M> = {
    loaded,
    async load() {
      const wanted = language;
      if (loaded.has(wanted)) return;
      loaded.set(wanted, (await files[wanted]()).messages as Translation<M>);
    },
  };
  catalogues.add(one as unknown as Catalogue<Messages>);
  return one;
}

/** `t('gateways.title')`. The page that uses it has loaded the catalogue (see `page` in pages.ts). */
export function useMessages<M extends Messages>(of: Catalogue<M>): Translate<M> {
  const current = useLanguage();
  const texts = of.loaded.get(current) ?? of.loaded.values().next().value;
  return (key, values) => {
    const message = texts?.[key] as Message | undefined;
    return message === undefined ? key : format(message, values ?? {}, current);
  };
}

export function format(message: Message, values: Values, inLanguage: Language): string {
  const text =
    typeof message === 'string'
      ? message
      : message[new Intl.PluralRules(inLanguage).select(Number(values.count)) === 'one' ? 'one' : 'other'];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) return whole;
    return typeof value === 'number' ? new Intl.NumberFormat(inLanguage).format(value) : value;
  });
}

function firstLanguage(): Language {
  if (typeof document === 'undefined') return 'en';
  const known = chosenLanguage(document.cookie);
  const wanted = navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase());
  const first = known ?? wanted.map((tag) => LANGUAGES.find((one) => one === tag)).find((one) => one !== undefined);
  document.documentElement.lang = first ?? 'en';
  return first ?? 'en';
}

/** As a cookie, so that the pages that the console renders by itself are in it, too. */
function keepLanguage(chosen: Language): void {
  const secure = location.protocol === 'https:';
  const name = secure ? LANGUAGE_COOKIE.secure : LANGUAGE_COOKIE.plain;
  // biome-ignore lint/suspicious/noDocumentCookie: at once, and where there is no CookieStore (http)
  document.cookie = `${name}=${chosen}; Path=/; Max-Age=${LANGUAGE_COOKIE_SECONDS}; SameSite=Lax${secure ? '; Secure' : ''}`;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
