/**
 * The console as a program: settings in, exit code out. Everything is put together in `start-console.ts`; here are only
 * its life and end (signals, bugs, a start that fails). It never carries user traffic: gateways do, without it.
 */
import { Fault } from '@zeronaut/model';
import { type Logger, pino } from 'pino';
import { type ConsoleOptions, type ReadyInfo, resolveSettings, SettingsError } from './settings.ts';
import { type RunningConsole, startConsole } from './start-console.ts';

export { BackupError } from './domains/backup/backup-file.ts';
export { restoreBackup } from './restore-backup.ts';
export type { ConsoleOptions, ReadyInfo };

/** sysexits.h, EX_SOFTWARE: a bug of ours. */
const EXIT_BUG = 70;
/** How long a stop may take before it is cut short. */
const STOP_TIMEOUT_MS = 5_000;

/**
 * Runs a console until SIGINT, SIGTERM or `signal`, and resolves with the exit code: 0 after a clean stop, 1 when it
 * could not start (said on stderr, with what to do). A bug ends the process with 70: state in memory is then not to be
 * trusted, and everything that counts is in the database.
 */
export async function runConsole(options: ConsoleOptions = {}): Promise<number> {
  let log: Logger = pino({ level: 'info' }, pino.destination({ dest: 2, sync: true }));
  const onBug = (error: unknown) => {
    log.fatal({ err: error }, 'bug: the console ends');
    process.exit(EXIT_BUG);
  };
  process.on('uncaughtException', onBug);
  process.on('unhandledRejection', onBug);
  const stopRequest = Promise.withResolvers<void>();
  const onSignal = () => stopRequest.resolve();
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  options.signal?.addEventListener('abort', onSignal);
  if (options.signal?.aborted) onSignal();
  try {
    let running: RunningConsole;
    try {
      const settings = resolveSettings(options, process.env);
      log = pino({ level: settings.logLevel }, pino.destination({ dest: 2, sync: true }));
      running = await startConsole(settings, log);
    } catch (error) {
      log.fatal({ err: error }, explain(error));
      return 1;
    }
    log.info({ url: running.info.url, syncPort: running.info.syncPort }, 'console is ready');
    options.onReady?.(running.info);
    await stopRequest.promise;
    log.info('console stops');
    const timeout = setTimeout(() => {
      log.error('the stop took too long and is cut short');
      process.exit(1);
    }, STOP_TIMEOUT_MS);
    await running.stop();
    clearTimeout(timeout);
    return 0;
  } finally {
    process.off('uncaughtException', onBug);
    process.off('unhandledRejection', onBug);
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
    options.signal?.removeEventListener('abort', onSignal);
  }
}

function explain(error: unknown): string {
  if (error instanceof SettingsError || error instanceof Fault) return error.message;
  const { code, port, address } = error as NodeJS.ErrnoException & { port?: number; address?: string };
  if (code === 'EADDRINUSE') return `${address}:${port} is in use; stop what listens there or choose another port`;
  if (code === 'EACCES') return `no permission: ${(error as Error).message}`;
  return 'the console cannot start';
}
