import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { UnusedPermissions } from '@zeronaut/model';
import { type Command, InvalidArgumentError } from 'commander';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import { type CommandLine, type CommonOptions, connect, createCommand, outputOf, printTable } from './command-line.ts';

interface UnusedOptions extends CommonOptions {
  readonly days: number;
  readonly write?: string;
}

const WITHOUT: Readonly<Record<NonNullable<UnusedPermissions['policies'][number]['without']>, string>> = {
  never_used: 'nobody used it: it can go',
  all_used: 'all of it is used',
  text_only: 'only its text can say it; look at it yourself',
  would_differ: 'a smaller one would have decided otherwise; look at it yourself',
};

export function unusedCommand(line: CommandLine): Command {
  return createCommand('unused', {
    summary: 'what permits allow and nobody used, with tighter ones in their place',
    description:
      'From recorded accesses. A proposed permit keeps all conditions, lets in nobody else, and was asked about the recorded ' +
      'accesses again: none is proposed that would have refused one. Nothing is changed; --write makes files to look at, try and apply.',
    examples: ['policy unused', 'policy unused --days 90 --write tighter/', 'policy unused --json'],
  })
    .option('--days <days>', 'how far back, 1 to 90', parseDays, 30)
    .option('--write <directory>', 'write the proposed policies as files there')
    .action(async (options: UnusedOptions) => {
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const report = await api.call('policies.unused', { query: { days: String(options.days) } });
      output.document(report);
      const since = report.since.slice(0, 16).replace('T', ' ');
      output.line(
        `${report.events} accesses since ${since}${report.complete ? '' : ' (older ones were not looked at)'}.`,
      );
      const rows = report.policies.map(
        ({ name, requests, users, unusedUsers, unused, moreUnused, proposal, without }) => [
          name,
          String(requests),
          `${unusedUsers.count} of ${users}`,
          String(unused.length + moreUnused),
          proposal === null ? WITHOUT[without!] : `smaller: ${proposal.narrowed.join(', ')}`,
        ],
      );
      await printTable(output, ['PERMIT', 'ACCESSES', 'UNUSED BY', 'UNUSED', 'PROPOSAL'], rows);
      for (const { name, unused, moreUnused } of report.policies) {
        for (const { who, object, action } of unused.slice(0, 10)) {
          const whom = who === null ? '' : `${who.is.replace('_', ' ')} ${who.id ?? '(all)'}: `;
          output.line(output.style('dim', `  ${name}: ${whom}${action} ${object} never`));
        }
        const more = moreUnused + Math.max(0, unused.length - 10);
        if (more > 0) output.line(output.style('dim', `  ${name}: and ${more} more (--json has them)`));
      }
      const proposed = report.policies.filter(({ proposal }) => proposal !== null);
      for (const { proposal } of proposed) output.line(`\n${proposal!.text.trimEnd()}`);
      if (proposed.length === 0) return;
      if (options.write === undefined) {
        output.line(output.style('dim', '\n  As files:  zeronaut policy unused --write tighter/'));
        return;
      }
      for (const { name, proposal } of proposed) write(options.write, `${name}.cedar`, proposal!.text);
      output.line(output.style('dim', `\n  Try them:  zeronaut policy replay -f ${options.write}`));
    });
}

function write(directory: string, file: string, text: string): void {
  const path = join(directory, file);
  try {
    mkdirSync(directory, { recursive: true });
    writeFileSync(path, text);
  } catch (error) {
    throw new CliError(`cannot write ${path}: ${(error as Error).message}`, {
      reason: 'config.invalid',
      next: 'Name a directory that you may write to.',
      exitCode: EXIT.usage,
      cause: error,
    });
  }
}

function parseDays(text: string): number {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1 || days > 90) throw new InvalidArgumentError('Expected 1 to 90.');
  return days;
}
