import type { FilledTemplate } from '@zeronaut/policy/authoring';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import {
  type CommandLine,
  type CommonOptions,
  connect,
  createCommand,
  outputOf,
  parseRepeated,
  printTable,
} from './command-line.ts';

interface TemplatesOptions extends CommonOptions {
  readonly set?: string[];
  readonly id?: string;
  readonly cases?: boolean;
}

export function templatesCommand(line: CommandLine): Command {
  return createCommand('templates', {
    profile: false,
    summary: 'policies to start from',
    description:
      'Without a name: what there is. With one: the policy, ready for a file. Parameters that are not set have their defaults; ' +
      '--cases says what they are, and which requests it lets in and keeps out.',
    examples: [
      'policy templates',
      'policy templates office-hours --cases',
      'policy templates team-access --set group=dev --set segment=lab --id dev-lab > policies/dev-lab.cedar',
    ],
  })
    .argument('[name]', 'which one')
    .option('--set <name=value>', 'a parameter; may be repeated', parseRepeated)
    .option('--id <name>', 'name of the policy (default: that of the template)')
    .option('--cases', 'explain it instead of printing it')
    .action(async (name: string | undefined, options: TemplatesOptions) => {
      const { describeTemplate, instantiateTemplate, POLICY_TEMPLATES } = await import('@zeronaut/policy/authoring');
      const output = outputOf(line, options);
      if (name === undefined) {
        output.document(POLICY_TEMPLATES.map(describeTemplate));
        const rows = POLICY_TEMPLATES.map((template) => [
          template.name,
          template.parameters.map((parameter) => parameter.name).join(' '),
          template.summary,
        ]);
        await printTable(output, ['NAME', 'PARAMETERS', 'WHAT IT DOES'], rows);
        return;
      }
      const template = POLICY_TEMPLATES.find((known) => known.name === name);
      if (template === undefined) {
        throw new CliError(`there is no template ${name}`, {
          reason: 'api.not_found',
          next: 'Run zeronaut policy templates to see what there is.',
          exitCode: EXIT.notFound,
        });
      }
      if (options.cases === true) {
        output.document(describeTemplate(template));
        output.line(template.summary);
        for (const { name: parameter, summary, default: value, example } of template.parameters) {
          output.line(`  ${parameter}: ${summary} (${value === null ? `such as ${example}` : `default: ${value}`})`);
        }
        for (const { title, expect } of template.cases) output.line(`  ${expect.padEnd(9)}  ${title}`);
        return;
      }
      const filled = instantiateTemplate(template, parameters(options.set ?? []), options.id);
      if (!filled.ok) throw refused(name, filled.problems);
      const { text, form, cases } = filled;
      output.document({ template: name, text, form, cases });
      output.line(text.trimEnd());
    });
}

export function timeZoneCommand(line: CommandLine): Command {
  return createCommand('time-zone', {
    summary: 'where policies tell the time',
    description:
      'Without a name: which one it is. With one: sets it for the organization, within a second on all gateways.',
    examples: ['policy time-zone', 'policy time-zone Europe/Zurich'],
  })
    .argument('[name]', 'IANA name, such as Europe/Zurich or UTC')
    .action(async (name: string | undefined, options: CommonOptions) => {
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const { timeZone } =
        name === undefined
          ? await api.call('organizations.getCurrent', {})
          : await api.call('organizations.setTimeZone', { body: { timeZone: name } });
      output.document({ timeZone });
      output.line(name === undefined ? timeZone : `Policies tell the time in ${timeZone}.`);
    });
}

function parameters(assignments: readonly string[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const assignment of assignments) {
    const at = assignment.indexOf('=');
    if (at < 1) {
      throw new CliError(`--set ${assignment} is not name=value`, {
        reason: 'config.invalid',
        next: 'Write for example --set segment=prod.',
        exitCode: EXIT.usage,
      });
    }
    values[assignment.slice(0, at)] = assignment.slice(at + 1);
  }
  return values;
}

function refused(name: string, problems: Extract<FilledTemplate, { ok: false }>['problems']): CliError {
  return new CliError(`the template ${name} cannot be filled`, {
    reason: 'policy.invalid',
    next: `Run zeronaut policy templates ${name} --cases to see its parameters.`,
    exitCode: EXIT.usage,
    details: problems.map(({ parameter, message }) => `${parameter}: ${message}`),
  });
}
