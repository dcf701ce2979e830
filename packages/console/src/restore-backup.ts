import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { MASTER_KEY_BYTES, MASTER_KEY_FILE } from './authority/master-key.ts';
import { BackupError, decodeBackup } from './domains/backup/backup-file.ts';
import { type ConsoleOptions, DATABASE_FILE, resolveSettings } from './settings.ts';

export interface Restored {
  readonly dataDirectory: string;
  readonly sizeBytes: number;
}

/**
 * Puts a backup where a console keeps its state, which must hold none: nothing is ever replaced. Files get their names when all of it was
 * read and the database is sound. Rejects with a `BackupError` in words for a person.
 */
export async function restoreBackup(
  backup: string,
  passphrase: string,
  options: Pick<ConsoleOptions, 'dataDirectory'> = {},
): Promise<Restored> {
  const { dataDirectory } = resolveSettings(options, process.env);
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
  const key = join(dataDirectory, MASTER_KEY_FILE);
  const database = join(dataDirectory, DATABASE_FILE);
  for (const file of [key, database, `${database}-wal`]) {
    if (await exists(file)) {
      throw new BackupError(`${file} is there already; restore to an empty directory, or move it away first`, 'exists');
    }
  }
  const temporary = [`${key}.restore`, `${database}.restore`] as const;
  try {
    const sizeBytes = await unpack(backup, passphrase, temporary);
    checkDatabase(temporary[1]);
    await rename(temporary[0], key);
    await rename(temporary[1], database);
    return { dataDirectory, sizeBytes };
  } finally {
    for (const file of temporary) await rm(file, { force: true });
    for (const suffix of ['-wal', '-shm']) await rm(`${temporary[1]}${suffix}`, { force: true });
  }
}

async function unpack(backup: string, passphrase: string, [key, database]: readonly [string, string]): Promise<number> {
  // What an interrupted attempt left is no reason to fail; what is written is for this user alone.
  for (const file of [key, database]) await rm(file, { force: true });
  const [keyFile, databaseFile] = [await open(key, 'wx', 0o600), await open(database, 'wx', 0o600)];
  let sizeBytes = 0;
  let start: Buffer | null = Buffer.alloc(0);
  try {
    for await (const part of decodeBackup(createReadStream(backup) as AsyncIterable<Uint8Array>, passphrase)) {
      let rest = part;
      if (start !== null) {
        start = Buffer.concat([start, part]);
        if (start.length < MASTER_KEY_BYTES) continue;
        await keyFile.writeFile(start.subarray(0, MASTER_KEY_BYTES));
        rest = start.subarray(MASTER_KEY_BYTES);
        start = null;
      }
      await databaseFile.appendFile(rest);
      sizeBytes += rest.length;
    }
    if (start !== null) throw new BackupError('the backup is not whole');
    await keyFile.sync();
    await databaseFile.sync();
    return sizeBytes;
  } finally {
    await keyFile.close();
    await databaseFile.close();
  }
}

function checkDatabase(file: string): void {
  const database = new DatabaseSync(file);
  try {
    const [row] = database.prepare('pragma quick_check(1)').all() as { quick_check: string }[];
    if (row?.quick_check !== 'ok') throw new BackupError(`the database in the backup is damaged: ${row?.quick_check}`);
    database.prepare('select count(*) from organizations').all();
  } finally {
    database.close();
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
