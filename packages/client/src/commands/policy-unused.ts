import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { UnusedPermissions } from '@zeronaut/model';
import { type Command, InvalidArgumentError } from 'commander';
import type { ApiClient } from '../api/client.ts';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import type { Output } from '../output/output.ts';
import {
  type CommandLine,
  type CommonOptions,
  connect,
  createCommand,
  outputOf,
  parseRepeated,
  printTable,
} from './command-line.ts';

type Rule = UnusedPermissions['rules'][number];

interface UnusedOptions extends CommonOptions {
  readonly days: number;
  readonly write?: string;
  readonly apply?: string[];
}

const WITHOUT: Readonly<Record<NonNullable<UnusedPermissions['policies'][number]['without']>, string>> = {
  never_used: 'nobody used it: it can go',
  all_used: 'all of it is used',
  text_only: 'only its text can say it; look at it yourself',
  would_differ: 'a smaller one would have decided otherwise; look at it yourself',
};

const RULE_WITHOUT: Readonly<Record<NonNullable<Rule['without']>, string>> = {
  never_used: 'nobody came by it',
  all_used: 'all of it is used',
  published: 'its agent says the rule: change it there',
  would_differ: 'a smaller one would have decided otherwise; look at it yourself',
};

export function unusedCommand(line: CommandLine): Command {
  return createCommand('unused', {
    summary: 'what permits and rules allow and nobody used, with tighter ones in their place',
    description:
      'From recorded accesses. A proposed permit keeps all conditions, lets in nobody else, and was asked about the recorded ' +
      'accesses again: none is proposed that would have refused one. So was the narrower rule of a resource. Nothing is changed; --write makes files ' +
      'of policies to look at, try and apply, and --apply gives a resource its narrower rule, unless it was changed meanwhile.',
    examples: [
      'policy unused',
      'policy unused --days 90 --write tighter/',
      'policy unused --apply wiki',
      'policy unused --json',
    ],
  })
    .option('--days <days>', 'how far back, 1 to 90', parseDays, 30)
    .option('--write <directory>', 'write the proposed policies as files there')
    .option('--apply <resource>', 'give this resource its narrower rule (repeatable)', parseRepeated)
    .action(async (options: UnusedOptions) => {
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const report = await api.call('policies.unused', { query: { days: String(options.days) } });
      output.document(report);
      if (options.apply !== undefined) {
        for (const name of options.apply) output.line(await applyRule(api, report, name));
        return;
      }
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
      await printRules(output, report);
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

async function printRules(output: Output, { rules, moreRules }: UnusedPermissions): Promise<void> {
  if (rules.length === 0) return;
  output.line('');
  const rows = rules.map(({ name, requests, users, unusedUsers, everybody, unused, proposal, without }) => [
    name,
    String(requests),
    `${unusedUsers.count} of ${users}${everybody ? ' (everybody)' : ''}`,
    String(unused.length),
    proposal === null ? RULE_WITHOUT[without!] : `smaller: ${proposal.narrowed.join(', ')}`,
  ]);
  await printTable(output, ['RULE OF', 'ACCESSES', 'UNUSED BY', 'UNUSED', 'PROPOSAL'], rows);
  if (moreRules > 0) output.line(output.style('dim', `  and ${moreRules} more`));
  for (const { name, rule, proposal } of rules) {
    if (proposal === null) continue;
    output.line(`\n${name}`);
    const [before, after] = [linesOf(rule), linesOf(proposal)];
    for (const line of before.filter((one) => !after.includes(one))) output.line(output.style('dim', `- ${line}`));
    for (const line of after.filter((one) => !before.includes(one))) output.line(`+ ${line}`);
  }
  const first = rules.find(({ proposal }) => proposal !== null);
  if (first !== undefined) {
    output.line(output.style('dim', `\n  Take one over:  zeronaut policy unused --apply ${first.name}`));
  }
}

const linesOf = ({ mode, allow, addresses }: Rule['rule']): string[] => [
  `mode ${mode}`,
  ...(mode === 'login' && allow.length === 0 ? ['allow everybody'] : allow.map((one) => `allow ${one}`)),
  ...addresses.map((one) => `address ${one}`),
];

/** The rule of the report, and only where the resource is as it was then. Says what was done. */
async function applyRule(api: ApiClient, report: UnusedPermissions, name: string): Promise<string> {
  const found = report.rules.find((rule) => rule.name === name || rule.id === name);
  if (found?.proposal == null) {
    const why =
      found === undefined ? 'nothing of it was unused, or there is no such resource' : RULE_WITHOUT[found.without!];
    throw new CliError(`there is no narrower rule for ${name}: ${why}`, {
      reason: 'api.not_found',
      next: 'See what there is: zeronaut policy unused',
      exitCode: EXIT.usage,
    });
  }
  const { resourceInputOf } = await import('@zeronaut/model');
  const { mode, allow, addresses } = found.proposal;
  const input = resourceInputOf(await api.call('resources.get', { params: { id: found.id } }));
  const body = { ...input, access: { ...input.access, mode, allow, addresses } };
  await api.call('resources.update', { params: { id: found.id }, body }, { ifMatch: `"${found.version}"` });
  return `${found.name} has the narrower rule (${found.proposal.narrowed.join(', ')}).`;
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
