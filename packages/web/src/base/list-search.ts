/** What a list keeps in the URL: `?q=shop&sort=-name&protocol=tcp`. */
export interface ListSearch {
  readonly q?: string;
  /** A column; with `-` before it, from the last to the first. */
  readonly sort?: string;
  readonly [filter: string]: string | undefined;
}

const MAX_LENGTH = 200;

/** `validateSearch` of a list page. What is no text, or too long, is left out: the URL may come from anywhere. */
export function listSearch<const F extends string = never>(...filters: F[]) {
  return (search: Record<string, unknown>): { q?: string; sort?: string } & { [K in F]?: string } => {
    const kept: Record<string, string> = {};
    for (const name of ['q', 'sort', ...filters]) {
      // The router reads numbers and booleans out of the URL; a search for 8080 is text all the same.
      const value = search[name];
      const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
      if (typeof text === 'string' && text !== '' && text.length <= MAX_LENGTH) kept[name] = text;
    }
    return kept as { q?: string; sort?: string } & { [K in F]?: string };
  };
}
