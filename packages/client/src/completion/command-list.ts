import type { Command } from 'commander';

/** docs/commands.md: every command with its options, made from the commands themselves. */
export function commandList(program: Command): string {
  const sections = program.commands.flatMap((command) => {
    const leaves = leavesOf(command, [command.name()]);
    const title = `## ${command.name()}\n\n${sentence(command.summary() || command.description())}`;
    const rows = leaves.map(
      ([path, leaf]) => `| \`${usageOf(path, leaf)}\` | ${cell(leaf.summary())} | ${optionsOf(leaf)} |`,
    );
    return [`${title}\n\n| Command | What it does | Options |\n|---|---|---|\n${rows.join('\n')}\n`];
  });
  return `# Commands

Made by \`node packages/client/src/completion/write-commands.ts\`; a test holds it against the program. Each command also has \`--json\`,
\`--help\` with examples, and, where it talks to a console, \`--profile\`. \`zeronaut --help\` lists exit codes and environment variables.

${sections.join('\n')}`;
}

function leavesOf(command: Command, path: readonly string[]): (readonly [readonly string[], Command])[] {
  if (command.commands.length === 0) return [[path, command]];
  return command.commands.flatMap((child) => leavesOf(child, [...path, child.name()]));
}

function usageOf(path: readonly string[], command: Command): string {
  const names = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '…' : ''}`;
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  return cell(['zeronaut', ...path, ...names].join(' '));
}

/** What every command has is left out. */
function optionsOf(command: Command): string {
  return command.options
    .filter(({ long }) => long !== '--json' && long !== '--profile')
    .map(({ flags }) => `\`${cell(flags)}\``)
    .join(', ');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
