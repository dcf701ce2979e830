import type { Command } from 'commander';
import {
  type CommandLine,
  type CommonOptions,
  connect,
  createCommand,
  named,
  outputOf,
  parseDuration,
} from './command-line.ts';

const DEFAULT_SHARE_SECONDS = 86_400;

export function shareCommand(line: CommandLine): Command {
  return createCommand('share', {
    summary: 'make a link that lets guests in for a time',
    description: 'Makes a signed link that lets guests into a service without login until it expires.',
    examples: ['share calm-otter', 'share calm-otter 7d --json'],
  })
    .argument('<name>', 'service or resource, by name or id')
    .argument('[time]', 'how long, such as 30m, 24h, 7d (at most 30d)', parseDuration, DEFAULT_SHARE_SECONDS)
    .action(async (name: string, ttlSeconds: number, options: CommonOptions) => {
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const resource = await named(name, () => api.call('resources.get', { params: { id: name } }));
      const { share, urls } = await api.call('shares.create', { params: { id: resource.id }, body: { ttlSeconds } });
      output.document({ id: share.id, resource: resource.name, expiresAt: share.expiresAt, urls });
      for (const url of urls) output.line(url);
      output.line(output.style('dim', `Valid until ${share.expiresAt}. Whoever has the link gets in.`));
    });
}
