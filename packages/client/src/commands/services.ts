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
        output.line(`  agent   ${service.connected ? 'connected' : 'away: start it again'}`);
        output.line(`  last    ${service.lastEventAt ?? 'no request yet'}`);
      }),
  );

  group.addCommand(
    createCommand('stop', {
      summary: 'stop a service and forget its name',
      description: 'Stops a service and forgets its name. An expose that still runs ends with a message.',
      examples: ['services stop calm-otter'],
    })
      .argument('<name>', 'name or id')
      .action(async (name: string, options: CommonOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        await named(name, () => api.call('services.delete', { params: { id: name } }));
        output.line(`${name} is stopped and its name is free.`);
        output.document({ stopped: name });
      }),
  );
  return group;
}

function printServices(output: Output, services: readonly ServiceView[]): void {
  const rows = services.map((service) => [
    service.name,
    service.protocol,
    service.access.mode === 'public' ? 'public' : 'login',
    service.connected ? 'connected' : 'away',
    service.targets[0]?.address ?? '',
    service.urls[0] ?? '',
  ]);
  const [headings, ...lines] = formatTable(['NAME', 'PROTOCOL', 'ACCESS', 'AGENT', 'TARGET', 'URL'], rows);
  output.line(output.style('bold', headings!));
  for (const text of lines) output.line(text);
}
