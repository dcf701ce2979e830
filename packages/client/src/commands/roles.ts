import type { Permission } from '@zeronaut/model';
import type { Command } from 'commander';
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

interface CreateOptions extends CommonOptions {
  readonly may?: string[];
  readonly description?: string;
}

interface ChangeOptions extends CreateOptions {
  readonly add?: string[];
  readonly take?: string[];
}

export function rolesCommand(line: CommandLine): Command {
  const group = createGroup('roles', 'what people and programs may do in the console: built-in roles and your own');

  group.addCommand(
    createCommand('list', { summary: 'list roles', examples: ['roles list', 'roles list --json'] }).action(
      async (options: CommonOptions) => {
        const output = outputOf(line, options);
        const { items } = await (await connect(line, options)).api.call('roles.list', {});
        output.document(items);
        const rows = items.map((role) => [
          role.name,
          role.builtIn ? 'built in' : 'own',
          String(role.permissions.length),
          role.description || '-',
        ]);
        await printTable(output, ['NAME', 'KIND', 'PERMISSIONS', 'DESCRIPTION'], rows);
        output.line('See one: zeronaut roles show NAME');
      },
    ),
    { isDefault: true },
  );

  group.addCommand(
    createCommand('show', {
      summary: 'what a role may do, and who has it',
      examples: ['roles show operator', 'roles show helpdesk --json'],
    })
      .argument('<name>', 'name of the role')
      .action(async (name: string, options: CommonOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const role = await find(name, () => api.call('roles.get', { params: { name } }));
        output.document(role);
        output.line(`${role.name}${role.description === '' ? '' : `: ${role.description}`}`);
        output.line('');
        for (const permission of role.permissions) output.line(`  ${permission}`);
        output.line('');
        const uses = role.usedBy.map((use) => `  ${use.kind.replaceAll('_', ' ')} ${use.name}`);
        output.line(uses.length === 0 ? 'Nobody is shown to have it.' : `Used by\n${uses.join('\n')}`);
      }),
  );

  group.addCommand(
    createCommand('create', {
      summary: 'make a role',
      description:
        'Makes a role of permissions (docs/permissions.md lists them). It can hold at most what you may yourself, and never ' +
        'what only owners may. Whatever every member may is part of it.',
      examples: [
        'roles create helpdesk --may users:read,sessions:read,sessions:write --description "First line"',
        'roles create deploy --may resources:read,resources:write,sites:write',
      ],
    })
      .argument('<name>', 'small letters, digits and hyphens')
      .option('--may <permissions>', 'what its holders may do', parseList)
      .option('--description <text>', 'what it is for')
      .action(async (name: string, options: CreateOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const permissions = (options.may ?? []) as Permission[];
        const role = await api.call('roles.create', {
          body: { name, description: options.description ?? '', permissions },
        });
        output.document(role);
        output.line(`${role.name} may ${role.permissions.join(', ')}.`);
        output.line(`Give it to somebody: zeronaut users invite ann@example.com --role ${role.name}`);
      }),
  );

  group.addCommand(
    createCommand('change', {
      summary: 'change a role of your own',
      description: 'What it says counts from the next request of everybody who has the role.',
      examples: [
        'roles change helpdesk --add devices:read',
        'roles change helpdesk --take sessions:write',
        'roles change helpdesk --may users:read,sessions:read',
      ],
    })
      .argument('<name>', 'name of the role')
      .option('--may <permissions>', 'exactly these', parseList)
      .option('--add <permissions>', 'these as well', parseList)
      .option('--take <permissions>', 'these no longer', parseList)
      .option('--description <text>', 'what it is for')
      .action(async (name: string, options: ChangeOptions) => {
        const { may, add, take, description } = options;
        if (may !== undefined && (add !== undefined || take !== undefined)) {
          throw usageError('--may says all of it; leave --add and --take out');
        }
        if ([may, add, take, description].every((option) => option === undefined)) {
          throw usageError('say what to change: --may, --add, --take or --description');
        }
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const before = await find(name, () => api.call('roles.get', { params: { name } }));
        const wanted = new Set<string>(may ?? [...before.permissions, ...(add ?? [])]);
        for (const permission of take ?? []) wanted.delete(permission);
        const changesPermissions = may !== undefined || add !== undefined || take !== undefined;
        const body = {
          ...(changesPermissions ? { permissions: [...wanted] as Permission[] } : {}),
          ...(description === undefined ? {} : { description }),
        };
        const role = await api.call('roles.update', { params: { name }, body }, { ifMatch: `"${before.version}"` });
        output.document(role);
        output.line(`${role.name} may ${role.permissions.join(', ')}.`);
      }),
  );

  group.addCommand(
    createCommand('remove', {
      summary: 'remove a role that nothing uses',
      examples: ['roles remove helpdesk'],
    })
      .argument('<name>', 'name of the role')
      .action(async (name: string, options: CommonOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        await find(name, () => api.call('roles.delete', { params: { name } }));
        output.document({ name, removed: true });
        output.line(`${name} is removed.`);
      }),
  );
  return group;
}

async function find<T>(name: string, call: () => Promise<T>): Promise<T> {
  return await named(name, call, 'role', 'roles list');
}
