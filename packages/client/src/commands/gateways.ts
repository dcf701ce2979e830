import { setTimeout as delay } from 'node:timers/promises';
import type { GatewayView, LogLevel, LogLine } from '@zeronaut/model';
import { LOG_LEVELS } from '@zeronaut/model/log-levels';
import { type Command, Option } from 'commander';
import { isConsoleAway } from '../api/api-error.ts';
import type { ApiClient } from '../api/client.ts';
import { CliError, usageError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import { onInterrupt } from '../interrupt.ts';
import { formatDurationSeconds } from '../output/format.ts';
import { type Output, printable } from '../output/output.ts';
import {
  type CommandLine,
  type CommonOptions,
  connect,
  createCommand,
  createGroup,
  minute,
  outputOf,
  parseDuration,
  printTable,
} from './command-line.ts';

interface DrainOptions extends CommonOptions {
  readonly undo?: boolean;
  readonly grace: number;
  readonly dryRun?: boolean;
}

interface RemoveOptions extends CommonOptions {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

interface LogsOptions extends CommonOptions {
  readonly follow?: boolean;
  readonly level: LogLevel;
}

/** How long one call waits for a line. */
const FOLLOW_WAIT_SECONDS = 20;
const AWAY_RETRY_MS = 2_000;

export function gatewaysCommand(line: CommandLine): Command {
  const group = createGroup('gateways', 'the fleet: how gateways are, emptying one before it is stopped, revoking one');

  group.addCommand(
    createCommand('list', { summary: 'list gateways', examples: ['gateways list', 'gateways list --json'] }).action(
      async (options: CommonOptions) => {
        const { listAll } = await import('../api/client.ts');
        const { openConnections } = await import('@zeronaut/model');
        const output = outputOf(line, options);
        const gateways = await listAll((await connect(line, options)).api, 'gateways.list');
        output.document(gateways);
        if (gateways.length === 0) {
          output.line('No gateways. zeronaut gateway token makes the command that enrols one.');
          return;
        }
        const rows = gateways.map((gateway) => [
          gateway.name,
          stateOf(gateway),
          gateway.region,
          gateway.softwareVersion ?? '-',
          snapshotOf(gateway),
          gateway.load === null ? '-' : `${Math.round(gateway.load.cpuPercent)} %`,
          gateway.load === null ? '-' : String(openConnections(gateway.load)),
          gateway.lastSeenAt === null ? 'never' : minute(gateway.lastSeenAt),
        ]);
        const headings = ['NAME', 'STATE', 'REGION', 'VERSION', 'SNAPSHOT', 'LOAD', 'CONNECTIONS', 'LAST SEEN'];
        await printTable(output, headings, rows);
      },
    ),
    { isDefault: true },
  );

  group.addCommand(
    createCommand('show', {
      summary: 'how a gateway is now: snapshot, load, certificates, what it cannot reach',
      examples: ['gateways show edge-1', 'gateways show edge-1 --json | jq .load'],
    })
      .argument('<gateway>', 'name or id')
      .action(async (name: string, options: CommonOptions) => {
        const { formatBytes } = await import('../output/format.ts');
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const gateway = await findGateway(api, name);
        const status = await api.call('gateways.getStatus', { params: { id: gateway.id } });
        output.document({ ...gateway, ...status });
        output.line(output.style('bold', `${gateway.name}  (${gateway.id}), ${stateOf(gateway)}`));
        output.line(`  Serves        *.${gateway.baseDomain}, version ${status.softwareVersion ?? 'unknown'}`);
        output.line(`  Snapshot      ${snapshotOf(gateway)}`);
        if (gateway.status === 'active') output.line(`  Cut off       ${aloneOf(gateway.lease)}`);
        if (status.load !== null) {
          const { cpuPercent, memoryBytes, connections, tunnels, eventsWaiting } = status.load;
          const old = status.loadIsStale ? ', by its last word' : '';
          output.line(`  Load          ${Math.round(cpuPercent)} % of a core, ${formatBytes(memoryBytes)}${old}`);
          output.line(
            `  Open          ${connections} HTTP connections, ${tunnels} tunnels; ${eventsWaiting} events wait`,
          );
        }
        output.line(`  Devices       ${status.deviceCount}`);
        if (status.unhealthy.length > 0) output.line(`  Unhealthy     ${status.unhealthy.length} targets`);
        for (const { host, notAfter } of status.certificates.slice(0, 5)) {
          output.line(`  Certificate   ${host} until ${minute(notAfter)} UTC`);
        }
        output.line(output.style('dim', `  Its log:  zeronaut gateways logs ${gateway.name}`));
      }),
  );

  group.addCommand(
    createCommand('remove', {
      summary: 'revoke a gateway: it serves nothing more, and has to enrol anew',
      description: 'Drain it first, so that what is open ends by itself: zeronaut gateways drain.',
      examples: ['gateways remove edge-1 --dry-run', 'gateways remove edge-1 --yes'],
    })
      .argument('<gateway>', 'name or id')
      .option('--dry-run', 'only say what would be cut')
      .option('--yes', 'yes, it cannot be undone')
      .action(async (name: string, options: RemoveOptions) => {
        const dryRun = options.dryRun === true;
        if (!dryRun && options.yes !== true) {
          throw usageError('this cannot be undone', 'Look first with --dry-run; then say --yes.');
        }
        const { openConnections } = await import('@zeronaut/model');
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const gateway = await findGateway(api, name);
        if (!dryRun) await api.call('gateways.delete', { params: { id: gateway.id } });
        const open = gateway.load === null || !gateway.connected ? 0 : openConnections(gateway.load);
        output.document({ dryRun, removed: gateway.id, name: gateway.name, open });
        output.line(
          `${gateway.name} (${stateOf(gateway)}) ${dryRun ? 'would be' : 'is'} revoked; ${open} connections were open there.`,
        );
      }),
  );

  group.addCommand(
    createCommand('drain', {
      summary: 'empty a gateway before it is stopped, or let it work again',
      description:
        'It takes no new connections on raw ports and no new tunnels, closes HTTP connections after their answer, and says 503 at ' +
        '/readyz. What is open goes on until it ends, or until the grace is over. It holds over a restart of the gateway.',
      examples: [
        'gateways drain edge-1 --dry-run',
        'gateways drain edge-1 --grace 30m',
        'gateways drain edge-1 --undo',
      ],
    })
      .argument('<gateway>', 'name or id')
      .addOption(
        new Option('--grace <time>', 'how long open connections may go on, such as 30m')
          .argParser(parseDuration)
          .default(3_600, '1h'),
      )
      .option('--dry-run', 'only say what would happen')
      .addOption(new Option('--undo', 'let it work again').conflicts('grace'))
      .action(async (name: string, options: DrainOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const gateway = await findGateway(api, name);
        const drain = options.undo !== true;
        const dryRun = options.dryRun === true;
        const result = await api.call('gateways.drain', {
          params: { id: gateway.id },
          body: { drain, dryRun, ...(drain && { graceSeconds: options.grace }) },
        });
        output.document({ gateway: gateway.name, dryRun, ...result });
        const would = dryRun ? 'would be' : 'is';
        if (result.draining === null) {
          output.line(`${gateway.name} ${would} working as before.`);
          return;
        }
        output.line(`${gateway.name} ${would} drained; what is open then is cut at ${result.draining.until}.`);
        if (result.open !== null) {
          const { connections, tcpConnections, udpSessions, forwards, tunnels } = result.open;
          output.line(
            `  open now     ${connections} HTTP, ${tcpConnections} TCP, ${udpSessions} UDP, ${forwards} forwards, ${tunnels} tunnels`,
          );
        }
        output.line(`  taking over  ${result.others === 1 ? '1 other gateway' : `${result.others} other gateways`}`);
        if (result.others === 0)
          output.note('No other gateway is connected: what it serves cannot be reached elsewhere.');
        if (!result.connected) output.note('It is not connected: it drains when it hears of it.');
      }),
  );
  group.addCommand(
    createCommand('logs', {
      summary: 'what a connected gateway wrote to its log',
      description:
        'Warnings and worse of before, up to 500 lines, from the gateway itself; with --follow what comes, until Ctrl-C. The ' +
        'console keeps none of it.',
      examples: ['gateways logs edge-1', 'gateways logs edge-1 --follow --level info', 'gateways logs edge-1 --json'],
    })
      .argument('<gateway>', 'name or id')
      .option('--follow', 'go on with what comes')
      .addOption(new Option('--level <level>', 'and above').choices([...LOG_LEVELS]).default('warn'))
      .action(async (name: string, options: LogsOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const { id } = await findGateway(api, name);
        const { level } = options;
        const first = await api.call('gateways.readLog', { params: { id }, query: { level } });
        if (!first.connected) {
          throw new CliError(`${name} is not connected`, {
            reason: 'api.conflict',
            next: 'Its log is on its own machine; the console shows that of connected gateways.',
            exitCode: EXIT.gatewayUnreachable,
          });
        }
        const show = (lines: readonly LogLine[]) => {
          for (const one of lines) {
            output.event('line', { ...one });
            const style = one.level === 'info' ? 'dim' : one.level === 'warn' ? 'yellow' : 'red';
            const fields = one.fields === '{}' ? '' : `  ${printable(one.fields)}`;
            output.line(`${one.at} ${output.style(style, one.level.padEnd(5))} ${printable(one.message)}${fields}`);
          }
        };
        show(first.lines);
        if (first.lines.length === 0) {
          output.note(`${name} wrote nothing at ${level} or above of late.`);
          if (!options.follow) output.note(`  See what comes:  zeronaut gateways logs ${name} --follow --level info`);
        }
        if (options.follow !== true) {
          output.event('end', { lines: first.lines.length });
          return;
        }
        const interrupt = onInterrupt();
        try {
          await follow(api, { id, level, cursor: first.cursor, signal: interrupt.signal }, output, show);
        } finally {
          interrupt.dispose();
        }
      }),
  );
  return group;
}

/** Until it is interrupted: a gateway or console that is away for a while is waited for. */
async function follow(
  api: ApiClient,
  { id, level, cursor, signal }: { id: string; level: LogLevel; cursor: string; signal: AbortSignal },
  output: Output,
  show: (lines: readonly LogLine[]) => void,
): Promise<void> {
  let after = cursor;
  while (!signal.aborted) {
    const query = { level, after, waitSeconds: FOLLOW_WAIT_SECONDS };
    const page = await api
      .call('gateways.readLog', { params: { id }, query }, { timeoutMs: (FOLLOW_WAIT_SECONDS + 10) * 1_000, signal })
      .catch((error: unknown) => {
        if (signal.aborted) return null;
        if (error instanceof CliError && isConsoleAway(error)) return null;
        throw error;
      });
    if (page !== null && page.dropped > 0) {
      output.note(`… ${page.dropped} lines were too many.`);
      output.event('dropped', { count: page.dropped });
    }
    show(page?.lines ?? []);
    after = page?.cursor ?? after;
    if (page?.connected !== true) await delay(AWAY_RETRY_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** By name or id; of several with the name, one that was not revoked. */
export async function findGateway(api: ApiClient, name: string): Promise<GatewayView> {
  const { listAll } = await import('../api/client.ts');
  const found = (await listAll(api, 'gateways.list')).filter((gateway) => gateway.id === name || gateway.name === name);
  const gateway = found.find(({ status }) => status === 'active') ?? found[0];
  if (gateway !== undefined) return gateway;
  throw new CliError(`there is no gateway ${name}`, {
    reason: 'api.not_found',
    exitCode: EXIT.notFound,
    next: 'Run zeronaut gateways list to see what there is.',
  });
}

function stateOf({ status, connected, draining, lease }: GatewayView): string {
  if (status === 'revoked') return 'revoked';
  if (hasEnded(lease)) return 'expired, not connected';
  if (!connected) return draining === null ? 'not connected' : 'draining, not connected';
  return draining === null ? 'connected' : 'draining';
}

/** It refuses everything by now. */
function hasEnded(lease: GatewayView['lease']): boolean {
  return lease !== null && lease.endsAt !== null && Date.parse(lease.endsAt) <= Date.now();
}

function aloneOf(lease: GatewayView['lease']): string {
  if (lease === null) return 'decides without the console for ever';
  const { maxAgeSeconds, endsAt } = lease;
  if (endsAt === null) return `decides without the console for ${formatDurationSeconds(maxAgeSeconds)}`;
  return `${hasEnded(lease) ? 'has refused everything since' : 'refuses everything from'} ${minute(endsAt)} UTC${hasEnded(lease) ? '' : ' on'}`;
}

function snapshotOf({ snapshotVersion, wantedSnapshotVersion, behindSince }: GatewayView): string {
  const version = snapshotVersion ?? 0;
  return behindSince === null ? `${version}` : `${version} (${wantedSnapshotVersion - version} behind)`;
}
