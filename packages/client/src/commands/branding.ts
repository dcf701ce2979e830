import type { Branding } from '@zeronaut/model';
import { type Command, Option } from 'commander';
import { usageError } from '../cli-error.ts';
import type { Output } from '../output/output.ts';
import { type CommandLine, type CommonOptions, connect, createCommand, createGroup, outputOf } from './command-line.ts';

interface SetOptions extends CommonOptions {
  readonly name?: string;
  readonly colour?: string | false;
  readonly text?: string;
  readonly default?: boolean;
}

export function brandingCommand(line: CommandLine): Command {
  const group = createGroup('branding', 'name, colour and words on the sign-in and error pages of gateways');

  group.addCommand(
    createCommand('show', {
      summary: 'show how pages present themselves',
      examples: ['branding show', 'branding show --json'],
    }).action(async (options: CommonOptions) => {
      const output = outputOf(line, options);
      const branding = await (await connect(line, options)).api.call('branding.get', {});
      output.document(branding);
      show(output, branding);
      output.line(output.style('dim', '  Change it:  zeronaut branding set --name "…"'));
    }),
    { isDefault: true },
  );

  group.addCommand(
    createCommand('set', {
      summary: 'change name, colour or words; what is not given stays',
      description: 'Plain text and one colour, never markup. Gateways show it within a second.',
      examples: [
        'branding set --name "Example Ltd" --colour "#2451d6"',
        'branding set --text "Trouble? Call 4711."',
        'branding set --no-colour',
        'branding set --default',
      ],
    })
      .option('--name <text>', 'in the place of the product’s name')
      .option('--colour <#rrggbb>', 'of the mark and of buttons')
      .option('--no-colour', 'the product’s own')
      .option('--text <text>', 'below each page; "" for none')
      .addOption(new Option('--default', 'as it was at first').conflicts(['name', 'colour', 'text']))
      .action(async (options: SetOptions) => {
        const { DEFAULT_BRANDING } = await import('@zeronaut/model');
        const { name, colour, text } = options;
        const change = {
          ...(name !== undefined && { name }),
          ...(colour !== undefined && { colour: colour === false ? null : colour.toLowerCase() }),
          ...(text !== undefined && { text }),
        };
        if (options.default !== true && Object.keys(change).length === 0) {
          throw usageError('say what to change: --name, --colour, --no-colour, --text or --default');
        }
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        // What is not given is sent as it was read: not over what somebody else wrote meanwhile.
        const { version, ...before } = await api.call('branding.get', {});
        const body = options.default === true ? DEFAULT_BRANDING : { ...before, ...change };
        const branding = await api.call('branding.set', { body }, { ifMatch: `"${version}"` });
        output.document(branding);
        show(output, branding);
      }),
  );
  return group;
}

function show(output: Output, { name, colour, text }: Branding): void {
  output.line(`Name    ${name}`);
  output.line(`Colour  ${colour ?? 'the product’s own'}`);
  output.line(`Text    ${text === '' ? '-' : text}`);
}
