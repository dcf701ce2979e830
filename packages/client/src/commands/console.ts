import type { Command } from 'commander';
import {
  type CommandLine,
  type CommonOptions,
  connect,
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

interface RestoreOptions extends CommonOptions {
  readonly dataDirectory?: string;
}

export function consoleCommand(line: CommandLine): Command {
  const group = createGroup('console', 'run a console, back it up, restore it');
  group.addCommand(
    createCommand('run', {
      summary: 'run a console',
      description:
        'Runs a console until it is stopped. SQLite unless ZERONAUT_CONSOLE_DATABASE_URL names a PostgreSQL database (it may ' +
        'hold a password, so it is not a flag). Identity providers, directories and audit receivers at private addresses are ' +
        'called only in the networks of ZERONAUT_CONSOLE_OUTBOUND_ALLOW (10.0.0.0/8,…), which zeronaut start heeds, too. Passwords ' +
        'that are known from breaches are refused: those of a short list, and of the file that ZERONAUT_CONSOLE_BREACHED_PASSWORDS names (SHA-1 ' +
        'hashes in order, as Have I Been Pwned gives them away).',
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
  group.addCommand(
    createCommand('backup', {
      summary: 'write the whole console into one encrypted file',
      description:
        'A consistent copy of the database, and the master key that opens the secrets in it, as they are now, while the console runs. The ' +
        'file is encrypted with a passphrase (ZERONAUT_BACKUP_PASSPHRASE, or the first line of standard input): whoever has both can be ' +
        'this console, and without the passphrase nobody can read it, you included. For consoles on SQLite; with PostgreSQL use pg_dump.',
      examples: [
        'console backup /backup/zeronaut-$(date +%F).backup',
        'ZERONAUT_BACKUP_PASSPHRASE=… zeronaut console backup zeronaut.backup',
      ],
    })
      .argument('<file>', 'where it goes; it must not be there')
      .action(async (file: string, options: CommonOptions) => {
        const { backupConsole } = await import('../backup/backup-console.ts');
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const sizeBytes = await backupConsole(api, file, line.environment);
        output.document({ file, sizeBytes });
        output.line(`${file} holds this console (${sizeBytes} bytes). Keep the passphrase elsewhere.`);
      }),
  );
  group.addCommand(
    createCommand('restore', {
      summary: 'put a backup where a console keeps its state',
      description:
        'Into an empty data directory: nothing is replaced. Then start the console as before, with the same public URL. Gateways find it ' +
        'again by themselves and are sent a snapshot of what was restored. What happened after the backup is gone, and gateways that ' +
        'witnessed a longer audit log say so.',
      examples: ['console restore zeronaut.backup', 'console restore zeronaut.backup --data-directory /srv/zeronaut'],
      profile: false,
    })
      .argument('<file>', 'the backup')
      .option('--data-directory <path>', 'where the console keeps its state (default: $ZERONAUT_HOME/console)')
      .action(async (file: string, options: RestoreOptions) => {
        const { restoreConsole } = await import('../backup/restore-console.ts');
        const output = outputOf(line, options);
        const restored = await restoreConsole(file, options.dataDirectory, line.environment);
        output.document(restored);
        output.line(`Restored to ${restored.dataDirectory}. Start it: zeronaut console run`);
      }),
  );
  return group;
}
