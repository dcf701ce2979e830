import { foldHeaderName } from '@zeronaut/model';
import type { HeaderOption } from './header-options.ts';

/** What was there, but for the names that are given now. */
export function withHeaders<T extends HeaderOption>(
  before: readonly T[],
  given: readonly HeaderOption[],
): (T | HeaderOption)[] {
  const named = new Set(given.map(({ name }) => foldHeaderName(name)));
  return [...before.filter(({ name }) => !named.has(foldHeaderName(name))), ...given];
}
