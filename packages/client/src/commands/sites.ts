import type { Command } from 'commander';
import { formatTable } from '../output/format.ts';
import { type CommandLine, type CommonOptions, connect, createCommand, createGroup, outputOf } from './command-line.ts';

export function sitesCommand(line: CommandLine): Command {
  const group = createGroup('sites', 'the networks that forward reaches');
  group.addCommand(
    createCommand('list', { summary: 'list sites', examples: ['sites list', 'sites list --json'] }).action(
      async (options: CommonOptions) => {
        const { listAll } = await import('../api/client.ts');
        const output = outputOf(line, options);
        const sites = await listAll((await connect(line, options)).api, 'sites.list');
        output.document(sites);
        if (sites.length === 0) {
          output.line('No sites. An agent with sites in its agent.yaml makes one: zeronaut agent run --help');
          return;
        }
        const rows = sites.map((site) => [
          site.name,
          site.connection,
          site.destinations.join(' '),
          site.access.mode === 'public' ? 'every device' : site.access.allow.join(' ') || 'every active user',
        ]);
        const [headings, ...texts] = formatTable(['NAME', 'CONNECTION', 'DESTINATIONS', 'WHO'], rows);
        output.line(output.style('bold', headings!));
        for (const text of texts) output.line(text);
      },
    ),
    { isDefault: true },
  );
  return group;
}
