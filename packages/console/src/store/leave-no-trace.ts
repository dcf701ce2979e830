import { sql } from 'kysely';
import type { Store } from './store.ts';

/** Runs under way, by store: the first switches overwriting on, the last switches it off. */
const running = new WeakMap<Store, number>();

/**
 * Runs `change`, of which SQLite leaves nothing behind in free parts of its file: what is replaced or removed meanwhile is overwritten, and the
 * write-ahead log, which holds the pages of before, is emptied. Not always on, as everything that is removed by age would be written once more.
 * PostgreSQL writes new rows beside old ones, and uses the room again after a vacuum: whoever has one table to clean at once asks for it.
 */
export async function leaveNoTrace<T>(store: Store, change: () => Promise<T>): Promise<T> {
  if (store.kind !== 'sqlite') return await change();
  running.set(store, (running.get(store) ?? 0) + 1);
  try {
    await sql`pragma secure_delete = on`.execute(store.db);
    const result = await change();
    await sql`pragma wal_checkpoint(truncate)`.execute(store.db);
    return result;
  } finally {
    const left = running.get(store)! - 1;
    running.set(store, left);
    if (left === 0) await sql`pragma secure_delete = off`.execute(store.db);
  }
}
