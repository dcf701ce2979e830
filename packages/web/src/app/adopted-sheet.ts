/**
 * Emotion writes into `<style>` elements, which the page's policy forbids. This takes the place of its sheet and puts the same
 * rules into constructed style sheets, which a program may make and a foreign string in the page may not.
 */
import createCache, { type EmotionCache } from '@emotion/cache';

type EmotionSheet = EmotionCache['sheet'];

class AdoptedSheet {
  readonly isSpeedy = true;
  readonly tags: HTMLStyleElement[] = [];
  readonly key: string;
  readonly container: Node;
  readonly nonce: string | undefined = undefined;
  before: Element | null = null;
  readonly #sheet = new CSSStyleSheet();

  #isAdopted = false;

  constructor({ key, container }: { readonly key: string; readonly container: Node }) {
    this.key = key;
    this.container = container;
  }

  hydrate(): void {
    throw new Error('nothing is rendered before the browser has it');
  }

  insert(rule: string): void {
    if (!this.#isAdopted) this.#adopt();
    try {
      this.#sheet.insertRule(rule, this.#sheet.cssRules.length);
    } catch (error) {
      // A rule for another browser, such as ::-moz-focus-inner.
      if (!(error instanceof DOMException && error.name === 'SyntaxError')) throw error;
    }
  }

  /** The rules are no longer wanted. */
  flush(): void {
    this.#sheet.replaceSync('');
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => sheet !== this.#sheet);
    this.#isAdopted = false;
  }

  #adopt(): void {
    const { adoptedStyleSheets } = document;
    // Global rules come first, as components may overrule them.
    document.adoptedStyleSheets = this.key.endsWith('-global')
      ? [this.#sheet, ...adoptedStyleSheets]
      : [...adoptedStyleSheets, this.#sheet];
    this.#isAdopted = true;
  }
}

export function createStyleCache(): EmotionCache {
  const cache = createCache({ key: 'zn' });
  cache.sheet = new AdoptedSheet({ key: 'zn', container: document.head }) as unknown as EmotionSheet;
  return cache;
}
