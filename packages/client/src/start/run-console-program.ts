import type { ConsoleRunOptions } from '../commands/console.ts';
import type { Output } from '../output/output.ts';
import { homeDirectory } from '../profile/home.ts';
import { tellSupervisor, untilStopped } from './supervision.ts';

/** `zeronaut console run`: the console in this process, until it is stopped. */
export async function runConsoleProgram(
  options: ConsoleRunOptions,
  output: Output,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const { runConsole } = await import('@zeronaut/console/main');
  const databaseUrl = environment.ZERONAUT_DATABASE_URL ?? '';
  const running = await runConsole({
    home: homeDirectory(),
    host: options.host,
    port: options.port,
    syncHost: options.syncHost === '' ? options.host : options.syncHost,
    syncPort: options.syncPort,
    ...(options.publicUrl !== undefined && { publicUrl: options.publicUrl }),
    ...(options.publicHost !== undefined && { publicHost: options.publicHost }),
    ...(options.dataDirectory !== undefined && { dataDirectory: options.dataDirectory }),
    ...(databaseUrl !== '' && { databaseUrl }),
  });
  output.event('ready', { url: running.url, setupUrl: running.setupUrl });
  output.line(`Console ready at ${running.url}`);
  if (running.setupUrl !== null) output.line(`Create the first owner (works once): ${running.setupUrl}`);
  tellSupervisor({ ready: true, setupUrl: running.setupUrl });
  await untilStopped();
  await running.stop();
}
