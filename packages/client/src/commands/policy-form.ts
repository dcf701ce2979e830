import { readFileSync } from 'node:fs';
import type { PolicyProblem } from '@zeronaut/policy/authoring';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import { type CommandLine, type CommonOptions, createCommand, outputOf } from './command-line.ts';

interface FormOptions extends CommonOptions {
  readonly text?: boolean;
}

export function formCommand(line: CommandLine): Command {
  return createCommand('form', {
    profile: false,
    summary: 'a policy as a form (JSON), and back',
    description:
      'Fields that a program can fill instead of writing Cedar. Nothing is lost: the form holds annotations and comments, and ' +
      'its text decides as the policy does. What a form cannot say is named with its place. Works on this machine alone.',
    examples: ['policy form policies/production.cedar > form.json', 'policy form form.json --text > production.cedar'],
  })
    .argument('<file>', 'one policy in Cedar, or with --text a form in JSON; - is standard input')
    .option('--text', 'the other way: print the policy that a form says')
    .action(async (file: string, options: FormOptions) => {
      const { formOfPolicy, policyOfForm } = await import('@zeronaut/policy/authoring');
      const output = outputOf(line, options);
      const content = read(file);
      if (options.text !== true) {
        const result = formOfPolicy(content);
        if (!result.ok) {
          throw refused(file, result.textOnly ? 'no form can say this policy' : 'the policy is wrong', result.problems);
        }
        output.document(result.form);
        output.line(JSON.stringify(result.form, null, 2));
        return;
      }
      const result = policyOfForm(await parse(file, content));
      if (!result.ok) throw refused(file, 'the policy of this form is wrong', result.problems, result.text);
      output.document({ text: result.text });
      output.line(result.text.trimEnd());
    });
}

function read(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new CliError(`cannot read ${file}: ${(error as Error).message}`, {
      reason: 'config.invalid',
      next: 'Check the path.',
      exitCode: EXIT.usage,
      cause: error,
    });
  }
}

async function parse(file: string, content: string) {
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch (error) {
    throw new CliError(`${file} is not JSON: ${(error as Error).message}`, {
      reason: 'config.invalid',
      next: 'Run zeronaut policy form POLICY.cedar to see what a form is.',
      exitCode: EXIT.usage,
      cause: error,
    });
  }
  const { policyForm } = await import('@zeronaut/model');
  const form = policyForm.safeParse(json);
  if (form.success) return form.data;
  throw new CliError(`${file} is not the form of a policy`, {
    reason: 'config.invalid',
    next: 'Run zeronaut policy form POLICY.cedar to see what a form is.',
    exitCode: EXIT.usage,
    details: form.error.issues.slice(0, 20).map(({ path, message }) => `${path.join('.')}: ${message}`),
  });
}

function refused(file: string, what: string, problems: readonly PolicyProblem[], text?: string): CliError {
  const lines = text?.split('\n');
  return new CliError(what, {
    reason: 'policy.invalid',
    next: 'Mend what is named and try again.',
    exitCode: EXIT.usage,
    details: problems.map(({ line, column, message, help }) => {
      // A form has no lines of its own: the line of its text is shown instead.
      const place = lines === undefined ? `${file}:${line}:${column}` : (lines[line - 1] ?? '').trim();
      return `${place}: ${message}${help === '' ? '' : ` (${help})`}`;
    }),
  });
}
