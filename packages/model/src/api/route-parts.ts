import { z } from 'zod';
import { id } from '../entities/index.ts';

/** What many rows of the route table have in common. */
export const byId = z.strictObject({ id });
export const byIdOrName = z.strictObject({ id: z.string().min(1).max(64).describe('id or name') });
export const page = {
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
};
export const pageQuery = z.strictObject(page);
export function pageOf<T extends z.ZodType>(item: T) {
  return z.strictObject({ items: z.array(item), nextCursor: z.string().nullable() });
}

/** What people type into a search field: words that names contain, in any case. */
export const searchText = z
  .string()
  .trim()
  .max(200)
  .optional()
  .describe('text that one of the searched fields contains');
export const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

/** A list that can be searched, sorted (`-name`: downwards; the first of `sorts` is the default) and filtered. */
export function listQuery<const S extends readonly [string, ...string[]], F extends z.ZodRawShape>(
  sorts: S,
  filters: F,
) {
  const both = sorts.flatMap((sort) => [sort, `-${sort}`]) as [S[number] | `-${S[number]}`];
  const sort = z.enum(both).default(sorts[0] as never);
  return z.strictObject({ ...page, q: searchText, sort, ...filters });
}

/** Ids of one page of a list, with commas between them. */
export const listedIds = z
  .string()
  .max(7_000)
  .transform((text) => text.split(','))
  .pipe(z.array(id).min(1).max(100));
