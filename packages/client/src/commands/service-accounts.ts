import type { Role } from '@zeronaut/model';
import { type Command, Option } from 'commander';
import { usageError } from '../cli-error.ts';
import {
  type CommandLine,
  type CommonOptions,
  connect,
  createCommand,
  createGroup,
  outputOf,
  parseList,
  printTable,
} from './command-line.ts';

interface CreateOptions extends CommonOptions {
  readonly role: Role;
  readonly group?: string[];
}

export function serviceAccountsCommand(line: CommandLine): Command {
  const group = createGroup('service-accounts', 'users that are programs: with a role and groups, without a sign-in');

  group.addCommand(
    createCommand('list', {
      summary: 'list service accounts',
      examples: ['service-accounts list', 'service-accounts list --json'],
    }).action(async (options: CommonOptions) => {
      const { listAll } = await import('../api/client.ts');
      const output = outputOf(line, options);
      const accounts = await listAll((await connect(line, options)).api, 'serviceAccounts.list');
      output.document(accounts);
      const rows = accounts.map(({ id, name, email, role, groups, status }) => [
        id,
        name,
        role,
        groups.join(' ') || '-',
        status,
        email,
      ]);
      await printTable(output, ['ID', 'NAME', 'ROLE', 'GROUPS', 'STATUS', 'IN RULES'], rows);
    }),
    { isDefault: true },
  );

  group.addCommand(
    createCommand('create', {
      summary: 'make a service account',
      description:
        'Makes a user that is a program. It calls the console with an API key (zeronaut keys create --for) or, without any ' +
        'secret that is kept, with tokens of CI or a cluster (zeronaut workloads trust).',
      examples: ['service-accounts create deploy --role operator', 'service-accounts create scraper --group metrics'],
    })
      .argument('<name>', 'small letters, digits and hyphens')
      .addOption(new Option('--role <role>', 'what it may do (zeronaut roles)').default('member'))
      .option('--group <names>', 'groups, which rules name as group:NAME', parseList)
      .action(async (name: string, options: CreateOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const body = { name, role: options.role, groups: options.group ?? [] };
        const account = await api.call('serviceAccounts.create', { body });
        output.document(account);
        output.line(`${account.name} (${account.id}) is ${account.role}; rules name it ${account.email}.`);
      }),
  );

  group.addCommand(
    createCommand('change', {
      summary: 'give it another role or groups',
      examples: ['service-accounts change deploy --role release', 'service-accounts change deploy --group metrics'],
    })
      .argument('<name>', 'name or id')
      .option('--role <role>', 'what it may do (zeronaut roles)')
      .option('--group <names>', 'exactly these groups', parseList)
      .action(async (name: string, options: CommonOptions & { role?: string; group?: string[] }) => {
        const { role, group: groups } = options;
        if (role === undefined && groups === undefined) throw usageError('say what to change: --role or --group');
        const { findServiceAccount } = await import('../api/service-account.ts');
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const { id, version } = await findServiceAccount(api, name);
        const body = { ...(role === undefined ? {} : { role }), ...(groups === undefined ? {} : { groups }) };
        const input = { params: { id }, body };
        const account = await api.call('serviceAccounts.update', input, { ifMatch: `"${version}"` });
        output.document(account);
        output.line(`${account.name} is ${account.role}${account.groups.map((one) => `, group:${one}`).join('')}.`);
      }),
  );

  for (const [verb, status, summary] of [
    ['disable', 'disabled', 'its keys and tokens open nothing from now on'],
    ['enable', 'active', 'its keys and tokens work again'],
  ] as const) {
    const command = createCommand(verb, { summary, examples: [`service-accounts ${verb} deploy`] }).argument(
      '<name>',
      'name or id',
    );
    if (verb === 'disable') command.option('--dry-run', 'only say what would end');
    group.addCommand(
      command.action(async (name: string, options: CommonOptions & { readonly dryRun?: boolean }) => {
        const { findServiceAccount } = await import('../api/service-account.ts');
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const { id, version } = await findServiceAccount(api, name);
        if (options.dryRun === true) {
          const { printDryRun } = await import('../output/removal.ts');
          const removal = await api.call('serviceAccounts.previewRemoval', { params: { id } });
          printDryRun(output, `While ${name} is disabled, this opens nothing:`, removal);
          return;
        }
        const input = { params: { id }, body: { status } };
        const account = await api.call('serviceAccounts.update', input, { ifMatch: `"${version}"` });
        output.document(account);
        output.line(`${account.name} is ${account.status}.`);
      }),
    );
  }
  return group;
}
