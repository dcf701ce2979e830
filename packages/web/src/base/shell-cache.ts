/** What the page and its service worker both know of the cache that they share. */
export const SHELL_CACHE = 'zeronaut-shell';
/** The page is one for all its addresses. */
export const SHELL_PAGE = '/';

/** Ours, in the menu. */
export const SHELL_ICON = '/icon.svg';

/** What a page asks of its service worker when nothing else is to be done. */
export const KEEP_ALL = 'keep all';

/** Files whose names change with what is in them. */
export function isShellFile(path: string): boolean {
  return path.startsWith('/assets/');
}
