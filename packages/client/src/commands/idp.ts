import type { IdentityProvider, IdentityProviderInput, PresetName, PresetParameter } from '@zeronaut/model';
import { type Command, Option } from 'commander';
import { CliError, unreadableFile, usageError } from '../cli-error.ts';
import type { Output } from '../output/output.ts';
import {
  type CommandLine,
  type CommonOptions,
  connect,
  createCommand,
  createGroup,
  named,
  ofFile,
  outputOf,
  parseList,
  parseRepeated,
  printTable,
} from './command-line.ts';
import { idpMapCommand } from './idp-map.ts';
import { idpScimCommand } from './idp-scim.ts';

interface AddOptions extends CommonOptions {
  readonly preset?: PresetName;
  readonly file?: string;
  readonly clientId?: string;
  readonly issuer?: string;
  readonly tenant?: string;
  readonly url?: string;
  readonly realm?: string;
  readonly application?: string;
  readonly organizations?: string;
  readonly metadataUrl?: string;
  readonly metadata?: string;
  readonly displayName?: string;
  readonly domain?: string[];
  readonly ownDomain?: string[];
  readonly map?: string[];
  readonly createUsers?: boolean;
}

/** Here and not from the model: help must not wait for that to load. A test compares them. */
export const PRESET_NAMES = [
  'google',
  'entra',
  'okta',
  'keycloak',
  'authentik',
  'github',
  'google-saml',
  'entra-saml',
  'okta-saml',
  'keycloak-saml',
  'authentik-saml',
] as const;

export function idpCommand(line: CommandLine): Command {
  const group = createGroup('idp', 'identity providers: sign-in with the accounts of a company');

  group.addCommand(
    createCommand('list', { summary: 'list identity providers', examples: ['idp list', 'idp list --json'] }).action(
      async (options: CommonOptions) => {
        const { listAll } = await import('../api/client.ts');
        const output = outputOf(line, options);
        const providers = await listAll((await connect(line, options)).api, 'identityProviders.list');
        output.document(providers);
        if (providers.length === 0) {
          output.line('No identity providers; people sign in with what the console keeps. zeronaut idp add --help');
          return;
        }
        const rows = providers.map((one) => [
          one.name,
          one.kind,
          one.enabled ? 'enabled' : 'disabled',
          one.domains
            .map(({ domain, verifiedAt }) => (verifiedAt === null ? `${domain} (not proved)` : domain))
            .join(' ') || '-',
          one.createUsers ? `new people become ${one.defaultRole}` : 'known people only',
        ]);
        await printTable(output, ['NAME', 'KIND', 'STATE', 'MAIL DOMAINS', 'WHO'], rows);
      },
    ),
    { isDefault: true },
  );

  group.addCommand(
    createCommand('presets', {
      summary: 'list what is known of common providers',
      examples: ['idp presets'],
      profile: false,
    }).action(async (options: CommonOptions) => {
      const { IDENTITY_PROVIDER_PRESETS } = await import('@zeronaut/model');
      const output = outputOf(line, options);
      const presets = Object.entries(IDENTITY_PROVIDER_PRESETS).map(([name, { displayName, needs, advice }]) => ({
        name,
        displayName,
        needs,
        advice,
      }));
      output.document(presets);
      for (const { name, needs, advice } of presets) {
        output.line(output.style('bold', `${name}  ${needs.map((need) => `--${need}`).join(' ')}`));
        output.line(`  ${advice}`);
      }
    }),
  );

  group.addCommand(
    createCommand('show', { summary: 'show one with what the other side must know', examples: ['idp show corp'] })
      .argument('<name>', 'name or id')
      .action(async (name: string, options: CommonOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const provider = await find(name, () => api.call('identityProviders.get', { params: { id: name } }));
        output.document(provider);
        show(output, provider);
      }),
  );

  group.addCommand(
    createCommand('add', {
      summary: 'add an identity provider',
      description:
        'Adds an identity provider, from a preset, an OpenID Connect issuer, the metadata of a SAML 2.0 provider, or a YAML file ' +
        'with all settings. The client secret or bind password is read from ZERONAUT_IDP_SECRET or standard input; it is sealed and never shown again. ' +
        'A provider speaks only for mail domains that are named: --domain has to be proved by a DNS record, --own-domain ' +
        'is your word as owner and counts in your organization only.',
      examples: [
        'ZERONAUT_IDP_SECRET=… zeronaut idp add corp --preset keycloak --url https://sso.corp.example --realm corp --client-id zeronaut --own-domain corp.example --create-users',
        'idp add entra --preset entra --tenant 0d1c… --client-id 5f2a… --domain corp.example < secret.txt',
        'idp add code --preset github --organizations acme --client-id Ov23… --own-domain acme.example < secret.txt',
        'idp add sso --issuer https://id.corp.example --client-id zeronaut --map "platform=ops:admin" < secret.txt',
        'idp add corp --metadata-url https://sso.corp.example/saml/metadata --own-domain corp.example --create-users',
        'idp add corp --preset keycloak-saml --url https://sso.corp.example --realm corp --domain corp.example',
        'idp add google --preset google-saml --metadata GoogleIDPMetadata.xml --domain corp.example',
        'idp add -f provider.yaml < secret.txt',
      ],
    })
      .addHelpText('after', `\n${fileExample}`)
      .argument('[name]', 'name, as in zeronaut idp show NAME')
      .addOption(new Option('--preset <name>', 'a provider that is known').choices(PRESET_NAMES))
      .option('--issuer <url>', 'an OpenID Connect issuer, as it stands in its tokens')
      .option('-f, --file <path>', 'YAML or JSON with all settings; - for standard input')
      .option('--client-id <id>', 'what the provider calls this console')
      .option('--tenant <id>', 'of Entra ID')
      .option('--url <url>', 'of Okta, Keycloak or authentik')
      .option('--realm <name>', 'of Keycloak')
      .option('--application <slug>', 'of authentik, or the application id in Entra ID')
      .option('--organizations <names>', 'of GitHub, comma separated: whose members may sign in')
      .option('--metadata-url <url>', 'where the metadata of a SAML provider are, and are refreshed from')
      .option('--metadata <file>', 'the metadata of a SAML provider, as a file')
      .option('--display-name <text>', 'for the button "Continue with …"')
      .option('--domain <domains>', 'mail domains, to be proved by DNS', parseList)
      .option('--own-domain <domains>', 'mail domains, by your word as owner', parseList)
      .option('--map <mapping>', 'GROUP=group, GROUP=group:role or GROUP=:role; repeatable', parseRepeated)
      .option('--create-users', 'people who sign in and are nobody yet become members')
      .action(async (name: string | undefined, options: AddOptions, command: Command) => {
        const output = outputOf(line, options);
        const { input, placeOf } = await inputOf(name, options, command);
        const { readHidden } = await import('../profile/read-hidden.ts');
        const secret = needsSecret(input)
          ? await readHidden({ what: 'secret', whose: input.name, variable: 'ZERONAUT_IDP_SECRET' }, line.environment)
          : null;
        const { api } = await connect(line, options);
        const body = { ...input, secret };
        const { id } = await ofFile(placeOf, () => api.call('identityProviders.create', { body }));
        const add = (domain: string, proof: 'dns' | 'owner') =>
          api.call('identityProviders.addDomain', { params: { id }, body: { domain, proof } });
        for (const domain of options.domain ?? []) await add(domain.toLowerCase(), 'dns');
        for (const domain of options.ownDomain ?? []) await add(domain.toLowerCase(), 'owner');
        const provider = await api.call('identityProviders.get', { params: { id } });
        output.document(provider);
        show(output, provider);
        output.line(`When the other side knows these addresses: zeronaut idp test ${provider.name}`);
      }),
  );

  group.addCommand(
    createCommand('test', {
      summary: 'ask the provider what it can be asked without a person',
      examples: ['idp test corp', 'idp test corp --json'],
    })
      .argument('<name>', 'name or id')
      .action(async (name: string, options: CommonOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const result = await find(name, () => api.call('identityProviders.test', { params: { id: name } }));
        output.document(result);
        for (const { check, ok, reason, detail } of result.checks) {
          const mark = ok ? output.style('green', 'ok  ') : output.style('red', 'bad ');
          output.line(`${mark} ${check}  ${reason === null ? '' : `${reason}  `}${detail}`);
        }
        if (!result.ok)
          throw new CliError(`${name} does not work`, { reason: 'cli.failed', next: 'See the lines above.' });
      }),
  );

  group.addCommand(
    createCommand('verify', {
      summary: 'look for the DNS record that proves a mail domain',
      examples: ['idp verify corp corp.example'],
    })
      .argument('<name>', 'name or id')
      .argument('<domain>', 'mail domain')
      .action(async (name: string, domain: string, options: CommonOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const params = { id: name, domain: domain.toLowerCase() };
        const result = await find(name, () => api.call('identityProviders.verifyDomain', { params }));
        output.document(result);
        output.line(`${result.domain} is proved.`);
      }),
  );

  group.addCommand(
    createCommand('remove-domain', {
      summary: 'let a provider speak for a mail domain no longer',
      examples: ['idp remove-domain corp corp.example'],
    })
      .argument('<name>', 'name or id')
      .argument('<domain>', 'mail domain')
      .action(async (name: string, domain: string, options: CommonOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const params = { id: name, domain: domain.toLowerCase() };
        const call = () => api.call('identityProviders.removeDomain', { params });
        await named(`${name} with ${params.domain}`, call, 'identity provider', `idp show ${name}`);
        output.document({ removed: params.domain });
        output.line(`${name} speaks for ${params.domain} no longer.`);
      }),
  );

  group.addCommand(
    createCommand('remove', {
      summary: 'remove an identity provider; sessions that it opened end',
      examples: ['idp remove corp --dry-run', 'idp remove corp'],
    })
      .argument('<name>', 'name or id')
      .option('--dry-run', 'only say what would end')
      .action(async (name: string, options: CommonOptions & { readonly dryRun?: boolean }) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        if (options.dryRun === true) {
          const { printRemoval } = await import('../output/removal.ts');
          const removal = await find(name, () =>
            api.call('identityProviders.previewRemoval', { params: { id: name } }),
          );
          output.document({ dryRun: true, ...removal });
          output.line(`Removing ${name} would end:`);
          printRemoval(output, removal);
          return;
        }
        await find(name, () => api.call('identityProviders.delete', { params: { id: name } }));
        output.document({ removed: name });
        output.line(`${name} is removed, and the sessions that it opened have ended.`);
      }),
  );
  group.addCommand(idpMapCommand(line, parseMapping));
  group.addCommand(idpScimCommand(line));
  return group;
}

function find<T>(name: string, call: () => Promise<T>): Promise<T> {
  return named(name, call, 'identity provider', 'idp list');
}

/** What is to be added, and where the person wrote each part of it. */
interface ProviderInput {
  readonly input: IdentityProviderInput;
  readonly placeOf: (pointer: string) => string | null;
}

async function inputOf(name: string | undefined, options: AddOptions, command: Command): Promise<ProviderInput> {
  const { identityProviderInput, presetSettings } = await import('@zeronaut/model');
  const { placeOf: optionOf } = await import('../api/name-fields.ts');
  const check = (value: unknown, ofFile: ProviderInput['placeOf'] = () => null): ProviderInput => {
    const placeOf = (pointer: string) => optionOf(pointer, command) ?? ofFile(pointer);
    const parsed = identityProviderInput.safeParse(value);
    if (parsed.success) return { input: parsed.data, placeOf };
    const [issue] = parsed.error.issues;
    throw usageError(`${placeOf(`/${issue!.path.join('/')}`) ?? issue!.path.join('.')}: ${issue!.message}`);
  };
  const { preset, issuer, file } = options;
  const bySaml = preset === undefined ? (options.metadataUrl ?? options.metadata) : undefined;
  const sources = [preset, issuer, file, bySaml].filter((source) => source !== undefined);
  if (sources.length !== 1) {
    throw usageError('give one of --preset, --issuer, --metadata-url, --metadata and --file');
  }
  const common = {
    ...(options.displayName === undefined ? {} : { displayName: options.displayName }),
    ...(options.createUsers === true ? { createUsers: true } : {}),
    ...(options.map === undefined ? {} : { groupMappings: options.map.map(parseMapping) }),
  };
  if (options.file !== undefined) {
    const { readLocatedFile } = await import('../config/yaml-file.ts');
    const { providerFile } = await import('../config/provider-file.ts');
    const { value, placeOf } = readLocatedFile(options.file, providerFile);
    return check({ ...value, ...common, ...(name === undefined ? {} : { name }) }, placeOf);
  }
  if (name === undefined) throw usageError('the name is missing');
  const { IDENTITY_PROVIDER_PRESETS } = await import('@zeronaut/model');
  const chosen = options.preset === undefined ? null : IDENTITY_PROVIDER_PRESETS[options.preset];
  const needsClientId = chosen === null ? bySaml === undefined : chosen.clientId;
  if (needsClientId && options.clientId === undefined) throw usageError('--client-id is missing');
  const parameters = await parametersOf(options);
  if (options.preset === undefined || chosen === null) {
    const settings =
      bySaml === undefined
        ? { kind: 'oidc', issuer: options.issuer, clientId: options.clientId }
        : { kind: 'saml', metadataUrl: parameters['metadata-url'], metadata: parameters.metadata };
    return check({ name, settings, ...common });
  }
  const found = presetSettings(options.preset, options.clientId ?? '', parameters);
  if ('missing' in found)
    throw usageError(`${options.preset} needs ${found.missing.map((one) => `--${one}`).join(' and ')}`);
  if ('invalid' in found) throw usageError(found.invalid);
  return check({ name, displayName: chosen.displayName, settings: found.settings, ...common });
}

async function parametersOf(options: AddOptions): Promise<Partial<Record<PresetParameter, string>>> {
  const { tenant, url, realm, application, organizations } = options;
  const metadata = options.metadata === undefined ? undefined : await readMetadata(options.metadata);
  const given = { tenant, url, realm, application, organizations, 'metadata-url': options.metadataUrl, metadata };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

async function readMetadata(file: string): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw unreadableFile(file, error);
  }
}

/** The last `=` splits, because names of groups may hold one (`CN=Admins,OU=…`). */
function parseMapping(text: string) {
  const at = text.lastIndexOf('=');
  const [group = '', role] = text.slice(at + 1).split(':');
  const from = text.slice(0, Math.max(0, at));
  if (from === '' || (group === '' && (role ?? '') === '')) {
    throw usageError(`${text}: expected GROUP=group, GROUP=group:role or GROUP=:role`);
  }
  return { from, group: group === '' ? null : group, role: role === undefined || role === '' ? null : role };
}

function needsSecret({ settings }: IdentityProviderInput): boolean {
  switch (settings.kind) {
    case 'oidc':
      return settings.clientAuthentication !== 'none';
    case 'github':
      return true;
    case 'ldap':
      return settings.bindDn !== null;
    case 'saml':
      return false;
  }
}

function show(output: Output, provider: IdentityProvider): void {
  output.line(output.style('bold', `${provider.name} (${provider.kind})${provider.enabled ? '' : ', disabled'}`));
  const { callback, backChannelLogout, samlMetadata, samlEntityId } = provider.addresses;
  if (samlEntityId !== null) {
    output.line(`  Our entity id        ${samlEntityId}`);
    output.line(`  ACS URL (POST)       ${callback}`);
    output.line(`  Our metadata         ${samlMetadata}`);
    output.line(`  Sign-in begins at    ${callback!.replace('/sign-in/saml/', '/sign-in/with/')}`);
  } else if (callback !== null) output.line(`  Redirect URL         ${callback}`);
  if (backChannelLogout !== null) output.line(`  Back-channel logout  ${backChannelLogout}`);
  for (const { domain, verifiedAt, record } of provider.domains) {
    if (verifiedAt !== null) output.line(`  ${domain}  proved`);
    else
      output.line(
        `  ${domain}  not proved: add  ${record!.name}  TXT  "${record!.value}"  and run zeronaut idp verify`,
      );
  }
}

const fileExample = `provider.yaml, any one kind (all keys: docs/identity-provider.schema.json, docs/files.md):
  name: corp
  displayName: Corp                 # on the button "Continue with …"
  createUsers: true                 # people who sign in and are nobody yet become members
  groupMappings:
    - { from: platform-team, group: ops, role: admin }
  settings:
    kind: oidc                      # or github, saml, ldap
    issuer: https://id.corp.example
    clientId: zeronaut
    claims: { email: mail, groups: realm_access.roles }`;
