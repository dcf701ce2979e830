import { Argument, type Command } from 'commander';
import { type CommandLine, createCommand } from './command-line.ts';

export function completionCommand(line: CommandLine): Command {
  const command = createCommand('completion', {
    summary: 'print a completion script for a shell',
    examples: [
      'completion bash > /etc/bash_completion.d/zeronaut',
      'completion zsh > ~/.zfunc/_zeronaut',
      'completion fish > ~/.config/fish/completions/zeronaut.fish',
    ],
    profile: false,
  });
  command.addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']));
  return command.action(async (shell: 'bash' | 'zsh' | 'fish') => {
    const { completionScript } = await import('../completion/completion-script.ts');
    line.stdout.write(completionScript(command.parent!, shell));
  });
}
