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
      output.line(`Published  resources ${counts.resources}, services ${counts.services}, sites ${counts.sites}`);
      output.line(`People     users ${counts.users}, devices ${counts.devices}`);
      output.line(
        `Requests   ${lastMinute.requests} in the last minute, refused ${lastMinute.refused}, failed ${lastMinute.failed}`,
      );
      output.line(
        `Waiting    access requests ${counts.pendingRequests}, incidents nobody looks after ${counts.newIncidents}`,
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
      else if (counts.openIncidents > 0) output.line(output.style('dim', '  Look after it:  zeronaut incidents list'));
      const bad = alarms.filter(({ severity }) => severity === 'bad').length;
      if (options.check === true && bad > 0) {
        throw new CliError(bad === 1 ? 'something is bad' : `${bad} things are bad`, {
          reason: 'cli.failed',
          next: 'See the lines above, and zeronaut incidents list.',
        });
      }
    });
}
