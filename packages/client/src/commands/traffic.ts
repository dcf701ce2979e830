import type { TrafficCounts, TrafficRange } from '@zeronaut/model';
import { type Command, Option } from 'commander';
import type { ApiClient } from '../api/client.ts';
import { formatBytes, formatDuration } from '../output/format.ts';
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
import { findGateway } from './gateways.ts';

const COLUMNS = ['REQUESTS', 'REFUSED', 'CHALLENGED', 'FAILED', 'IN', 'OUT', 'P50', 'P99'];

interface ShowOptions extends CommonOptions {
  readonly range: TrafficRange;
  readonly resource?: string;
  readonly gateway?: string;
}

interface TopOptions extends CommonOptions {
  readonly range: '1h' | '24h';
  readonly by: 'resource' | 'gateway';
  readonly order: 'requests' | 'failed' | 'refused' | 'bytes';
  readonly limit: string;
}

interface ReasonsOptions extends CommonOptions {
  readonly range: '1h' | '6h' | '24h' | '7d';
  readonly resource?: string;
}

export function trafficCommand(line: CommandLine): Command {
  const group = createGroup('traffic', 'requests, bytes, failures and time to answer, over time');

  group.addCommand(
    createCommand('show', {
      summary: 'traffic of all, of a resource, or of a gateway',
      examples: ['traffic show', 'traffic show --range 7d --resource wiki', 'traffic show --gateway edge-1 --json'],
    })
      .addOption(new Option('--range <range>', 'how far back').choices(['1h', '6h', '24h', '7d', '30d']).default('24h'))
      .addOption(new Option('--resource <name>', 'only of this service or resource').conflicts('gateway'))
      .option('--gateway <name>', 'only of this gateway')
      .action(async (options: ShowOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const query = {
          range: options.range,
          ...(options.resource !== undefined && { resourceId: await resourceId(api, options.resource) }),
          ...(options.gateway !== undefined && { gatewayId: (await findGateway(api, options.gateway)).id }),
        };
        const traffic = await api.call('traffic.get', { query });
        output.document(traffic);
        const rows = traffic.points
          .filter(({ requests }) => requests > 0)
          .map((point) => [minute(point.at), ...cellsOf(point)]);
        await printTable(output, ['SINCE (UTC)', ...COLUMNS], [...rows, ['all', ...cellsOf(traffic.total)]]);
        output.line(
          output.style('dim', `  Of ${options.range}; steps without any are left out. Why: zeronaut traffic reasons`),
        );
      }),
    { isDefault: true },
  );

  group.addCommand(
    createCommand('top', {
      summary: 'the resources or gateways with the most traffic',
      examples: ['traffic top', 'traffic top --by gateway --order failed --range 24h'],
    })
      .addOption(new Option('--range <range>', 'how far back').choices(['1h', '24h']).default('1h'))
      .addOption(new Option('--by <what>', 'of what').choices(['resource', 'gateway']).default('resource'))
      .addOption(
        new Option('--order <what>', 'the most of what')
          .choices(['requests', 'failed', 'refused', 'bytes'])
          .default('requests'),
      )
      .option('--limit <n>', 'how many', '10')
      .action(async (options: TopOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const { range, by, order, limit } = options;
        const { items } = await api.call('traffic.top', { query: { range, by, order, limit } });
        output.document(items);
        if (items.length === 0) output.line(`No traffic in the last ${range}.`);
        else
          await printTable(
            output,
            ['NAME', ...COLUMNS],
            items.map((item) => [item.name || item.id, ...cellsOf(item)]),
          );
      }),
  );

  group.addCommand(
    createCommand('reasons', {
      summary: 'why requests were refused, challenged or failed, most frequent first',
      examples: ['traffic reasons', 'traffic reasons --resource wiki --range 7d --json'],
    })
      .addOption(new Option('--range <range>', 'how far back').choices(['1h', '6h', '24h', '7d']).default('24h'))
      .option('--resource <name>', 'only of this service or resource')
      .action(async (options: ReasonsOptions) => {
        const { isReason, REASONS } = await import('@zeronaut/model');
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const query = {
          range: options.range,
          ...(options.resource !== undefined && { resourceId: await resourceId(api, options.resource) }),
        };
        const { items } = await api.call('traffic.reasons', { query });
        output.document(items);
        if (items.length === 0) {
          output.line(`Nothing was refused in the last ${options.range}.`);
          return;
        }
        const rows = items.map(({ reason, count }) => [
          String(count),
          reason,
          isReason(reason) ? REASONS[reason].title : '',
        ]);
        await printTable(output, ['COUNT', 'REASON', 'WHAT IT MEANS'], rows);
        output.line(output.style('dim', `  See who:  zeronaut events list --reason ${items[0]!.reason}`));
      }),
  );
  return group;
}

async function resourceId(api: ApiClient, name: string): Promise<string> {
  const call = () => api.call('resources.get', { params: { id: name } });
  return (await named(name, call, 'service or resource', 'resources list')).id;
}

function cellsOf({ requests, refused, challenged, failed, bytesIn, bytesOut, p50Ms, p99Ms }: TrafficCounts): string[] {
  const time = (ms: number | null) => (ms === null ? '-' : formatDuration(ms));
  const counts = [requests, refused, challenged, failed].map(String);
  return [...counts, formatBytes(bytesIn), formatBytes(bytesOut), time(p50Ms), time(p99Ms)];
}
