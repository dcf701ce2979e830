import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type DatabaseContents, postgresCluster, postgresMissing } from './postgres-cluster.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export type TestDatabase =
  /** A file that does not exist yet. */
  | { readonly kind: 'sqlite'; readonly file: string; readonly url: string }
  /** A database of a private cluster. */
  | { readonly kind: 'postgres'; readonly url: string };

let contents: DatabaseContents | undefined;

/**
 * From now on, and in this process, each PostgreSQL database begins as `fill` leaves an empty one. For what would fill an
 * empty one first anyway; SQLite does that in the time of a copy.
 */
export function beginDatabasesWith(next: DatabaseContents): void {
  contents = next;
}

/**
 * One test per database that the product supports: `name (sqlite)` and `name (postgres)`. Each run gets a database of
 * its own, empty unless `beginDatabasesWith` says otherwise. Where PostgreSQL is not installed its half is skipped with
 * the reason, unless `ZERONAUT_REQUIRE_POSTGRES` is set: then it fails.
 */
export function eachDatabase(
  name: string,
  run: (test: TestContext, database: TestDatabase) => Promise<void> | void,
): void {
  test(`${name} (sqlite)`, async (t) => {
    const file = join(temporaryDirectory(t), 'zeronaut.db');
    await run(t, { kind: 'sqlite', file, url: `sqlite:${file}` });
  });
  const missing = postgresMissing();
  const skip = missing !== null && !process.env.ZERONAUT_REQUIRE_POSTGRES ? missing : false;
  test(`${name} (postgres)`, { skip }, async (t) => {
    const database = await (await postgresCluster()).createDatabase(contents);
    t.after(database.release);
    await run(t, { kind: 'postgres', url: database.url });
  });
}
