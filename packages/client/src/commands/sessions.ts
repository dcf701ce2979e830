import type { Session } from '@zeronaut/model';
import { type Command, Option } from 'commander';
import {
  type CommandLine,
  type CommonOptions,
  connect,
  createCommand,
  createGroup,
  minute,
  named,
  outputOf,
  printTable,
} from './command-line.ts';

interface ListOptions extends CommonOptions {
  readonly user?: string;
  readonly kind?: Session['kind'];
  readonly all?: boolean;
}

export function sessionsCommand(line: CommandLine): Command {
  const group = createGroup('sessions', 'who is signed in, and ending it');

  group.addCommand(
    createCommand('list', {
      summary: 'open sessions of the organization, newest first',
      examples: ['sessions list', 'sessions list --user ann@example.com', 'sessions list --kind portal --json'],
    })
      .option('--user <email>', 'only of this person')
      .addOption(
        new Option('--kind <kind>', 'where it was opened: console, portal of a gateway, or this command').choices([
          'console',
          'portal',
          'cli',
        ]),
      )
      .option('--all', 'also those that have ended')
      .action(async (options: ListOptions) => {
        const { listAll } = await import('../api/client.ts');
        const { emailsOf, userByEmail } = await import('./users.ts');
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const userId = options.user === undefined ? undefined : (await userByEmail(api, options.user)).id;
        const sessions = await listAll(api, 'sessions.list', {
          sort: '-created',
          kind: options.kind,
          userId,
          ...(options.all === true ? {} : { open: 'true' }),
        });
        output.document(sessions);
        if (sessions.length === 0) output.line('No sessions.');
        else await printSessions(output, sessions, await emailsOf(api));
        if (sessions.length > 0) output.line(output.style('dim', '  End one:  zeronaut sessions end ID'));
      }),
    { isDefault: true },
  );

  group.addCommand(
    createCommand('end', {
      summary: 'end a session everywhere; its open connections are cut',
      examples: ['sessions end ses_01…'],
    })
      .argument('<id>', 'id of the session')
      .action(async (id: string, options: CommonOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        await named(id, () => api.call('sessions.delete', { params: { id } }), 'session', 'sessions list');
        output.document({ ended: id });
        output.line(`${id} has ended; gateways cut its connections within a second.`);
      }),
  );
  return group;
}

export async function printSessions(
  output: ReturnType<typeof outputOf>,
  sessions: readonly Session[],
  emails: ReadonlyMap<string, string>,
): Promise<void> {
  const rows = sessions.map((session) => [
    session.id,
    emails.get(session.userId) ?? session.userId,
    session.kind,
    session.address,
    session.factors.join(' '),
    minute(session.createdAt),
    session.revokedAt === null ? minute(session.expiresAt) : `ended ${minute(session.revokedAt)}`,
    session.userAgent.slice(0, 40),
  ]);
  await printTable(output, ['ID', 'WHO', 'KIND', 'FROM', 'FACTORS', 'SINCE', 'UNTIL', 'PROGRAM'], rows);
}
