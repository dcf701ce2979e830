import { existsSync } from 'node:fs';
import { CliError, unreadableFile } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import { readPassphrase } from './backup-console.ts';

/** Unpacks a backup into the data directory of a console that does not run. */
export async function restoreConsole(
  file: string,
  dataDirectory: string | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<{ dataDirectory: string; sizeBytes: number }> {
  if (!existsSync(file))
    throw unreadableFile(file, Object.assign(new Error('there is no such file'), { code: 'ENOENT' }));
  const { BackupError, restoreBackup } = await import('@zeronaut/console/main');
  try {
    const passphrase = await readPassphrase(file, environment);
    return await restoreBackup(file, passphrase, dataDirectory === undefined ? {} : { dataDirectory });
  } catch (error) {
    const isExpected = error instanceof BackupError || typeof (error as NodeJS.ErrnoException).code === 'string';
    if (!isExpected) throw error;
    const exists = error instanceof BackupError && error.kind === 'exists';
    throw new CliError((error as Error).message, {
      reason: exists ? 'cli.file' : 'cli.restore_failed',
      next: 'Nothing was restored.',
      ...(exists && { exitCode: EXIT.conflict }),
    });
  }
}
