import { randomBytes } from 'node:crypto';
import type { Role } from '@zeronaut/model';
import { type Command, Option } from 'commander';
import { formatTable } from '../output/format.ts';
import {
  type CommandLine,
  type CommonOptions,
  connect,
  createCommand,
  createGroup,
  outputOf,
  parseList,
  ROLES,
} from './command-line.ts';

interface CreateOptions extends CommonOptions {
  readonly name?: string;
  readonly role: Role;
  readonly group?: string[];
}

export function usersCommand(line: CommandLine): Command {
  const group = createGroup('users', 'the people who may sign in');

  group.addCommand(
    createCommand('list', { summary: 'list users', examples: ['users list', 'users list --json'] }).action(
      async (options: CommonOptions) => {
        const { listAll } = await import('../api/client.ts');
        const output = outputOf(line, options);
        const users = await listAll((await connect(line, options)).api, 'users.list');
        output.document(users);
        const rows = users.map(({ email, name, role, groups, status }) => [
          email,
          name,
          role,
          groups.join(' ') || '-',
          status,
        ]);
        const [headings, ...texts] = formatTable(['E-MAIL', 'NAME', 'ROLE', 'GROUPS', 'STATUS'], rows);
        output.line(output.style('bold', headings!));
        for (const text of texts) output.line(text);
      },
    ),
    { isDefault: true },
  );

  group.addCommand(
    createCommand('create', {
      summary: 'let a person in',
      description:
        'Creates a user with a random password, which is shown once: hand it over on a safe way. Members reach what ' +
        'rules let them reach; operators may publish, too; admins may do all but what owners keep to themselves.',
      examples: ['users create ann@example.com', 'users create bob@example.com --role operator --group dev,ops'],
    })
      .argument('<email>', 'e-mail address, with which the person signs in')
      .option('--name <name>', 'name to show (default: the part before the @)')
      .addOption(new Option('--role <role>', 'what the person may do').choices(ROLES).default('member'))
      .option('--group <names>', 'groups, which rules name as group:NAME', parseList)
      .action(async (email: string, options: CreateOptions) => {
        const output = outputOf(line, options);
        const { api, consoleUrl } = await connect(line, options);
        // 120 bits. Made here, so that it is in no process list and nobody chooses a weak one.
        const password = randomBytes(15).toString('base64url');
        const user = await api.call('users.create', {
          body: {
            email: email.toLowerCase(),
            name: options.name ?? email.split('@')[0]!,
            password,
            role: options.role,
            groups: options.group ?? [],
          },
        });
        output.document({ ...user, password });
        output.line(
          `${user.email} may sign in as ${user.role}${user.groups.map((name) => `, group:${name}`).join('')}.`,
        );
        output.line(`  Password  ${password}`);
        output.line(output.style('dim', `  It is not shown again. Sign-in: ${consoleUrl}, or any service.`));
      }),
  );
  return group;
}
