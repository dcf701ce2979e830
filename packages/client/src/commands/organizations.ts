import { type Command, Option } from 'commander';
import type { ApiClient } from '../api/client.ts';
import { CliError, usageError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import { formatDurationSeconds } from '../output/format.ts';
import {
  type CommandLine,
  type CommonOptions,
  connect,
  createCommand,
  createGroup,
  outputOf,
  parseDuration,
  printTable,
} from './command-line.ts';

interface ChangeOptions extends CommonOptions {
  readonly name?: string;
  readonly snapshotMaxAge?: number | 'never';
}

export function organizationsCommand(line: CommandLine): Command {
  const group = createGroup('organizations', 'the organizations that you belong to');

  group.addCommand(
    createCommand('list', {
      summary: 'list them',
      description:
        'Lists the organizations that you belong to. Your password and factors are in the one that is your home.',
      examples: ['organizations list', 'organizations list --json'],
    }).action(async (options: CommonOptions) => {
      const output = outputOf(line, options);
      const { items } = await (await connect(line, options)).api.call('organizations.list', {});
      output.document(items);
      const rows = items.map(({ organization, role, home, current }) => [
        organization.slug,
        organization.name,
        role,
        [home ? 'home' : '', current ? 'current' : ''].filter((word) => word !== '').join(', ') || '-',
      ]);
      await printTable(output, ['SLUG', 'NAME', 'ROLE', ''], rows);
      if (items.length > 1) output.line('Act in another one: zeronaut organizations switch SLUG');
    }),
    { isDefault: true },
  );

  group.addCommand(
    createCommand('create', {
      summary: 'make an organization, which you then own',
      description: 'Takes an owner who is signed in (zeronaut login). You stay at home where you are.',
      examples: ['organizations create "Example Ltd"'],
    })
      .argument('<name>', 'what people see')
      .action(async (name: string, options: CommonOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const organization = await api.call('organizations.create', { body: { name } });
        output.document(organization);
        output.line(`${organization.name} (${organization.slug}) is there, and you own it.`);
        output.line(`Act in it: zeronaut organizations switch ${organization.slug}`);
      }),
  );

  group.addCommand(
    createCommand('change', {
      summary: 'the name of the organization that you act in, and how long its gateways decide without the console',
      description:
        'With --snapshot-max-age a gateway that has not heard from the console for so long refuses everything, until it has: what was ' +
        'revoked meanwhile does not go on at a gateway that is cut off. A console that is away for longer takes all services with it. The ' +
        'default is never. The time zone, in which policies tell the time, is set with zeronaut policy time-zone.',
      examples: [
        'organizations change --name "Example Ltd"',
        'organizations change --snapshot-max-age 24h',
        'organizations change --snapshot-max-age never',
      ],
    })
      .option('--name <name>', 'what people see')
      .addOption(
        new Option(
          '--snapshot-max-age <time>',
          'how long gateways decide without the console: 5m to 365d, or never',
        ).argParser((text) => (text === 'never' ? text : parseDuration(text))),
      )
      .action(async (options: ChangeOptions) => {
        const { name, snapshotMaxAge } = options;
        if (name === undefined && snapshotMaxAge === undefined) {
          throw usageError('nothing to change', 'Give --name or --snapshot-max-age.');
        }
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const organization = await api.call('organizations.update', {
          body: {
            ...(name !== undefined && { name }),
            ...(snapshotMaxAge !== undefined && {
              snapshotMaxAgeSeconds: snapshotMaxAge === 'never' ? null : snapshotMaxAge,
            }),
          },
        });
        output.document(organization);
        if (name !== undefined) output.line(`It is called ${organization.name} now (${organization.slug}).`);
        if (snapshotMaxAge === undefined) return;
        const seconds = organization.snapshotMaxAgeSeconds;
        output.line(
          seconds === null
            ? 'Gateways decide without the console for ever.'
            : `Gateways refuse everything once they have not heard from the console for ${formatDurationSeconds(seconds)}.`,
        );
      }),
  );

  group.addCommand(
    createCommand('join', {
      summary: 'accept an invitation to your address',
      examples: ['organizations join https://console.example.com/invitation?token=znv_…'],
    })
      .argument('<link>', 'the link of the invitation, or its token')
      .action(async (link: string, options: CommonOptions) => {
        const token = URL.canParse(link) ? new URL(link).searchParams.get('token') : link;
        if (token === null) throw usageError('this link has no token');
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const organization = await api.call('organizations.join', { body: { token } });
        output.document(organization);
        output.line(`You belong to ${organization.name} now.`);
        output.line(`Act in it: zeronaut organizations switch ${organization.slug}`);
      }),
  );

  group.addCommand(
    createCommand('switch', {
      summary: 'act in another organization of yours',
      description:
        'Opens a session of that organization from the one you are signed in with, and keeps it as a profile of its own. It ends ' +
        'when the session at home ends. What you showed when you signed in has to be enough for its sign-in policy.',
      examples: ['organizations switch example-ltd', 'organizations switch example-ltd --profile console.example.com'],
    })
      .argument('<slug>', 'slug, name or id, as organizations list shows it')
      .action(async (text: string, options: CommonOptions) => {
        const { loadProfiles, saveProfiles } = await import('../profile/profiles.ts');
        const output = outputOf(line, options);
        const { api, consoleUrl, identity, profile: from } = await connect(line, options);
        const { id, slug } = await findOrganization(api, text);
        const { organization, session } = await api.call('organizations.switch', { body: { organizationId: id } });
        const { user, role } = await api.call('me.get', {});
        const { token, expiresAt } = session;
        const profile = { consoleUrl, token, email: user?.email ?? null, expiresAt, home: identity };
        saveProfiles({ active: slug, profiles: { ...loadProfiles().profiles, [slug]: profile } });
        output.document({ profile: slug, organization, expiresAt });
        output.line(`You act in ${organization.name} now. Profile ${slug}.`);
        output.line(`At home you are ${role}: --profile ${from}`);
      }),
  );
  return group;
}

async function findOrganization(api: ApiClient, text: string): Promise<{ id: string; slug: string }> {
  const { items } = await api.call('organizations.list', {});
  const found = items.find(({ organization: { id, slug, name } }) => [id, slug, name].includes(text));
  if (found === undefined) {
    throw new CliError(`you belong to no organization ${text}`, {
      reason: 'api.not_found',
      next: 'Run zeronaut organizations list with the profile of your home to see them.',
      exitCode: EXIT.notFound,
    });
  }
  return found.organization;
}
