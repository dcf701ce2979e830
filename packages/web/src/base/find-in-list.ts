import type { RouteInput, Routes } from '@zeronaut/model';
import { call } from './api.ts';
import type { ListRouteId, RowOf } from './use-list.ts';

/** As much as the API gives at once. */
const PAGE_ROWS = 500;

/** One row of a list as it is now, where the API has no route for one alone. Null: it is not there. */
export async function findInList<Id extends ListRouteId>(
  id: Id,
  isIt: (row: RowOf<Id>) => boolean,
): Promise<RowOf<Id> | null> {
  let cursor: string | null = null;
  do {
    const query: object = { limit: PAGE_ROWS, ...(cursor === null ? {} : { cursor }) };
    const page = (await call(id, { query } as unknown as RouteInput<Routes[Id]>)) as {
      readonly items: RowOf<Id>[];
      readonly nextCursor: string | null;
    };
    const found = page.items.find(isIt);
    if (found !== undefined) return found;
    cursor = page.nextCursor;
  } while (cursor !== null);
  return null;
}
