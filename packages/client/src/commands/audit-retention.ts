import type { AuditRetention } from '@zeronaut/model';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { usageError } from '../cli-error.ts';
import type { Output } from '../output/output.ts';
import { type CommandLine, type CommonOptions, connect, createCommand, createGroup, outputOf } from './command-line.ts';

interface SetOptions extends CommonOptions {
  readonly entries?: number | null;
  readonly events?: number;
}

function parseDays(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new InvalidArgumentError('Expected a number of days.');
  return Number(text);
}

export function auditRetentionCommand(line: CommandLine): Command {
  const group = createGroup('retention', 'how long audit entries and access events are kept');

  group.addCommand(
    createCommand('show', {
      summary: 'how long they are kept now',
      examples: ['audit retention show', 'audit retention show --json'],
    }).action(async (options: CommonOptions) => {
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const retention = await api.call('audit.getRetention', {});
      output.document(retention);
      show(output, retention);
    }),
    { isDefault: true },
  );

  group.addCommand(
    createCommand('set', {
      summary: 'change how long they are kept',
      description:
        'Past its time the text of an entry goes, within an hour, and its hash stays: the log, older checkpoints and kept proofs verify ' +
        'as before, and verification checks that nothing went before its time. Texts that are gone do not come back. An ' +
        'entry is kept for 30 days at least.',
      examples: ['audit retention set --entries 365', 'audit retention set --entries forever --events 90'],
    })
      .addOption(
        new Option('--entries <days>', 'audit entries: 30 or more, or forever').argParser((text) =>
          text === 'forever' ? null : parseDays(text),
        ),
      )
      .addOption(new Option('--events <days>', 'access events: 1 to 365').argParser(parseDays))
      .action(async ({ entries, events, ...options }: SetOptions) => {
        const output = outputOf(line, options);
        if (entries === undefined && events === undefined) {
          throw usageError('there is nothing to change', 'Give --entries or --events.');
        }
        const { api } = await connect(line, options);
        const { version, ...before } = await api.call('audit.getRetention', {});
        const body = {
          entryDays: entries === undefined ? before.entryDays : entries,
          eventDays: events ?? before.eventDays,
        };
        const retention = await api.call('audit.setRetention', { body }, { ifMatch: `"${version}"` });
        output.document(retention);
        show(output, retention);
        if (retention.entryDays !== null) {
          output.line(output.style('dim', '  Keep what there is now:  zeronaut audit export audit.jsonl'));
        }
      }),
  );
  return group;
}

function show(output: Output, { entryDays, eventDays }: AuditRetention): void {
  output.line(`Audit entries  ${entryDays === null ? 'for ever' : `${entryDays} days, then only their hashes`}`);
  output.line(`Access events  ${eventDays} days`);
}
