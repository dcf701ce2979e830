import { type Command, Option } from 'commander';
import type { ApiClient } from '../api/client.ts';
import { usageError } from '../cli-error.ts';
import {
  type CommandLine,
  type CommonOptions,
  connect,
  createCommand,
  createGroup,
  named,
  outputOf,
  parseList,
  printTable,
} from './command-line.ts';
import { userByEmail } from './users.ts';

interface CreateOptions extends CommonOptions {
  readonly description?: string;
}

interface ChangeOptions extends CreateOptions {
  readonly rename?: string;
  readonly add?: string[];
  readonly take?: string[];
}

interface RemoveOptions extends CommonOptions {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

export function groupsCommand(line: CommandLine): Command {
  const group = createGroup('groups', 'named sets of users, which rules and policies speak of as group:NAME');

  group.addCommand(
    createCommand('list', { summary: 'list groups', examples: ['groups list', 'groups list --json'] }).action(
      async (options: CommonOptions) => {
        const { listAll } = await import('../api/client.ts');
        const output = outputOf(line, options);
        const groups = await listAll((await connect(line, options)).api, 'groups.list');
        output.document(groups);
        const rows = groups.map((one) => [one.name, String(one.people), String(one.programs), one.description || '-']);
        await printTable(output, ['NAME', 'PEOPLE', 'PROGRAMS', 'DESCRIPTION'], rows);
        output.line('See one: zeronaut groups show NAME');
      },
    ),
    { isDefault: true },
  );

  group.addCommand(
    createCommand('show', {
      summary: 'who is in a group and why, and what names it',
      examples: ['groups show dev', 'groups show dev --json'],
    })
      .argument('<name>', 'name of the group')
      .action(async (name: string, options: CommonOptions) => {
        const { listAll } = await import('../api/client.ts');
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const detail = await find(name, () => api.call('groups.get', { params: { name } }));
        const members = await listAll(api, 'users.list', { group: name });
        output.document({ ...detail, members: members.map(({ id, email }) => ({ id, email })) });
        output.line(`${detail.name}${detail.description === '' ? '' : `: ${detail.description}`}`);
        for (const { email, status } of members) output.line(`  ${email}${status === 'active' ? '' : ` (${status})`}`);
        if (members.length === 0) output.line('  nobody');
        for (const { kind, identityProvider, members: count } of detail.sources) {
          if (kind === 'hand') continue;
          const how = kind === 'scim' ? 'pushed by' : 'given at sign-in by';
          output.line(output.style('dim', `  ${count} of them ${how} ${identityProvider}`));
        }
        const uses = detail.usedBy.map((use) => `  ${use.kind.replaceAll('_', ' ')} ${use.name}`);
        output.line(uses.length === 0 ? 'Nothing names it.' : `Named by\n${uses.join('\n')}`);
      }),
  );

  group.addCommand(
    createCommand('create', {
      summary: 'make a group, which is empty',
      description: 'A group is made, too, by putting somebody into it: users change ann@example.com --group dev',
      examples: ['groups create dev --description "Who builds it"'],
    })
      .argument('<name>', 'small letters, digits and hyphens')
      .option('--description <text>', 'what it is for')
      .action(async (name: string, options: CreateOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const body = { name, ...(options.description === undefined ? {} : { description: options.description }) };
        output.document(await api.call('groups.create', { body }));
        output.line(`group:${name} is there. Put people in: zeronaut groups change ${name} --add ann@example.com`);
      }),
  );

  group.addCommand(
    createCommand('change', {
      summary: 'put people in or take them out, describe it, or rename what nothing names',
      description:
        'Counts within a second. Whoever an identity provider put there comes back at the next sign-in, or push, while it says so.',
      examples: ['groups change dev --add ann@example.com,bob@example.com', 'groups change dev --rename builders'],
    })
      .argument('<name>', 'name of the group')
      .option('--add <emails>', 'who comes in', parseList)
      .option('--take <emails>', 'who goes out', parseList)
      .option('--description <text>', 'what it is for')
      .option('--rename <name>', 'its new name')
      .action(async (name: string, options: ChangeOptions) => {
        const { add, take, description, rename } = options;
        if ([add, take, description, rename].every((one) => one === undefined)) {
          throw usageError('say what to change: --add, --take, --description or --rename');
        }
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const { version } = await find(name, () => api.call('groups.get', { params: { name } }));
        const body = {
          ...(add === undefined ? {} : { add: await idsOf(api, add) }),
          ...(take === undefined ? {} : { remove: await idsOf(api, take) }),
          ...(description === undefined ? {} : { description }),
          ...(rename === undefined ? {} : { name: rename }),
        };
        const changed = await api.call('groups.update', { params: { name }, body }, { ifMatch: `"${version}"` });
        output.document(changed);
        output.line(`group:${changed.name}: people ${changed.people}, programs ${changed.programs}`);
      }),
  );

  group.addCommand(
    createCommand('remove', {
      summary: 'remove a group that nothing names; its members stay, without it',
      examples: ['groups remove dev --dry-run', 'groups remove dev --yes'],
    })
      .argument('<name>', 'name of the group')
      .option('--dry-run', 'only say what names it and how many are in it')
      .addOption(new Option('--yes', 'yes'))
      .action(async (name: string, options: RemoveOptions) => {
        const dryRun = options.dryRun === true;
        if (!dryRun && options.yes !== true) throw usageError('look first with --dry-run; then say --yes');
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const detail = await find(name, () => api.call('groups.get', { params: { name } }));
        if (!dryRun) await api.call('groups.delete', { params: { name } }, { ifMatch: `"${detail.version}"` });
        output.document({ dryRun, ...detail });
        output.line(
          `group:${name} ${dryRun ? 'would be' : 'is'} removed: people ${detail.people}, programs ${detail.programs}`,
        );
        if (dryRun && detail.usedBy.length > 0) {
          const uses = detail.usedBy.map((use) => `${use.kind.replaceAll('_', ' ')} ${use.name}`);
          output.line(`It stays as long as these name it: ${uses.join(', ')}`);
        }
      }),
  );
  return group;
}

async function find<T>(name: string, call: () => Promise<T>): Promise<T> {
  return await named(name, call, 'group', 'groups list');
}

async function idsOf(api: ApiClient, emails: readonly string[]): Promise<string[]> {
  return await Promise.all(emails.map(async (email) => (await userByEmail(api, email)).id));
}
