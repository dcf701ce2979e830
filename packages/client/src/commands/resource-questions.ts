import type { Resource } from '@zeronaut/model';
import type { Command } from 'commander';
import type { ApiClient } from '../api/client.ts';
import { CliError, usageError } from '../cli-error.ts';
import {
  type CommandLine,
  type CommonOptions,
  connect,
  createCommand,
  named,
  outputOf,
  printTable,
} from './command-line.ts';

/** `zeronaut resources`: the commands that ask about resources, and change nothing. */

/** Ids that the console takes at once. */
const HEALTH_BATCH = 100;

interface TestOptions extends CommonOptions {
  readonly user?: string;
  readonly method?: string;
  readonly address?: string;
  readonly at?: string;
  readonly granted?: boolean;
}

export function showResourceCommand(line: CommandLine): Command {
  return createCommand('show', { summary: 'show one resource or service', examples: ['resources show wiki --json'] })
    .argument('<name>', 'name or id')
    .action(async (name: string, options: CommonOptions) => {
      const { accessSummary } = await import('../output/access-summary.ts');
      const { resourceLines } = await import('../output/resource-lines.ts');
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const resource = await findResource(api, name);
      output.document(resource);
      const state = resource.enabled ? '' : ', stopped';
      output.line(
        output.style('bold', `${resource.name}  (${resource.protocol}, ${resource.origin}${state}, ${resource.id})`),
      );
      for (const domain of resource.domains) output.line(`  domain    ${domain}`);
      if (resource.port !== null) output.line(`  port      ${resource.port}`);
      for (const { address, protocol, weight } of resource.targets) {
        output.line(`  target    ${address} (${protocol}${weight === 1 ? '' : `, weight ${weight}`})`);
      }
      for (const text of accessSummary(resource)) output.line(`  access    ${text}`);
      for (const [field, text] of resourceLines(resource)) output.line(`  ${field.padEnd(9)} ${text}`);
      if ((resource.segments ?? []).length > 0) output.line(`  segments  ${resource.segments!.join(' ')}`);
      output.line(
        output.style('dim', `  Who may and why:  zeronaut policy simulate ${resource.name} --user ann@example.com`),
      );
    });
}

export function testCommand(line: CommandLine): Command {
  return createCommand('test', {
    summary: 'what would happen to a request: which resource, which targets, which verdict and why',
    description: 'Ends with 0 when it would pass, with 4 when it would not, with 5 when nothing is there.',
    examples: [
      'resources test https://wiki.gw.example.com/page --user ann@example.com',
      'resources test tcp://gw.example.com:20022 --address 192.0.2.7 --json',
    ],
  })
    .argument('<url>', 'https://host/path, or tcp://host:port and udp://host:port')
    .option('--user <email>', 'who; without: somebody who has not signed in')
    .option('--method <method>', 'of the request (default: GET)')
    .option('--address <ip>', 'from where')
    .option('--at <time>', 'when (RFC 3339; default: now)')
    .option('--granted', 'as if an access request had been approved')
    .action(async (url: string, options: TestOptions) => {
      const { printAnswer } = await import('../output/access-answer.ts');
      const { resourceLines } = await import('../output/resource-lines.ts');
      const { EXIT } = await import('../exit-code.ts');
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const body = {
        url,
        user: options.user ?? null,
        ...(options.method !== undefined && { method: options.method.toUpperCase() }),
        circumstances: {
          ...(options.address !== undefined && { address: options.address }),
          ...(options.at !== undefined && { at: options.at }),
          ...(options.granted === true && { granted: true }),
        },
      };
      const result = await api.call('resources.test', { body });
      output.document(result);
      const { resource, match, gateways, targets, answer } = result;
      output.line(
        resource === null
          ? `Nothing is at ${result.host}${result.port === null ? '' : `:${result.port}`}.`
          : `${resource.name} (by ${match})`,
      );
      for (const { name, connected } of gateways)
        output.line(`  gateway  ${name}${connected ? '' : ', not connected'}`);
      for (const { address } of targets) output.line(`  target   ${address}`);
      for (const [field, text] of resourceLines(result)) {
        output.line(`  ${field.padEnd(8)} ${text}`);
      }
      if (answer !== null) printAnswer(output, answer);
      if (answer?.effect === 'pass') return;
      throw new CliError(`it would not pass: ${result.title}`, {
        reason: result.reason,
        next: result.next || 'See zeronaut resources list.',
        exitCode: resource === null ? EXIT.notFound : EXIT.refused,
      });
    });
}

export function dnsCommand(line: CommandLine): Command {
  return createCommand('dns', {
    summary: 'the DNS records that lead to a resource, looked for now',
    description: 'Ends with 1 while a record is missing or wrong.',
    examples: ['resources dns wiki', 'resources dns wiki --json'],
  })
    .argument('<name>', 'name or id')
    .action(async (name: string, options: CommonOptions) => {
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const call = () => api.call('resources.checkDns', { params: { id: name } }, { timeoutMs: 30_000 });
      const { records } = await named(name, call, 'resource', 'resources list');
      output.document(records);
      if (records.length === 0) {
        output.line('No records are needed: names below localhost resolve by themselves, and ports have none.');
        return;
      }
      const rows = records.map(({ name: host, type, value, gateway, state, found }) => [
        state,
        host,
        type,
        value,
        gateway.name,
        found.join(' ') || '-',
      ]);
      await printTable(output, ['STATE', 'NAME', 'TYPE', 'VALUE', 'GATEWAY', 'FOUND'], rows);
      const open = records.filter(({ state }) => state === 'missing' || state === 'wrong').length;
      if (open === 0) return;
      throw new CliError(open === 1 ? 'a record is not right yet' : `${open} records are not right yet`, {
        reason: 'cli.failed',
        next: 'Set them where the zone is kept; DNS may take its time.',
      });
    });
}

export function healthCommand(line: CommandLine): Command {
  return createCommand('health', {
    summary: 'whether targets can be reached, by what connected gateways say',
    description: 'Of the named ones, or of all. Ends with 1 when one is down.',
    examples: ['resources health', 'resources health wiki shop --json'],
  })
    .argument('[names...]', 'names or ids')
    .action(async (names: string[], options: CommonOptions) => {
      const { listAll } = await import('../api/client.ts');
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const asked: Pick<Resource, 'id' | 'name'>[] =
        names.length === 0
          ? await listAll(api, 'resources.list')
          : await Promise.all(names.map((name) => findResource(api, name)));
      const healths = [];
      for (let at = 0; at < asked.length; at += HEALTH_BATCH) {
        const ids = asked
          .slice(at, at + HEALTH_BATCH)
          .map(({ id }) => id)
          .join(',');
        healths.push(...(await api.call('resources.health', { query: { ids } })).items);
      }
      const nameOf = new Map(asked.map(({ id, name }) => [id, name]));
      output.document(healths.map((one) => ({ name: nameOf.get(one.id) ?? '', ...one })));
      if (healths.length === 0) {
        output.line('No resources. Declare some: zeronaut resources apply --help');
        return;
      }
      const rows = healths.map(({ id, state, targets }) => [
        nameOf.get(id) ?? id,
        state,
        targets.map((target) => target.state).join(' '),
      ]);
      await printTable(output, ['NAME', 'STATE', 'TARGETS'], rows);
      const down = healths.filter(({ state }) => state === 'down').length;
      if (down === 0) return;
      throw new CliError(down === 1 ? 'one is down' : `${down} are down`, {
        reason: 'cli.failed',
        next: 'See that the service and its agent run: zeronaut services list, zeronaut devices list.',
      });
    });
}

interface RemoveOptions extends CommonOptions {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

export function removeResourceCommand(line: CommandLine): Command {
  return createCommand('remove', {
    summary: 'delete a declared resource; its open connections are cut',
    description:
      'A service of an agent goes with zeronaut services remove, and is stopped with zeronaut services stop.',
    examples: ['resources remove wiki --dry-run', 'resources remove wiki --yes'],
  })
    .argument('<name>', 'name or id')
    .option('--dry-run', 'only say what would go')
    .option('--yes', 'yes, it cannot be undone')
    .action(async (name: string, options: RemoveOptions) => {
      const dryRun = options.dryRun === true;
      if (!dryRun && options.yes !== true) {
        throw usageError('this cannot be undone', 'Look first with --dry-run; then say --yes.');
      }
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const resource = await findResource(api, name);
      if (resource.origin === 'service') {
        throw usageError(`${name} is a service of an agent`, `Run zeronaut services remove ${name}.`);
      }
      const params = { id: resource.id };
      const removal = dryRun ? await api.call('resources.previewRemoval', { params }) : null;
      if (!dryRun) await api.call('resources.delete', { params });
      output.document({ dryRun, removed: resource, ...removal });
      const where = resource.port === null ? resource.domains.join(', ') : `port ${resource.port}`;
      output.line(
        `${resource.name} ${dryRun ? 'would be' : 'is'} removed${where === '' ? '' : `, and ${where} with it`}.`,
      );
      if (removal === null) return;
      const { printRemoval } = await import('../output/removal.ts');
      output.line('It would end:');
      printRemoval(output, removal);
    });
}

export function findResource(api: ApiClient, name: string): Promise<Resource> {
  return named(
    name,
    () => api.call('resources.get', { params: { id: name } }),
    'resource or service',
    'resources list',
  );
}
