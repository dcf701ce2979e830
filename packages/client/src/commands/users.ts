import { randomBytes } from 'node:crypto';
import type { Role, User } from '@zeronaut/model';
import { type Command, Option } from 'commander';
import type { ApiClient } from '../api/client.ts';
import { CliError, usageError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import { formatTable } from '../output/format.ts';
import {
  type CommandLine,
  type CommonOptions,
  connect,
  createCommand,
  createGroup,
  minute,
  named,
  outputOf,
  parseDuration,
  parseList,
  printTable,
} from './command-line.ts';
import { removeUserCommand } from './remove-user.ts';
import { signInPolicyCommand } from './sign-in-policy.ts';

interface CreateOptions extends CommonOptions {
  readonly name?: string;
  readonly role: Role;
  readonly group?: string[];
}

interface InviteOptions extends CommonOptions {
  readonly role: Role;
  readonly group?: string[];
  readonly ttl?: number;
  readonly mail: boolean;
  readonly replace?: boolean;
}

interface ChangeOptions extends CommonOptions {
  readonly role?: string;
  readonly group?: string[];
  readonly disable?: boolean;
  readonly enable?: boolean;
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
    createCommand('show', { summary: 'one person', examples: ['users show ann@example.com --json'] })
      .argument('<email>', 'whom')
      .action(async (email: string, options: CommonOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const user = await userByEmail(api, email);
        output.document(user);
        output.line(output.style('bold', `${user.email}  (${user.id}), ${user.status}`));
        output.line(`  Name    ${user.name}`);
        output.line(`  Kind    ${user.kind}`);
        output.line(`  Role    ${user.role}`);
        output.line(`  Groups  ${user.groups.join(' ') || '-'}`);
        output.line(output.style('dim', `  Signed in where:  zeronaut sessions list --user ${user.email}`));
      }),
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
      .addOption(new Option('--role <role>', 'what the person may do (zeronaut roles)').default('member'))
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

  group.addCommand(
    createCommand('invite', {
      summary: 'let a person join by a link, who then chooses the password',
      description:
        'Makes a link that works once and shows it; where the console has a mail server it is mailed, too. Whoever opens it ' +
        'becomes the user, so hand it over on a safe way.',
      examples: [
        'users invite ann@example.com',
        'users invite bob@example.com --role operator --ttl 1d --no-mail',
        'users invite bob@example.com --role member --replace',
      ],
    })
      .argument('<email>', 'e-mail address, with which the person will sign in')
      .addOption(new Option('--role <role>', 'what the person may do (zeronaut roles)').default('member'))
      .option('--group <names>', 'groups, which rules name as group:NAME', parseList)
      .option('--ttl <time>', 'how long the link works (default: 7d)', parseDuration)
      .option('--no-mail', 'show the link only')
      .option('--replace', 'take back an open invitation of this address, instead of being refused')
      .action(async (email: string, options: InviteOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const created = await api.call('invitations.create', {
          body: {
            email: email.toLowerCase(),
            role: options.role,
            groups: options.group ?? [],
            mail: options.mail,
            replace: options.replace === true,
            ...(options.ttl === undefined ? {} : { expiresInSeconds: options.ttl }),
          },
        });
        output.document(created);
        const { invitation, url, mail } = created;
        output.line(`${invitation.email} may join as ${invitation.role} until ${minute(invitation.expiresAt)} UTC.`);
        output.line(`  Link  ${url}`);
        if (mail === 'sent') output.line(output.style('dim', '  It was mailed.'));
        if (mail === 'failed') output.line('  The mail could not be sent; the log of the console says why.');
        output.line(output.style('dim', `  Take it back:  zeronaut users uninvite ${invitation.id}`));
      }),
  );

  group.addCommand(
    createCommand('invitations', {
      summary: 'list invitations',
      examples: ['users invitations', 'users invitations --json'],
    }).action(async (options: CommonOptions) => {
      const { listAll } = await import('../api/client.ts');
      const output = outputOf(line, options);
      const invitations = await listAll((await connect(line, options)).api, 'invitations.list');
      output.document(invitations);
      const now = new Date().toISOString();
      const rows = invitations.map((one) => [
        one.id,
        one.email,
        one.role,
        one.usedAt !== null
          ? `joined ${minute(one.usedAt)}`
          : one.revokedAt !== null
            ? 'taken back'
            : one.expiresAt <= now
              ? 'has expired'
              : `open until ${minute(one.expiresAt)}`,
      ]);
      await printTable(output, ['ID', 'E-MAIL', 'ROLE', 'STATE'], rows);
    }),
  );

  group.addCommand(
    createCommand('uninvite', {
      summary: 'take an invitation back',
      examples: ['users uninvite inv_01…'],
    })
      .argument('<id>', 'id of the invitation')
      .action(async (id: string, options: CommonOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const call = () => api.call('invitations.delete', { params: { id } });
        await named(id, call, 'invitation', 'users invitations');
        output.document({ revoked: id });
        output.line(`${id} is taken back.`);
      }),
  );

  group.addCommand(
    createCommand('change', {
      summary: 'give a person another role or groups, or close and open the account',
      description:
        'Counts from the next request of the person. Nobody gives a role that lets more than they may themselves.',
      examples: [
        'users change ann@example.com --role helpdesk',
        'users change ann@example.com --group dev,ops',
        'users change ann@example.com --disable',
      ],
    })
      .argument('<email>', 'whom')
      .option('--role <role>', 'what the person may do (zeronaut roles)')
      .option('--group <names>', 'exactly these groups', parseList)
      .addOption(new Option('--disable', 'nothing opens for the person any more').conflicts('enable'))
      .option('--enable', 'as before')
      .action(async (email: string, options: ChangeOptions) => {
        const { role, group: groups, disable, enable } = options;
        const status = disable ? ('disabled' as const) : enable ? ('active' as const) : undefined;
        if (role === undefined && groups === undefined && status === undefined) {
          throw usageError('say what to change: --role, --group, --disable or --enable');
        }
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const { id, version } = await userByEmail(api, email);
        const body = {
          ...(role === undefined ? {} : { role }),
          ...(groups === undefined ? {} : { groups }),
          ...(status === undefined ? {} : { status }),
        };
        const user = await api.call('users.update', { params: { id }, body }, { ifMatch: `"${version}"` });
        output.document(user);
        const names = user.groups.map((name) => `, group:${name}`).join('');
        output.line(`${user.email} is ${user.status} as ${user.role}${names}.`);
      }),
  );

  group.addCommand(
    createCommand('factors', {
      summary: 'list the second factors of a person',
      examples: ['users factors ann@example.com', 'users factors ann@example.com --json'],
    })
      .argument('<email>', 'whose')
      .action(async (email: string, options: CommonOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const { id } = await userByEmail(api, email);
        const factors = await api.call('users.listFactors', { params: { id } });
        output.document(factors);
        await printTable(
          output,
          ['ID', 'KIND', 'NAME', 'WORKS ON', 'ADDED', 'LAST USED'],
          factors.items.map((factor) => [
            factor.id,
            factor.kind,
            factor.name,
            factor.site ?? 'everywhere',
            minute(factor.createdAt),
            factor.lastUsedAt === null ? 'never' : minute(factor.lastUsedAt),
          ]),
        );
        output.line(output.style('dim', `${factors.recoveryCodesLeft} recovery codes left.`));
      }),
  );

  group.addCommand(
    createCommand('remove-factor', {
      summary: 'remove one passkey or app of a person who lost it, and end their sessions',
      examples: ['users remove-factor ann@example.com fac_01…'],
    })
      .argument('<email>', 'whose')
      .argument('<id>', 'id of the factor, as users factors shows it')
      .action(async (email: string, factorId: string, options: CommonOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const { id } = await userByEmail(api, email);
        const call = () => api.call('users.deleteFactor', { params: { id, factorId } });
        await named(factorId, call, 'factor', `users factors ${email}`);
        output.document({ removed: factorId });
        output.line(`${factorId} is removed, and the sessions of ${email} have ended.`);
      }),
  );

  group.addCommand(
    createCommand('reset-factors', {
      summary: 'remove all second factors of a person who lost them, and end their sessions',
      examples: ['users reset-factors ann@example.com'],
    })
      .argument('<email>', 'whose')
      .action(async (email: string, options: CommonOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const { id } = await userByEmail(api, email);
        await api.call('users.resetFactors', { params: { id } });
        output.document({ reset: email });
        output.line(`${email} has no second factor any more, and their sessions have ended.`);
      }),
  );
  group.addCommand(removeUserCommand(line));
  group.addCommand(signInPolicyCommand(line));
  return group;
}

/** Whoever has this address; exits with a word on where to look when there is nobody. */
export async function userByEmail(api: ApiClient, email: string): Promise<User> {
  const { listAll } = await import('../api/client.ts');
  const user = (await listAll(api, 'users.list')).find((one) => one.email === email.toLowerCase());
  if (user === undefined) {
    throw new CliError(`there is no user ${email}`, {
      reason: 'api.not_found',
      next: 'Run zeronaut users list to see who there is.',
      exitCode: EXIT.notFound,
    });
  }
  return user;
}

/** Addresses by user id, for lists that name people. Whoever may not see users gets none. */
export async function emailsOf(api: ApiClient): Promise<ReadonlyMap<string, string>> {
  const { listAll } = await import('../api/client.ts');
  try {
    return new Map((await listAll(api, 'users.list')).map(({ id, email }) => [id, email]));
  } catch (error) {
    if (error instanceof CliError && error.exitCode === EXIT.refused) return new Map();
    throw error;
  }
}
