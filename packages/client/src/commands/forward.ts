import type { Command } from 'commander';
import { type CommandLine, type CommonOptions, createCommand, outputOf, parseRepeated } from './command-line.ts';

interface ForwardOptions extends CommonOptions {
  readonly listen?: string[];
  readonly udp?: boolean;
}

export function forwardCommand(line: CommandLine): Command {
  return createCommand('forward', {
    summary: 'reach a private address through a gateway',
    description:
      'Listens on local addresses and sends what comes through a gateway to the agent or site that reaches the remote ' +
      'address, if policy lets you. Without a local address: the same port on localhost.',
    examples: [
      'forward db.corp:5432 localhost:5432',
      'forward db.corp:5432 5432 cache.corp:6379 6379',
      'forward -L db.corp:5432=localhost:15432 -L web.corp:80=8080',
      'forward --udp dns.corp:53 localhost:5353',
    ],
  })
    .argument('[addresses...]', 'pairs of remote and local address')
    .option('-L, --listen <remote=local>', 'one more pair', parseRepeated)
    .option('--udp', 'forward datagrams instead of connections')
    .action(async (words: string[], options: ForwardOptions) => {
      const [{ parseForwardRules }, { runForward }] = await Promise.all([
        import('../forward/rule.ts'),
        import('../forward/run-forward.ts'),
      ]);
      await runForward({
        rules: parseForwardRules(words, options.listen ?? []),
        protocol: options.udp === true ? 'udp' : 'tcp',
        output: outputOf(line, options),
        profile: options.profile,
        environment: line.environment,
      });
    });
}
