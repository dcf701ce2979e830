import type { AuditExport } from '@zeronaut/model';
import { type Command, Option } from 'commander';
import { CliError, unreadableFile, usageError } from '../cli-error.ts';
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
  printTable,
} from './command-line.ts';

interface AddOptions extends CommonOptions {
  readonly syslog?: string;
  readonly tcp?: boolean;
  readonly otlp?: string;
  readonly header?: string;
  readonly secret?: boolean;
  readonly ca?: string;
  readonly from: 'beginning' | 'now';
}

interface ChangeOptions extends Omit<AddOptions, 'from'> {
  readonly name?: string;
}

const LIST = 'audit exports list';
const find = <T>(name: string, call: () => Promise<T>) => named(name, call, 'audit export', LIST);

/** `zeronaut audit exports`: where entries are sent. The file is `zeronaut audit export`. */
export function auditExportsCommand(line: CommandLine): Command {
  const group = createGroup('exports', 'send entries to a syslog or OpenTelemetry receiver, with their proofs');

  group.addCommand(
    createCommand('list', {
      summary: 'receivers, and how far each is behind',
      examples: ['audit exports list', 'audit exports list --json'],
    }).action(async (options: CommonOptions) => {
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const { items } = await api.call('auditExports.list', {});
      output.document(items);
      const rows = items.map(({ name, settings, progress }) => [
        name,
        addressOf(settings),
        String(progress.delivered),
        progress.behind === 0 ? '-' : `${progress.behind}, ${progress.behindSeconds} s`,
        progress.failures === 0 ? 'ok' : `failed ${progress.failures} times`,
      ]);
      await printTable(output, ['NAME', 'WHERE TO', 'DELIVERED', 'BEHIND', 'STATE'], rows);
    }),
    { isDefault: true },
  );

  group.addCommand(
    createCommand('add', {
      summary: 'send entries to a receiver from now on',
      description:
        'Entries go out as soon as a signed checkpoint counts them, at the latest a minute after they were logged, each with its ' +
        'number, hash and checkpoint. At least once: what a failure left open comes again. Syslog is CEF in RFC 5424 messages, ' +
        'octet-counted, over TLS; OpenTelemetry is OTLP over HTTP with JSON. The value of the header is read from ' +
        'ZERONAUT_EXPORT_SECRET or standard input; it is sealed and never shown again.',
      examples: [
        'audit exports add siem --syslog logs.example.com:6514 --ca ca.pem',
        'audit exports add siem --syslog 10.0.0.5:601 --tcp --from now',
        'audit exports add otel --otlp https://collector.example.com/v1/logs',
        'audit exports add otel --otlp https://otel.example.com/v1/logs --secret < header.txt',
      ],
    })
      .argument('<name>', 'what it is called here')
      .addOption(new Option('--syslog <host:port>', 'a syslog receiver').conflicts('otlp'))
      .addOption(new Option('--otlp <url>', 'an OpenTelemetry receiver').conflicts('syslog'))
      .addOption(
        new Option('--tcp', 'without TLS; only to networks that the console’s operator allowed').conflicts('otlp'),
      )
      .option('--secret', 'with a secret in the header')
      .addOption(new Option('--header <name>', 'which header (default: authorization)').implies({ secret: true }))
      .option('--ca <file>', 'PEM of the authority that issued its certificate (default: the public ones)')
      .addOption(new Option('--from <where>', 'which entries').choices(['beginning', 'now']).default('beginning'))
      .action(async (name: string, options: AddOptions) => {
        const output = outputOf(line, options);
        const certificateAuthority = options.ca === undefined ? null : await readPem(options.ca);
        const settings = await settingsOf(options, certificateAuthority);
        const { readHidden } = await import('../profile/read-hidden.ts');
        const hidden = { what: 'value of the header', whose: name, variable: 'ZERONAUT_EXPORT_SECRET' };
        const secret = options.secret === true ? await readHidden(hidden, line.environment) : null;
        const { api } = await connect(line, options);
        const created = await api.call('auditExports.create', { body: { name, settings, secret, from: options.from } });
        output.document(created);
        output.line(
          `Entries go to ${addressOf(created.settings)} from ${options.from === 'now' ? 'now' : 'the first'} on.`,
        );
        output.line(output.style('dim', `  Try it:  zeronaut audit exports test ${name}`));
      }),
  );

  group.addCommand(
    createCommand('change', {
      summary: 'another address, certificate authority or secret for a receiver',
      description:
        'Entries go on from where the receiver is, and what failed is tried again at once. With another address or header the secret has ' +
        'to be given again (ZERONAUT_EXPORT_SECRET or standard input), so that it goes nowhere by itself.',
      examples: [
        'audit exports change otel --secret < header.txt',
        'audit exports change siem --syslog logs2.example.com:6514 --ca ca.pem',
        'audit exports change siem --name siem-eu',
      ],
    })
      .argument('<name>', 'name or id')
      .option('--name <name>', 'what it is called from now on')
      .addOption(new Option('--syslog <host:port>', 'a syslog receiver').conflicts('otlp'))
      .addOption(new Option('--otlp <url>', 'an OpenTelemetry receiver').conflicts('syslog'))
      .addOption(
        new Option('--tcp', 'without TLS; only to networks that the console’s operator allowed').conflicts('otlp'),
      )
      .option('--secret', 'another secret in the header')
      .option('--no-secret', 'no secret in the header any more')
      .addOption(new Option('--header <name>', 'which header').implies({ secret: true }))
      .option('--ca <file>', 'PEM of the authority that issued its certificate')
      .action(async (id: string, options: ChangeOptions) => {
        const output = outputOf(line, options);
        const certificateAuthority = options.ca === undefined ? null : await readPem(options.ca);
        const { readHidden } = await import('../profile/read-hidden.ts');
        const hidden = { what: 'value of the header', whose: id, variable: 'ZERONAUT_EXPORT_SECRET' };
        const { api } = await connect(line, options);
        const current = await find(id, () => api.call('auditExports.get', { params: { id } }));
        const isElsewhere = options.syslog !== undefined || options.otlp !== undefined;
        if (!isElsewhere && (options.tcp || (options.header !== undefined && current.settings.kind === 'syslog'))) {
          throw usageError('that goes with another address', 'Give --syslog HOST:PORT or --otlp URL.');
        }
        const settings = isElsewhere
          ? await settingsOf(options, certificateAuthority)
          : {
              ...current.settings,
              ...(options.ca !== undefined && { certificateAuthority }),
              ...(options.header !== undefined && { header: options.header.toLowerCase() }),
            };
        const secret =
          options.secret === undefined
            ? {}
            : { secret: options.secret ? await readHidden(hidden, line.environment) : null };
        const body = { settings, ...secret, ...(options.name !== undefined && { name: options.name }) };
        const ifMatch = `"${current.version}"`;
        const changed = await find(id, () => api.call('auditExports.update', { params: { id }, body }, { ifMatch }));
        output.document(changed);
        output.line(`Entries go to ${addressOf(changed.settings)} from ${changed.progress.delivered + 1} on.`);
        output.line(output.style('dim', `  Try it:  zeronaut audit exports test ${changed.name}`));
      }),
  );

  group.addCommand(
    createCommand('show', {
      summary: 'one receiver, and what went wrong last',
      examples: ['audit exports show siem', 'audit exports show siem --json'],
    })
      .argument('<name>', 'name or id')
      .action(async (id: string, options: CommonOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const found = await find(id, () => api.call('auditExports.get', { params: { id } }));
        output.document(found);
        show(output, found);
      }),
  );

  group.addCommand(
    createCommand('test', { summary: 'send one test message now', examples: ['audit exports test siem'] })
      .argument('<name>', 'name or id')
      .action(async (id: string, options: CommonOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const test = () => api.call('auditExports.test', { params: { id } }, { timeoutMs: 60_000 });
        const result = await find(id, test);
        output.document(result);
        if (!result.delivered) {
          throw new CliError(`${id} did not take a test message: ${result.error}`, {
            reason: 'audit.export_failed',
            next: `See what is set:  zeronaut audit exports show ${id}`,
          });
        }
        output.line(`${id} took a test message (audit.export_test).`);
        output.line(output.style('dim', `  How far it is:  zeronaut audit exports show ${id}`));
      }),
  );

  group.addCommand(
    createCommand('remove', { summary: 'send nothing there any more', examples: ['audit exports remove siem'] })
      .argument('<name>', 'name or id')
      .action(async (id: string, options: CommonOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        await find(id, () => api.call('auditExports.delete', { params: { id } }));
        output.document({ removed: id });
        output.line(`Nothing goes to ${id} any more.`);
      }),
  );
  return group;
}

async function settingsOf(options: Omit<AddOptions, 'from'>, certificateAuthority: string | null) {
  const { parseHostPort } = await import('@zeronaut/model');
  if (options.otlp !== undefined) {
    return {
      ...{ kind: 'otlp' as const, url: options.otlp, certificateAuthority },
      ...(options.header === undefined ? {} : { header: options.header.toLowerCase() }),
    };
  }
  if (options.syslog === undefined) {
    throw usageError('where to is missing', 'Give --syslog HOST:PORT or --otlp URL.');
  }
  const place = parseHostPort(options.syslog);
  if (place === null) throw usageError(`${options.syslog} is not host:port`, 'Such as logs.example.com:6514.');
  return {
    kind: 'syslog' as const,
    ...place,
    transport: options.tcp ? ('tcp' as const) : ('tls' as const),
    certificateAuthority,
  };
}

async function readPem(path: string): Promise<string> {
  const { readFileSync } = await import('node:fs');
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw unreadableFile(path, error);
  }
}

function addressOf(settings: AuditExport['settings']): string {
  return settings.kind === 'otlp' ? settings.url : `${settings.transport}://${settings.host}:${settings.port}`;
}

function show(output: Output, { name, settings, hasSecret, progress }: AuditExport): void {
  output.line(output.style('bold', name));
  output.line(`  Where to   ${addressOf(settings)}`);
  if (settings.kind === 'otlp' && hasSecret) output.line(`  Header     ${settings.header}`);
  output.line(`  Delivered  ${progress.delivered} of ${progress.entries} entries`);
  if (progress.behind > 0)
    output.line(`  Behind     ${progress.behind} entries, the oldest for ${progress.behindSeconds} s`);
  if (progress.lastDeliveredAt !== null) output.line(`  Last       ${minute(progress.lastDeliveredAt)}`);
  if (progress.rejected > 0) output.line(`  Dropped    ${progress.rejected} records by the receiver`);
  if (progress.lastError !== null) output.line(`  Error      ${progress.lastError}`);
  if (progress.nextTryAt !== null)
    output.line(`  Next try   ${minute(progress.nextTryAt)}, after ${progress.failures} failures`);
}
