import { type Command, Option } from 'commander';
import { usageError } from '../cli-error.ts';
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
  parseRepeated,
  printTable,
} from './command-line.ts';

interface TrustOptions extends CommonOptions {
  readonly for: string;
  readonly issuer: string;
  readonly subject: string;
  readonly audience?: string;
  readonly claim?: string[];
  readonly keys?: string;
  readonly keysUrl?: string;
  readonly scope?: string[];
  readonly ttl: number;
  readonly uses: number;
}

interface TokenOptions extends CommonOptions {
  readonly console?: string;
  readonly scope?: string[];
}

export function workloadsCommand(line: CommandLine): Command {
  const group = createGroup('workloads', 'workload identity: tokens of CI and clusters in the place of stored secrets');

  group.addCommand(
    createCommand('list', { summary: 'list whose tokens are trusted', examples: ['workloads list --json'] }).action(
      async (options: CommonOptions) => {
        const { listAll } = await import('../api/client.ts');
        const output = outputOf(line, options);
        const trusts = await listAll((await connect(line, options)).api, 'workloadTrusts.list');
        output.document(trusts);
        const rows = trusts.map((trust) => [
          trust.id,
          trust.name,
          trust.issuer,
          [trust.subject, ...Object.entries(trust.claims).map(([name, value]) => `${name}=${value}`)].join(' '),
          trust.serviceAccountId,
          trust.revokedAt !== null ? 'revoked' : trust.lastUsedAt === null ? 'never used' : minute(trust.lastUsedAt),
        ]);
        await printTable(output, ['ID', 'NAME', 'ISSUER', 'SUBJECT', 'ACTS AS', 'LAST USED'], rows);
      },
    ),
    { isDefault: true },
  );

  group.addCommand(
    createCommand('trust', {
      summary: 'let the tokens of an issuer act as a service account',
      description:
        'A job or a pod asks its own platform for a signed token with the audience that is shown here, and exchanges it ' +
        'for an access token of minutes (RFC 8693). In patterns * stands for any run of characters. Claims lie at the top, ' +
        'or are named by a JSON pointer such as /kubernetes.io/namespace.',
      examples: [
        'workloads trust ci --for deploy --issuer https://token.actions.githubusercontent.com --subject repo:acme/app:ref:refs/heads/main',
        'workloads trust web --for web --issuer https://cluster.example --keys jwks.json --subject system:serviceaccount:web:app --uses 100',
        'workloads trust gitlab --for deploy --issuer https://gitlab.com --subject "project_path:acme/app:*" --claim ref_protected=true',
      ],
    })
      .argument('<name>', 'what it is for')
      .addOption(new Option('--for <service account>', 'name or id').makeOptionMandatory())
      .addOption(new Option('--issuer <url>', 'as tokens say it').makeOptionMandatory())
      .addOption(new Option('--subject <pattern>', 'which `sub` counts').makeOptionMandatory())
      .option('--claim <claim=pattern>', 'further claims that must match; repeatable', parseRepeated)
      .option('--audience <text>', 'what tokens say in `aud` (default: one of this trust alone)')
      .option('--keys <file>', 'JWKS of an issuer that cannot be asked from here')
      .option('--keys-url <url>', 'where the JWKS is (default: as the issuer says)')
      .option('--scope <scopes>', 'only this (default: all that the role allows)', parseList)
      .addOption(new Option('--ttl <time>', 'life of an access token').argParser(parseDuration).default(900, '15m'))
      .addOption(
        new Option('--uses <count>', 'how often one and the same token is exchanged').argParser(Number).default(1),
      )
      .action(async (name: string, options: TrustOptions) => {
        const { findServiceAccount } = await import('../api/service-account.ts');
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const account = await findServiceAccount(api, options.for);
        const trust = await api.call('workloadTrusts.create', {
          body: {
            name,
            serviceAccountId: account.id,
            issuer: options.issuer,
            subject: options.subject,
            claims: Object.fromEntries((options.claim ?? []).map(parseClaim)),
            audience: options.audience ?? null,
            keys: options.keys === undefined ? null : await readKeys(options.keys),
            jwksUri: options.keysUrl ?? null,
            scopes: options.scope ?? null,
            tokenSeconds: options.ttl,
            maxUses: options.uses,
          },
        });
        output.document(trust);
        output.line(`${trust.name} (${trust.id}) acts as ${account.name}.`);
        output.line(`  Audience  ${trust.audience}`);
        output.line(
          output.style('dim', `  In the job: zeronaut workloads token ${trust.id} --console ${api.consoleUrl}`),
        );
      }),
  );

  group.addCommand(
    createCommand('token', {
      summary: 'exchange the token of a job for an access token',
      description:
        'Reads the signed token of the job from ZERONAUT_WORKLOAD_TOKEN or standard input and prints an access token, to be ' +
        'used as ZERONAUT_TOKEN. Needs no profile.',
      examples: [
        'ZERONAUT_WORKLOAD_TOKEN=$JWT zeronaut workloads token wlt_01… --console https://console.example.com',
        'workloads token wlt_01… --console https://console.example.com --scope resources:write --json < /var/run/secrets/token',
      ],
      profile: false,
    })
      .argument('<trust>', 'id of the trust')
      .option('--console <url>', 'address of the console (default: ZERONAUT_CONSOLE)')
      .option('--scope <scopes>', 'only this (default: all of the trust)', parseList)
      .action(async (trust: string, options: TokenOptions) => {
        const { ApiClient } = await import('../api/client.ts');
        const { parseConsoleUrl } = await import('../profile/connection.ts');
        const { readHidden } = await import('../profile/read-hidden.ts');
        const output = outputOf(line, options);
        const address = options.console ?? line.environment.ZERONAUT_CONSOLE ?? '';
        if (address === '') throw usageError('no console', 'Set ZERONAUT_CONSOLE, or give --console.');
        const secret = { what: 'token', whose: trust, variable: 'ZERONAUT_WORKLOAD_TOKEN' };
        const subjectToken = (await readHidden(secret, line.environment)).trim();
        const api = new ApiClient({ consoleUrl: parseConsoleUrl(address), token: null });
        const answer = await api.call('oauth.token', {
          body: {
            grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
            client_id: trust,
            subject_token: subjectToken,
            subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
            ...(options.scope === undefined ? {} : { scope: options.scope.join(' ') }),
          },
        });
        output.document(answer);
        output.line(answer.access_token);
      }),
  );

  group.addCommand(
    createCommand('distrust', {
      summary: 'end a trust and the access tokens that came of it',
      examples: ['workloads distrust wlt_01… --dry-run', 'workloads distrust wlt_01…'],
    })
      .argument('<id>', 'id of the trust')
      .option('--dry-run', 'only say what would end')
      .action(async (id: string, options: CommonOptions & { readonly dryRun?: boolean }) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        if (options.dryRun === true) {
          const { printDryRun } = await import('../output/removal.ts');
          const preview = () => api.call('workloadTrusts.previewRemoval', { params: { id } });
          printDryRun(
            output,
            `Trusting ${id} no longer would end:`,
            await named(id, preview, 'trust', 'workloads list'),
          );
          return;
        }
        await named(id, () => api.call('workloadTrusts.delete', { params: { id } }), 'trust', 'workloads list');
        output.document({ revoked: id });
        output.line(`${id} is trusted no longer.`);
      }),
  );
  return group;
}

function parseClaim(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw usageError(`${text} is no claim`, 'Write it as environment=production.');
  return [text.slice(0, at), text.slice(at + 1)];
}

/** The keys of a JWKS file, without what is no part of the key itself. */
async function readKeys(file: string) {
  const { readFileSync } = await import('node:fs');
  const { publicJwk } = await import('@zeronaut/model');
  const members = Object.keys(publicJwk.shape);
  try {
    const { keys } = JSON.parse(readFileSync(file, 'utf8')) as { keys: Record<string, unknown>[] };
    return keys.map((key) => {
      if ('d' in key || 'k' in key) throw new Error('it holds a secret key');
      return publicJwk.parse(Object.fromEntries(Object.entries(key).filter(([name]) => members.includes(name))));
    });
  } catch (error) {
    throw usageError(
      `${file} is no JWKS: ${error instanceof Error ? error.message : error}`,
      'Give a JSON file with "keys".',
    );
  }
}
