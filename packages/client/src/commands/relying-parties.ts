import type { RelyingParty } from '@zeronaut/model';
import { type Command, Option } from 'commander';
import { usageError } from '../cli-error.ts';
import type { Output } from '../output/output.ts';
import {
  type CommandLine,
  type CommonOptions,
  connect,
  createCommand,
  createGroup,
  minute,
  named,
  outputOf,
  parseList,
  parseRepeated,
  printTable,
} from './command-line.ts';

interface AddOptions extends CommonOptions {
  readonly redirect: string[];
  readonly logout?: string;
  readonly public?: boolean;
  readonly post?: boolean;
  readonly skipConsent?: boolean;
  readonly group?: string[];
}

interface ChangeOptions extends CommonOptions {
  readonly name?: string;
  readonly redirect?: string[];
  readonly logout?: string | false;
  readonly group?: string[];
  readonly everybody?: boolean;
  readonly consent?: 'ask' | 'skip';
}

export function relyingPartiesCommand(line: CommandLine): Command {
  const group = createGroup('relying-parties', 'services that sign people in through the console (OpenID Connect)');

  group.addCommand(
    createCommand('list', {
      summary: 'list them',
      examples: ['relying-parties list', 'relying-parties list --json'],
    }).action(async (options: CommonOptions) => {
      const { listAll } = await import('../api/client.ts');
      const output = outputOf(line, options);
      const parties = await listAll((await connect(line, options)).api, 'relyingParties.list');
      output.document(parties);
      const rows = parties.map((party) => [
        party.id,
        party.name,
        party.redirectUris.join(' '),
        party.groups?.map((name) => `group:${name}`).join(' ') ?? 'everybody',
        party.consent,
        party.revokedAt !== null ? 'revoked' : party.lastUsedAt === null ? 'never used' : minute(party.lastUsedAt),
      ]);
      await printTable(output, ['CLIENT ID', 'NAME', 'REDIRECTS', 'WHO', 'CONSENT', 'LAST USED'], rows);
    }),
    { isDefault: true },
  );

  group.addCommand(
    createCommand('add', {
      summary: 'let a service sign people in',
      description:
        'Gives a service that speaks OpenID Connect what it has to be configured with: issuer, client id and a secret, which ' +
        'is shown once. All of them use the code flow with PKCE (S256).',
      examples: [
        'relying-parties add wiki --redirect https://wiki.example.com/oauth2/callback',
        'relying-parties add grafana --redirect https://grafana.example.com/login/generic_oauth --group ops --skip-consent',
        'relying-parties add tool --redirect http://localhost:8976/callback --public --json',
      ],
    })
      .argument('<name>', 'what people see')
      .addOption(
        new Option('--redirect <url>', 'where it takes people back; repeatable')
          .argParser(parseRepeated)
          .makeOptionMandatory(),
      )
      .option('--logout <url>', 'where it is told that a session ended (back-channel logout)')
      .option('--group <names>', 'only members of one of these groups (default: everybody)', parseList)
      .option('--skip-consent', 'people are not asked: the organization decided for them')
      .option('--post', 'it sends its secret in the form, not in a header')
      .addOption(new Option('--public', 'it can keep no secret').conflicts('post'))
      .action(async (name: string, options: AddOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const created = await api.call('relyingParties.create', {
          body: {
            name,
            redirectUris: options.redirect,
            logoutUri: options.logout ?? null,
            authentication: options.public ? 'none' : options.post ? 'client_secret_post' : 'client_secret_basic',
            consent: options.skipConsent ? 'skip' : 'ask',
            groups: options.group ?? null,
          },
        });
        output.document({ ...created.relyingParty, secret: created.secret });
        show(output, created);
      }),
  );

  group.addCommand(
    createCommand('change', {
      summary: 'change what a service is called, where it takes people back, or who may sign in',
      description:
        'What is not named stays. With --redirect the addresses that are named take the place of all before; its id and secret stay.',
      examples: [
        'relying-parties change rlp_01… --redirect https://wiki.example.com/callback --redirect https://wiki2.example.com/callback',
        'relying-parties change rlp_01… --name Wiki --everybody',
      ],
    })
      .argument('<id>', 'its client id')
      .option('--name <name>', 'what people see')
      .option('--redirect <url>', 'where it takes people back; repeatable', parseRepeated)
      .option('--logout <url>', 'where it is told that a session ended')
      .option('--no-logout', 'it is told of no session that ended')
      .option('--group <names>', 'only members of one of these groups', parseList)
      .addOption(new Option('--everybody', 'everybody of the organization may sign in').conflicts('group'))
      .addOption(new Option('--consent <how>', 'whether each person is asked').choices(['ask', 'skip']))
      .action(async (id: string, options: ChangeOptions) => {
        const body = {
          ...(options.name === undefined ? {} : { name: options.name }),
          ...(options.redirect === undefined ? {} : { redirectUris: options.redirect }),
          ...(options.logout === undefined ? {} : { logoutUri: options.logout === false ? null : options.logout }),
          ...(options.everybody === true ? { groups: null } : options.group ? { groups: options.group } : {}),
          ...(options.consent === undefined ? {} : { consent: options.consent }),
        };
        if (Object.keys(body).length === 0) throw usageError('there is nothing to change');
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const call = () => api.call('relyingParties.update', { params: { id }, body });
        const changed = await named(id, call, 'relying party', 'relying-parties list');
        output.document(changed);
        output.line(`${changed.name} is changed. It takes people back to ${changed.redirectUris.join(' ')}`);
      }),
  );

  group.addCommand(
    createCommand('secret', {
      summary: 'a new secret; the old one ends at once',
      examples: ['relying-parties secret rlp_01…'],
    })
      .argument('<id>', 'its client id')
      .action(async (id: string, options: CommonOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const call = () => api.call('relyingParties.renewSecret', { params: { id } });
        const renewed = await named(id, call, 'relying party', 'relying-parties list');
        output.document({ ...renewed.relyingParty, secret: renewed.secret });
        show(output, renewed);
      }),
  );

  group.addCommand(
    createCommand('remove', {
      summary: 'let it sign nobody in any more; its tokens end',
      examples: ['relying-parties remove rlp_01… --dry-run', 'relying-parties remove rlp_01…'],
    })
      .argument('<id>', 'its client id')
      .option('--dry-run', 'only say what would end')
      .action(async (id: string, options: CommonOptions & { readonly dryRun?: boolean }) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        if (options.dryRun === true) {
          const { printDryRun } = await import('../output/removal.ts');
          const preview = () => api.call('relyingParties.previewRemoval', { params: { id } });
          printDryRun(
            output,
            `Removing ${id} would end:`,
            await named(id, preview, 'relying party', 'relying-parties list'),
          );
          return;
        }
        const call = () => api.call('relyingParties.delete', { params: { id } });
        await named(id, call, 'relying party', 'relying-parties list');
        output.document({ revoked: id });
        output.line(`${id} signs nobody in any more.`);
      }),
  );
  group.addCommand(
    createCommand('consents', {
      summary: 'which of them you allowed to sign you in',
      examples: ['relying-parties consents', 'relying-parties consents --json'],
    }).action(async (options: CommonOptions) => {
      const output = outputOf(line, options);
      const { items } = await (await connect(line, options)).api.call('me.listConsents', {});
      output.document(items);
      const rows = items.map((one) => [one.relyingPartyId, one.name, one.scopes.join(' '), minute(one.givenAt)]);
      await printTable(output, ['ID', 'NAME', 'MAY KNOW', 'SINCE'], rows);
    }),
  );

  group.addCommand(
    createCommand('withdraw', {
      summary: 'take your consent back: it is given nothing more, and asks again',
      examples: ['relying-parties withdraw rlp_01…'],
    })
      .argument('<id>', 'its id, as relying-parties consents shows it')
      .action(async (id: string, options: CommonOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const call = () => api.call('me.deleteConsent', { params: { id } });
        await named(id, call, 'consent', 'relying-parties consents');
        output.document({ withdrawn: id });
        output.line(`${id} is given nothing more of you. A session that it has of its own ends there.`);
      }),
  );
  return group;
}

function show(output: Output, { relyingParty, secret }: { relyingParty: RelyingParty; secret: string | null }): void {
  output.line(`${relyingParty.name} may sign people in.`);
  output.line(`  Issuer     ${relyingParty.issuer}`);
  output.line(`  Client id  ${relyingParty.id}`);
  if (secret === null) return;
  output.line(`  Secret     ${secret}`);
  output.line(output.style('dim', '  It is not shown again.'));
}
