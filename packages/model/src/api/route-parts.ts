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
