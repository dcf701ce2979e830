import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { postgresCluster, postgresMissing, temporaryDirectory } from '@zeronaut/testkit';
import { type Seeded, type SeedSize, seedConsole } from './console-seed.ts';

/** A database with a large organization in it, and the home of the console that runs on it. */
export interface FilledDatabase {
  readonly name: 'SQLite' | 'PostgreSQL';
  readonly url: string;
  readonly home: string;
  readonly seeded: Seeded;
}

/**
 * Databases to measure, filled. `keep`: a directory that they stay in; what is there already is used as it is, with events that are as much
 * older as the directory is.
 */
export async function fillDatabases(
  size: SeedSize,
  { only, keep }: { readonly only: string | undefined; readonly keep: string | undefined },
): Promise<FilledDatabase[]> {
  const root = keep === undefined ? temporaryDirectory('bench') : resolve(keep);
  mkdirSync(root, { recursive: true, mode: 0o755 });
  const filled: FilledDatabase[] = [];
  if (only !== 'postgres') {
    const url = `sqlite:${join(root, 'zeronaut.db')}`;
    filled.push(await fill('SQLite', { root, size, open: async () => url, urlOf: () => url }));
  }
  const missing = postgresMissing();
  if (missing !== null) process.stdout.write(`without PostgreSQL: ${missing}\n`);
  else if (only !== 'sqlite') {
    const cluster = await postgresCluster({
      durable: true,
      keep: keep === undefined ? null : join(root, 'postgres'),
    });
    const open = async () => (await cluster.createDatabase()).url;
    const urlOf = (known: string) => new URL(new URL(known).pathname, cluster.url).href;
    filled.push(await fill('PostgreSQL', { root, size, open, urlOf }));
  }
  return filled;
}

async function fill(
  name: FilledDatabase['name'],
  parts: {
    readonly root: string;
    readonly size: SeedSize;
    readonly open: () => Promise<string>;
    /** Where a database is now that had this address when it was filled. */
    readonly urlOf: (known: string) => string;
  },
): Promise<FilledDatabase> {
  const file = join(parts.root, `${name}.json`);
  const home = join(parts.root, `${name}-home`);
  if (existsSync(file)) {
    const { url, seeded } = JSON.parse(readFileSync(file, 'utf8')) as { url: string; seeded: Seeded };
    return { name, url: parts.urlOf(url), home, seeded };
  }
  const startedAt = performance.now();
  mkdirSync(home, { mode: 0o700 });
  const url = await parts.open();
  const seeded = await seedConsole(url, parts.size);
  writeFileSync(file, JSON.stringify({ url, seeded }), { mode: 0o600 });
  process.stdout.write(`${name}: filled in ${Math.round((performance.now() - startedAt) / 1000)} s\n`);
  return { name, url, home, seeded };
}
