import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Refusal } from '../../store/refusal.ts';
import type { Store } from '../../store/store.ts';
import { VERSION } from '../../version.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { isoTime } from '../page.ts';
import { encodeBackup } from './backup-file.ts';

/** One at a time: each takes as much disk as the database, and a scrypt. */
const running = new WeakSet<Store>();

/**
 * The whole console as one encrypted file. It holds what belongs to all organizations, so an owner gets it only where theirs is the only one;
 * else it is for the OS user beside the console, who could read the files anyway. The copy on disk goes when the last byte is out, or nobody
 * takes any more.
 */
export async function createBackup(
  context: Context,
  caller: Caller,
  passphrase: string,
): Promise<AsyncIterable<Uint8Array> | Refusal> {
  const { store } = context;
  // A key that leaked must not take everything along.
  if (caller.credential !== 'session' && caller.credential !== 'local') return new Refusal('factor.session_needed');
  if (caller.credential !== 'local') {
    const organizations = await store.db.selectFrom('organizations').select('id').limit(2).execute();
    if (organizations.length > 1) return new Refusal('backup.several_organizations');
  }
  if (store.copy === null) return new Refusal('backup.postgres');
  if (running.has(store)) return new Refusal('backup.running');
  running.add(store);
  let file: string;
  try {
    // Before the copy, which then says of itself who made it.
    await store.transaction((queries) =>
      appendAudit(queries, context, caller, {
        ...{ action: 'console.backup', objectKind: 'organization', objectId: caller.organizationId },
      }),
    );
    file = await store.copy();
  } catch (error) {
    running.delete(store);
    throw error;
  }
  const about = { createdAt: isoTime(context.clock()), version: VERSION };
  return withEnd(encodeBackup(plain(), about, passphrase), async () => {
    running.delete(store);
    await rm(file, { force: true });
  });

  async function* plain(): AsyncGenerator<Uint8Array> {
    yield await context.readMasterKey();
    yield* createReadStream(file) as AsyncIterable<Uint8Array>;
  }
}

/** A generator that nobody began runs no `finally`: whoever leaves before the first byte must end it too. */
function withEnd(bytes: AsyncGenerator<Uint8Array>, end: () => Promise<void>): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        try {
          const result = await bytes.next();
          if (result.done === true) await end();
          return result;
        } catch (error) {
          await end();
          throw error;
        }
      },
      async return() {
        await bytes.return(undefined);
        await end();
        return { done: true as const, value: undefined };
      },
    }),
  };
}
