import type { Role } from '@zeronaut/model';
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
  parseDuration,
  parseList,
  printTable,
} from './command-line.ts';

interface CreateOptions extends CommonOptions {
  readonly role?: Role;
  readonly scope?: string[];
  readonly for?: string;
  readonly ttl?: number;
  readonly never?: boolean;
}

interface RotateOptions extends CommonOptions {
  readonly overlap: number;
}

export function keysCommand(line: CommandLine): Command {
  const group = createGroup('keys', 'API keys: for programs that call the console');

  group.addCommand(
    createCommand('list', { summary: 'list API keys', examples: ['keys list', 'keys list --json'] }).action(
      async (options: CommonOptions) => {
        const { listAll } = await import('../api/client.ts');
        const output = outputOf(line, options);
        const keys = await listAll((await connect(line, options)).api, 'apiKeys.list');
        output.document(keys);
        const now = new Date().toISOString();
        const rows = keys.map((key) => [
          key.id,
          key.name,
          `${key.prefix}…`,
          key.role,
          key.scopes?.join(' ') ?? 'all of the role',
          key.revokedAt !== null ? 'revoked' : key.expiresAt === null ? 'never ends' : until(key.expiresAt, now),
          key.lastUsedAt === null ? 'never' : `${minute(key.lastUsedAt)} from ${key.lastUsedAddress ?? '-'}`,
        ]);
        await printTable(output, ['ID', 'NAME', 'KEY', 'ROLE', 'SCOPES', 'ENDS', 'LAST USED'], rows);
      },
    ),
    { isDefault: true },
  );

  group.addCommand(
    createCommand('create', {
      summary: 'make an API key',
      description:
        'Makes an API key and shows it once; the console keeps only a hash. It can never do more than you may. A scope ' +
        'narrows it: a permission such as resources:read, or one resource with resources:write@RESOURCE_ID.',
      examples: [
        'keys create ci --role operator --ttl 90d',
        'keys create deploy --for deploy --role operator',
        'keys create deploy --scope resources:read,resources:write@res_01… --json | jq -r .key',
      ],
    })
      .argument('<name>', 'what the key is for')
      .addOption(new Option('--role <role>', 'what it may do (default: the role of whom it stands for)'))
      .option('--scope <scopes>', 'only this (default: all that the role allows)', parseList)
      .option('--for <service account>', 'name or id of the service account that it stands for (default: you)')
      .addOption(new Option('--ttl <time>', 'how long it works (default: 90d)').argParser(parseDuration))
      .addOption(new Option('--never', 'it works until it is revoked').conflicts('ttl'))
      .action(async (name: string, options: CreateOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const { findServiceAccount } = await import('../api/service-account.ts');
        const account = options.for === undefined ? null : await findServiceAccount(api, options.for);
        const role = options.role ?? account?.role ?? (await api.call('me.get', {})).role;
        const { apiKey, key } = await api.call('apiKeys.create', {
          body: {
            name,
            role,
            scopes: options.scope ?? null,
            serviceAccountId: account?.id ?? null,
            ...(options.never === true
              ? { expiresInSeconds: null }
              : options.ttl === undefined
                ? {}
                : { expiresInSeconds: options.ttl }),
          },
        });
        output.document({ ...apiKey, key });
        output.line(
          `${apiKey.name} (${apiKey.id}) works ${apiKey.expiresAt === null ? 'until it is revoked' : `until ${apiKey.expiresAt}`}.`,
        );
        output.line(`  Key  ${key}`);
        output.line(output.style('dim', '  It is not shown again. Use it as ZERONAUT_TOKEN with ZERONAUT_CONSOLE.'));
      }),
  );

  group.addCommand(
    createCommand('rotate', {
      summary: 'a new key in the place of an old one',
      description:
        'Makes a new key with the same role, scopes and length of life. The old one goes on working for a while, so that ' +
        'what uses it can be changed. Without an id: the key that this command itself runs with.',
      examples: ['keys rotate key_01… --overlap 1h', 'ZERONAUT_TOKEN=znk_… zeronaut keys rotate --json | jq -r .key'],
    })
      .argument('[id]', 'id of the key')
      .addOption(
        new Option('--overlap <time>', 'how long the old key goes on working (0s: ends at once)')
          .argParser((text) => (text === '0' || text === '0s' ? 0 : parseDuration(text)))
          .default(86_400, '24h'),
      )
      .action(async (id: string | undefined, options: RotateOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const body = { overlapSeconds: options.overlap };
        const { apiKey, key } =
          id === undefined
            ? await api.call('apiKeys.rotateCurrent', { body })
            : await named(id, () => api.call('apiKeys.rotate', { params: { id }, body }), 'key', 'keys list');
        output.document({ ...apiKey, key });
        output.line(`${apiKey.id} takes the place of ${id ?? 'the key in use'}.`);
        output.line(`  Key  ${key}`);
        output.line(output.style('dim', '  It is not shown again.'));
      }),
  );

  group.addCommand(
    createCommand('revoke', {
      summary: 'end an API key now',
      examples: ['keys revoke key_01… --dry-run', 'keys revoke key_01…'],
    })
      .argument('<id>', 'id of the key')
      .option('--dry-run', 'only say what it was used for')
      .action(async (id: string, options: CommonOptions & { readonly dryRun?: boolean }) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        if (options.dryRun === true) {
          const { printDryRun } = await import('../output/removal.ts');
          const preview = () => api.call('apiKeys.previewRemoval', { params: { id } });
          printDryRun(output, `Revoking ${id} would end what does this:`, await named(id, preview, 'key', 'keys list'));
          return;
        }
        await named(id, () => api.call('apiKeys.delete', { params: { id } }), 'key', 'keys list');
        output.document({ revoked: id });
        output.line(`${id} is revoked.`);
      }),
  );
  return group;
}

function until(expiresAt: string, now: string): string {
  return expiresAt <= now ? 'has ended' : minute(expiresAt);
}
