import { RESERVED_PREFIX } from '@zeronaut/model';

/** Bound of the event schema (characters). */
const MAX_PATH = 1024;

/**
 * What an access event keeps of a request's path. A share link carries its token in the path of a page of ours, and
 * whoever reads events must not be able to use it: below our own prefix only the page's name is kept.
 */
export function recordedPath(path: string): string {
  if (path.startsWith(RESERVED_PREFIX)) {
    const end = path.indexOf('/', RESERVED_PREFIX.length);
    if (end !== -1) return `${path.slice(0, Math.min(end, MAX_PATH - 4))}/...`;
  }
  return path.length > MAX_PATH ? path.slice(0, MAX_PATH) : path;
}
