import type { ActivityRange } from '@zeronaut/model';
import { type Command, Option } from 'commander';
import { formatBytes } from '../output/format.ts';
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
import { userByEmail } from './users.ts';

interface ShowOptions extends CommonOptions {
  readonly range: ActivityRange;
}

export function activityCommand(line: CommandLine): Command {
  const group = createGroup('activity', 'behaviour of users and devices, and who differs from what is usual');

  group.addCommand(
    createCommand('differing', {
      summary: 'users and devices that do much more today than they usually do',
      examples: ['activity differing', 'activity differing --json'],
    }).action(async (options: CommonOptions) => {
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const { items } = await api.call('activity.differing', {});
      output.document(items);
      if (items.length === 0) {
        output.line('Nobody does more than usual.');
        return;
      }
      const rows = items.map(({ id, kind, name, today, median, times }) => [
        name,
        kind,
        String(today),
        String(median),
        `${times.toFixed(1)} times`,
        id,
      ]);
      await printTable(output, ['WHO', 'KIND', 'TODAY', 'USUAL DAY', 'MORE', 'ID'], rows);
      output.line(output.style('dim', `  Look closer:  zeronaut activity show ${items[0]!.id}`));
    }),
    { isDefault: true },
  );

  group.addCommand(
    createCommand('show', {
      summary: 'what a user or device did, and with what',
      examples: ['activity show ann@example.com', 'activity show dev_01… --range 7d --json'],
    })
      .argument('<who>', 'e-mail address of a user, or id of a user or device')
      .addOption(new Option('--range <range>', 'how far back').choices(['24h', '7d', '30d']).default('24h'))
      .action(async (who: string, options: ShowOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const id = who.includes('@') ? (await userByEmail(api, who)).id : who;
        const call = () => api.call('activity.get', { params: { id }, query: { range: options.range } });
        const activity = await named(who, call, 'user or device', 'users list');
        output.document(activity);
        const { total, usual, different, resources, addresses } = activity;
        output.line(`Of ${options.range}: ${total.requests} requests, ${total.refused} refused`);
        output.line(`  Bytes    ${formatBytes(total.bytesIn)} in, ${formatBytes(total.bytesOut)} out`);
        const median = usual.median === null ? 'not known yet what is usual' : `${usual.median} on a usual day`;
        output.line(`  Today    ${usual.today} requests; ${median}`);
        output.line(
          `  Used     ${different.resources} resources, from ${different.addresses} addresses, ${different.countries} countries`,
        );
        const rows = [
          ...resources.map((one) => ['resource', one.name || one.id, one] as const),
          ...addresses.map((one) => ['address', one.address, one] as const),
        ].map(([kind, name, { requests, refused, lastAt }]) => [
          kind,
          name,
          String(requests),
          String(refused),
          minute(lastAt),
        ]);
        if (rows.length > 0) await printTable(output, ['KIND', 'NAME', 'REQUESTS', 'REFUSED', 'LAST'], rows);
      }),
  );
  return group;
}
