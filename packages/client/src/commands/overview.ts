import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { type CommandLine, type CommonOptions, connect, createCommand, minute, outputOf } from './command-line.ts';

interface OverviewOptions extends CommonOptions {
  readonly check?: boolean;
}

export function overviewCommand(line: CommandLine): Command {
  return createCommand('overview', {
    summary: 'what there is, and what is wrong now',
    description: 'With --check it ends with 1 when something is bad, for monitoring.',
    examples: ['overview', 'overview --check --json | jq .alarmCount'],
  })
    .option('--check', 'end with 1 when something is bad')
    .action(async (options: OverviewOptions) => {
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const overview = await api.call('overview.get', {});
      output.document(overview);
      const { counts, alarms, lastMinute } = overview;
      output.line(`Gateways   ${counts.gatewaysConnected} of ${counts.gateways} connected`);
      output.line(`Published  ${counts.resources} resources, ${counts.services} services, ${counts.sites} sites`);
      output.line(`People     ${counts.users} users, ${counts.devices} devices`);
      output.line(
        `Requests   ${lastMinute.requests} in the last minute, ${lastMinute.refused} refused, ${lastMinute.failed} failed`,
      );
      output.line(
        `Waiting    ${counts.pendingRequests} access requests, ${counts.newIncidents} incidents nobody looks after`,
      );
      for (const { severity, kind, object, since, detail } of alarms) {
        const style = severity === 'bad' ? 'red' : 'yellow';
        const when = since === null ? '' : ` since ${minute(since)} UTC`;
        const what = object.name || object.id;
        output.line(
          `${output.style(style, severity.padEnd(4))}  ${kind}  ${what}${when}${detail === '' ? '' : `: ${detail}`}`,
        );
      }
      if (overview.alarmCount > alarms.length) output.line(`and ${overview.alarmCount - alarms.length} more`);
      if (overview.alarmCount === 0) output.line(output.style('green', 'Nothing is wrong.'));
      else output.line(output.style('dim', '  Look after it:  zeronaut incidents list'));
      const bad = alarms.filter(({ severity }) => severity === 'bad').length;
      if (options.check === true && bad > 0) {
        throw new CliError(bad === 1 ? 'something is bad' : `${bad} things are bad`, {
          reason: 'cli.failed',
          next: 'See the lines above, and zeronaut incidents list.',
        });
      }
    });
}
