import type { Command } from 'commander';
import {
  type CommandLine,
  type CommonOptions,
  createCommand,
  createGroup,
  outputOf,
  parseListenPort,
} from './command-line.ts';

export interface ConsoleRunOptions extends CommonOptions {
  readonly host?: string;
  readonly port?: number;
  readonly syncHost?: string;
  readonly syncPort?: number;
  readonly syncAddress?: string;
  readonly publicUrl?: string;
  readonly dataDirectory?: string;
}

export function consoleCommand(line: CommandLine): Command {
  const group = createGroup('console', 'run a console');
  group.addCommand(
    createCommand('run', {
      summary: 'run a console',
      description:
        'Runs a console until it is stopped. SQLite unless ZERONAUT_CONSOLE_DATABASE_URL names a PostgreSQL database (it may ' +
        'hold a password, so it is not a flag).',
      examples: [
        'console run',
        'console run --host 0.0.0.0 --public-url https://console.example.com',
        'ZERONAUT_CONSOLE_DATABASE_URL=postgres://… zeronaut console run',
      ],
      profile: false,
    })
      .option('--host <address>', 'interface of the API and the pages (default: 127.0.0.1)')
      .option('--port <port>', 'API and pages (default: 8080)', parseListenPort)
      .option('--sync-host <address>', 'interface that gateways reach (default: that of the API)')
      .option('--sync-port <port>', 'where gateways reach the console (default: 8081)', parseListenPort)
      .option('--sync-address <host:port>', 'what gateways are told to dial')
      .option('--public-url <url>', 'address under which people reach it')
      .option('--data-directory <path>', 'state (default: $ZERONAUT_HOME/console)')
      .action(async (options: ConsoleRunOptions) => {
        const { runConsoleProgram } = await import('../start/run-console-program.ts');
        await runConsoleProgram(options, outputOf(line, options));
      }),
  );
  return group;
}
