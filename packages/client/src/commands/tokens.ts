import type { PersonalAccessToken } from '@zeronaut/model';
import type { Command } from 'commander';
import type { ApiClient } from '../api/client.ts';
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

interface ScopeOptions extends CommonOptions {
  readonly all?: boolean;
}

interface CreateOptions extends CommonOptions {
  readonly for: string[];
  readonly ttl?: number;
}

export function tokensCommand(line: CommandLine): Command {
  const group = createGroup('tokens', 'personal access tokens: for programs that reach services as you');

  group.addCommand(
    createCommand('list', {
      summary: 'list your tokens',
      examples: ['tokens list', 'tokens list --all --json'],
    })
      .option('--all', 'those of everybody (administrators)')
      .action(async (options: ScopeOptions) => {
        const { listAll } = await import('../api/client.ts');
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const tokens = await listAll(api, options.all ? 'personalAccessTokens.listAll' : 'personalAccessTokens.list');
        output.document(tokens);
        const names = await resourceNames(api, tokens);
        const now = new Date().toISOString();
        const rows = tokens.map((token) => [
          token.id,
          ...(options.all ? [token.userId] : []),
          token.name,
          `${token.prefix}…`,
          token.resourceIds.map((id) => names.get(id) ?? id).join(' '),
          token.revokedAt !== null ? 'revoked' : token.expiresAt <= now ? 'has ended' : minute(token.expiresAt),
          token.lastUsedAt === null ? 'never' : `${minute(token.lastUsedAt)} from ${token.lastUsedAddress ?? '-'}`,
        ]);
        const headings = ['ID', ...(options.all ? ['USER'] : []), 'NAME', 'TOKEN', 'FOR', 'ENDS', 'LAST USED'];
        await printTable(output, headings, rows);
      }),
    { isDefault: true },
  );

  group.addCommand(
    createCommand('create', {
      summary: 'make a token for one or several services',
      description:
        'Makes a token and shows it once. Programs send it as Authorization: Bearer, or as password with any user name. ' +
        'It works only for the services that it names, for as long as you may use them yourself, and the services never ' +
        'see it. Gateways check it on their own, also while the console is away.',
      examples: [
        'tokens create git --for gitea',
        'tokens create backup --for nas,photos --ttl 30d --json | jq -r .token',
      ],
    })
      .argument('<name>', 'what the token is for')
      .requiredOption('--for <services>', 'names or ids of services and HTTP resources', parseList)
      .option('--ttl <time>', 'how long it works (default: 90d)', parseDuration)
      .action(async (name: string, options: CreateOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const { personalAccessToken, token } = await api.call('personalAccessTokens.create', {
          body: {
            name,
            resources: options.for,
            ...(options.ttl === undefined ? {} : { expiresInSeconds: options.ttl }),
          },
        });
        output.document({ ...personalAccessToken, token });
        output.line(
          `${name} (${personalAccessToken.id}) works for ${options.for.join(', ')} until ${personalAccessToken.expiresAt}.`,
        );
        output.line(`  Token  ${token}`);
        output.line(output.style('dim', '  It is not shown again. curl: --oauth2-bearer TOKEN; git: as the password.'));
      }),
  );

  group.addCommand(
    createCommand('revoke', {
      summary: 'end a token now, with its open connections',
      examples: ['tokens revoke pat_01…', 'tokens revoke pat_01… --all'],
    })
      .argument('<id>', 'id of the token')
      .option('--all', 'also when it belongs to somebody else (administrators)')
      .action(async (id: string, options: ScopeOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const route = options.all ? 'personalAccessTokens.deleteAny' : 'personalAccessTokens.delete';
        await named(id, () => api.call(route, { params: { id } }), 'token', 'tokens list');
        output.document({ revoked: id });
        output.line(`${id} is revoked.`);
      }),
  );
  return group;
}

/** Names to show; an id that is no longer known stays an id. */
async function resourceNames(
  api: ApiClient,
  tokens: readonly PersonalAccessToken[],
): Promise<ReadonlyMap<string, string>> {
  if (tokens.length === 0) return new Map();
  const { listAll } = await import('../api/client.ts');
  const resources = await listAll(api, 'resources.list');
  return new Map(resources.map(({ id, name }) => [id, name]));
}
