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
  printTable,
} from './command-line.ts';

interface TokenOptions extends CommonOptions {
  readonly ttl?: number;
  readonly never?: boolean;
}

const A_YEAR_SECONDS = 31_536_000;

/** `zeronaut idp scim …`: the directory of a company pushes people and groups. */
export function idpScimCommand(line: CommandLine): Command {
  const group = createGroup('scim', 'provisioning: the directory of a company pushes people and groups (SCIM 2.0)');

  group.addCommand(
    createCommand('token', {
      summary: 'make the credential that the directory uses; it is shown once',
      description:
        'Makes an API key that may push people and groups of one identity provider and nothing else, for a service account ' +
        'scim-NAME that is made when it is missing. The directory can make, rename and disable people of the mail domains of ' +
        'the provider; it sees nobody else, changes no owner, and its groups give what the mappings of the provider say.',
      examples: ['idp scim token corp', 'idp scim token corp --ttl 90d --json | jq -r .key'],
    })
      .argument('<name>', 'name or id of the identity provider')
      .addOption(new Option('--ttl <time>', 'how long it works (default: a year)').argParser(parseDuration))
      .addOption(new Option('--never', 'it works until it is revoked').conflicts('ttl'))
      .action(async (name: string, options: TokenOptions) => {
        const { scimAccountName, scimScope } = await import('@zeronaut/model');
        const { listAll } = await import('../api/client.ts');
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const directory = await find(name, () => api.call('identityProviders.directory', { params: { id: name } }));
        const provider = await api.call('identityProviders.get', { params: { id: directory.identityProviderId } });
        const accountName = scimAccountName(provider.name);
        const known = (await listAll(api, 'serviceAccounts.list')).find((one) => one.name === accountName);
        const account =
          known ??
          (await api.call('serviceAccounts.create', { body: { name: accountName, role: 'admin', groups: [] } }));
        const { apiKey, key } = await api.call('apiKeys.create', {
          body: {
            name: `SCIM of ${provider.name}`,
            role: 'admin',
            scopes: [scimScope(provider.id)],
            serviceAccountId: account.id,
            expiresInSeconds: options.never === true ? null : (options.ttl ?? A_YEAR_SECONDS),
          },
        });
        output.document({ ...apiKey, key, url: directory.url });
        output.line(`  Tenant or base URL  ${directory.url}`);
        output.line(`  Secret token        ${key}`);
        output.line(
          output.style('dim', '  The token is not shown again. Directories send it as Authorization: Bearer.'),
        );
        output.line(`When people have come: zeronaut idp scim status ${provider.name}`);
      }),
  );

  group.addCommand(
    createCommand('status', {
      summary: 'what the directory has pushed, and what its groups give here',
      examples: ['idp scim status corp', 'idp scim status corp --json'],
    })
      .argument('<name>', 'name or id of the identity provider')
      .action(async (name: string, options: CommonOptions) => {
        const { scimScope } = await import('@zeronaut/model');
        const { listAll } = await import('../api/client.ts');
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const directory = await find(name, () => api.call('identityProviders.directory', { params: { id: name } }));
        const scopes = ['scim:write', scimScope(directory.identityProviderId)];
        const keys = (await listAll(api, 'apiKeys.list')).filter(
          (key) => key.revokedAt === null && key.scopes?.some((scope) => scopes.includes(scope)) === true,
        );
        output.document({ ...directory, keys });
        output.line(`  Base URL  ${directory.url}`);
        output.line(`  People    ${directory.users}, ${directory.activeUsers} of them active`);
        if (directory.changedAt !== null) output.line(`  Changed   ${minute(directory.changedAt)}`);
        for (const { id, name: keyName, lastUsedAt, expiresAt } of keys) {
          const used = lastUsedAt === null ? 'never used' : `used ${minute(lastUsedAt)}`;
          output.line(
            `  Key       ${id}  ${keyName}  ${used}, ends ${expiresAt === null ? 'never' : minute(expiresAt)}`,
          );
        }
        if (keys.length === 0) output.line(`  No key; make one: zeronaut idp scim token ${name}`);
        const rows = directory.groups.map(({ displayName, members, group: given, role }) => [
          displayName,
          String(members),
          given === null && role === null
            ? 'nothing: no mapping names it'
            : [given ?? '-', role ?? '-'].join(', role '),
        ]);
        if (rows.length > 0) await printTable(output, ['GROUP THERE', 'MEMBERS', 'GIVES HERE'], rows);
      }),
  );
  return group;
}

function find<T>(name: string, call: () => Promise<T>): Promise<T> {
  return named(name, call, 'identity provider', 'idp list');
}
