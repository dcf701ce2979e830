import type { ServiceView } from '@zeronaut/model';
import type { Command } from 'commander';
import { formatTable } from '../output/format.ts';
import type { Output } from '../output/output.ts';
import {
  type CommandLine,
  type CommonOptions,
  connect,
  createCommand,
  createGroup,
  named,
  outputOf,
} from './command-line.ts';

export function servicesCommand(line: CommandLine): Command {
  const group = createGroup('services', 'the services that agents publish');

  group.addCommand(
    createCommand('list', {
      summary: 'list services',
      examples: ['services list', 'services list --json | jq -r .[].name'],
    }).action(async (options: CommonOptions) => {
      const { listAll } = await import('../api/client.ts');
      const output = outputOf(line, options);
      const services = await listAll((await connect(line, options)).api, 'services.list');
      output.document(services);
      if (services.length === 0) output.line('No services. Publish one: zeronaut expose localhost:3000 http');
      else printServices(output, services);
    }),
    { isDefault: true },
  );

  group.addCommand(
    createCommand('show', { summary: 'show one service', examples: ['services show calm-otter'] })
      .argument('<name>', 'name or id')
      .action(async (name: string, options: CommonOptions) => {
        const { accessSummary } = await import('../output/access-summary.ts');
        const { dnsAdvice, portalsOf } = await import('../output/exposed.ts');
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const service = await named(name, () => api.call('services.get', { params: { id: name } }));
        output.document(service);
        output.line(`${output.style('bold', service.name)}  (${service.protocol}, ${service.id})`);
        for (const url of service.urls) output.line(`  url     ${url}`);
        for (const target of service.targets) output.line(`  target  ${target.address} (${target.protocol})`);
        for (const text of accessSummary(service)) output.line(`  access  ${text}`);
        for (const url of portalsOf(service)) output.line(`  portal  ${url}`);
        for (const record of dnsAdvice(service)) output.line(`  dns     ${record}`);
        if (!service.enabled)
          output.line(`  state   stopped: zeronaut services start ${service.name} lets people in again`);
        else output.line(`  agent   ${service.connected ? 'connected' : 'away: start it again'}`);
        output.line(`  last    ${service.lastEventAt ?? 'no request yet'}`);
      }),
  );

  const switches = [
    {
      verb: 'stop',
      summary: 'let nobody in until it is started again',
      description:
        'Lets nobody in, and cuts what is open, until somebody starts it again. It stays listed under its name and address, also ' +
        'when its agent ends and comes back; the agent is told.',
      done: (name: string) => `${name} is stopped. Start it again: zeronaut services start ${name}`,
    },
    {
      verb: 'start',
      summary: 'let people in again where it was stopped',
      description: 'Lets people in again, under the rule that it has.',
      done: (name: string) => `${name} is started.`,
    },
  ] as const;
  for (const { verb, summary, description, done } of switches) {
    group.addCommand(
      createCommand(verb, { summary, description, examples: [`services ${verb} calm-otter`] })
        .argument('<name>', 'name or id')
        .action(async (name: string, options: CommonOptions) => {
          const output = outputOf(line, options);
          const { api } = await connect(line, options);
          const service = await named(name, () => api.call(`services.${verb}`, { params: { id: name } }));
          output.line(done(service.name));
          output.document(service);
        }),
    );
  }

  group.addCommand(
    createCommand('remove', {
      summary: 'forget a service and its name',
      description:
        'Lets nobody in and forgets the name. An expose that still runs ends with a message; publishing it anew makes another service.',
      examples: ['services remove calm-otter --dry-run', 'services remove calm-otter'],
    })
      .argument('<name>', 'name or id')
      .option('--dry-run', 'only say what would end')
      .action(async (name: string, options: CommonOptions & { readonly dryRun?: boolean }) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        if (options.dryRun === true) {
          const { printRemoval } = await import('../output/removal.ts');
          const removal = await named(name, () => api.call('resources.previewRemoval', { params: { id: name } }));
          output.document({ dryRun: true, ...removal });
          output.line(`Removing ${name} would end:`);
          printRemoval(output, removal);
          return;
        }
        await named(name, () => api.call('services.delete', { params: { id: name } }));
        output.line(`${name} is removed and its name is free.`);
        output.document({ removed: name });
      }),
  );
  return group;
}

function printServices(output: Output, services: readonly ServiceView[]): void {
  const rows = services.map((service) => [
    service.name,
    service.protocol,
    service.access.mode === 'public' ? 'public' : 'login',
    service.enabled ? (service.connected ? 'connected' : 'away') : 'stopped',
    service.targets[0]?.address ?? '',
    service.urls[0] ?? '',
  ]);
  const [headings, ...lines] = formatTable(['NAME', 'PROTOCOL', 'ACCESS', 'AGENT', 'TARGET', 'URL'], rows);
  output.line(output.style('bold', headings!));
  for (const text of lines) output.line(text);
}
