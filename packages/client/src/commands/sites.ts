import type { Site } from '@zeronaut/model';
import type { Command } from 'commander';
import type { ApiClient } from '../api/client.ts';
import { CliError, usageError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import { formatTable } from '../output/format.ts';
import { type CommandLine, type CommonOptions, connect, createCommand, createGroup, outputOf } from './command-line.ts';
import { placeCommand } from './place.ts';

interface RemoveOptions extends CommonOptions {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

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
        const rows = sites.map((site) => [site.name, site.connection, site.destinations.join(' '), whoOf(site)]);
        const [headings, ...texts] = formatTable(['NAME', 'CONNECTION', 'DESTINATIONS', 'WHO'], rows);
        output.line(output.style('bold', headings!));
        for (const text of texts) output.line(text);
      },
    ),
    { isDefault: true },
  );

  group.addCommand(
    createCommand('show', { summary: 'show one site', examples: ['sites show lab', 'sites show lab --json'] })
      .argument('<name>', 'name or id')
      .action(async (name: string, options: CommonOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const site = await findSite(api, name);
        output.document(site);
        output.line(output.style('bold', `${site.name}  (${site.connection}, ${site.id})`));
        for (const destination of site.destinations) output.line(`  reaches  ${destination}`);
        output.line(`  who      ${whoOf(site)}`);
        if (site.deviceId !== null) output.line(`  device   ${site.deviceId}`);
      }),
  );

  group.addCommand(
    createCommand('remove', {
      summary: 'delete a site; forwards through it are cut',
      description: 'An agent that names it in its agent.yaml makes it again when it starts.',
      examples: ['sites remove lab --dry-run', 'sites remove lab --yes'],
    })
      .argument('<name>', 'name or id')
      .option('--dry-run', 'only say what would go')
      .option('--yes', 'yes, it cannot be undone')
      .action(async (name: string, options: RemoveOptions) => {
        const dryRun = options.dryRun === true;
        if (!dryRun && options.yes !== true) {
          throw usageError('this cannot be undone', 'Look first with --dry-run; then say --yes.');
        }
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const site = await findSite(api, name);
        const params = { id: site.id };
        const removal = dryRun ? await api.call('sites.previewRemoval', { params }) : null;
        if (!dryRun) await api.call('sites.delete', { params });
        output.document({ dryRun, removed: site, ...removal });
        output.line(`${site.name} ${dryRun ? 'would be' : 'is'} removed; it reaches ${site.destinations.join(' ')}.`);
        if (removal === null) return;
        const { printRemoval } = await import('../output/removal.ts');
        output.line('It would end:');
        printRemoval(output, removal);
      }),
  );
  group.addCommand(
    placeCommand(line, {
      noun: 'site',
      examples: ['sites place office "Bern, 2nd floor" --at 46.95,7.45', 'sites place office --nowhere'],
      find: findSite,
      set: (api, id, place) => api.call('sites.setPlace', { params: { id }, body: { place } }),
    }),
  );
  return group;
}

function whoOf({ access }: Site): string {
  return access.mode === 'public' ? 'every device' : access.allow.join(' ') || 'every active user';
}

async function findSite(api: ApiClient, name: string): Promise<Site> {
  const { listAll } = await import('../api/client.ts');
  const found = (await listAll(api, 'sites.list')).find((site) => site.id === name || site.name === name);
  if (found !== undefined) return found;
  throw new CliError(`there is no site ${name}`, {
    reason: 'api.not_found',
    next: 'Run zeronaut sites list to see what there is.',
    exitCode: EXIT.notFound,
  });
}
