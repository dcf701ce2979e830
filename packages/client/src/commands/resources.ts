import type { Command } from 'commander';
import { formatTable } from '../output/format.ts';
import {
  type CommandLine,
  type CommonOptions,
  connect,
  createCommand,
  createGroup,
  noteBroken,
  ofFile,
  outputOf,
} from './command-line.ts';
import {
  dnsCommand,
  healthCommand,
  removeResourceCommand,
  showResourceCommand,
  testCommand,
} from './resource-questions.ts';
import { updateResourceCommand } from './resource-update.ts';

interface ApplyOptions extends CommonOptions {
  readonly file: string;
  readonly dryRun?: boolean;
  readonly prune?: boolean;
}

export function resourcesCommand(line: CommandLine): Command {
  const group = createGroup('resources', 'what people access: declared resources and services');

  group.addCommand(
    createCommand('list', { summary: 'list resources', examples: ['resources list', 'resources list --json'] }).action(
      async (options: CommonOptions) => {
        const { listAll } = await import('../api/client.ts');
        const output = outputOf(line, options);
        const resources = await listAll((await connect(line, options)).api, 'resources.list');
        output.document(resources);
        if (resources.length === 0) {
          output.line('No resources. Declare some: zeronaut resources apply --help');
          return;
        }
        const rows = resources.map((resource) => [
          resource.name,
          resource.origin,
          resource.protocol,
          resource.access.mode === 'public' ? 'public' : 'login',
          resource.port === null ? resource.domains.join(' ') : String(resource.port),
          resource.targets.map(({ address }) => address).join(' '),
        ]);
        const [headings, ...texts] = formatTable(
          ['NAME', 'ORIGIN', 'PROTOCOL', 'ACCESS', 'DOMAINS OR PORT', 'TARGETS'],
          rows,
        );
        output.line(output.style('bold', headings!));
        for (const text of texts) output.line(text);
      },
    ),
    { isDefault: true },
  );

  group.addCommand(
    createCommand('apply', {
      summary: 'make the declared resources as a file says',
      description:
        'Makes the declared resources as a YAML or JSON file says: creates what is missing, changes what differs. ' +
        'What the file does not name stays, unless --prune is given. Services are never touched.',
      examples: [
        'resources apply -f resources.yaml --dry-run',
        'resources apply -f resources.yaml --prune',
        'resources apply -f - --json < resources.json',
      ],
    })
      .addHelpText('after', `\n${fileExample}`)
      .requiredOption('-f, --file <path>', 'YAML or JSON file; - for standard input')
      .option('--dry-run', 'only say what would change')
      .option('--prune', 'delete declared resources that the file does not name')
      .action(async (options: ApplyOptions) => {
        const { resourcesFile } = await import('@zeronaut/model');
        const { readLocatedFile } = await import('../config/yaml-file.ts');
        const output = outputOf(line, options);
        const { value, placeOf } = readLocatedFile(options.file, resourcesFile);
        const dryRun = options.dryRun === true;
        const body = { ...value, prune: options.prune === true, dryRun };
        const { api } = await connect(line, options);
        const { changes, brokenAssertions } = await ofFile(placeOf, () => api.call('resources.apply', { body }));
        output.document({ dryRun, changes: changes.map(({ name, action }) => ({ name, action })), brokenAssertions });
        noteBroken(output, brokenAssertions, dryRun);
        const sign = { create: '+', update: '~', delete: '-', none: ' ' } as const;
        const style = { create: 'green', update: 'yellow', delete: 'red', none: 'dim' } as const;
        for (const { name, action } of changes) {
          const text = `${sign[action]} ${name}${action === 'none' ? ' (as it is)' : ''}`;
          output.line(output.style(style[action], text));
        }
        const made = changes.filter(({ action }) => action !== 'none').length;
        const changed = made === 1 ? '1 change' : `${made} changes`;
        output.line(dryRun ? `${changed} would be made.` : `${changed} made.`);
      }),
  );
  for (const command of [
    showResourceCommand,
    updateResourceCommand,
    testCommand,
    dnsCommand,
    healthCommand,
    removeResourceCommand,
  ]) {
    group.addCommand(command(line));
  }
  return group;
}

const fileExample = `resources.yaml:
  resources:
    - name: wiki
      domains: [wiki.gw.example.com]
      access:                     # or mode: public
        allow: [ann@example.com, group:dev]
      headers:
        host: wiki.internal       # what the service reads as Host
        request: [{ action: set, name: Authorization, value: Bearer of-the-backend }]
        response: [{ action: remove, name: Server }]
      limits: { concurrent: 50, bodyBytes: 10485760, rate: { requests: 100, perSeconds: 10 } }
      balancing: least-connections  # or weighted, source
      targets:                    # requests are spread over those that are healthy
        - address: 10.1.0.7:80
          healthCheck: { path: /health, intervalMs: 5000, timeoutMs: 2000 }
        - address: 10.1.0.8:80
          agent: rack-7           # device behind which it is; without: the gateway dials it
    - name: ssh
      protocol: tcp               # http, tcp, udp
      port: 20022
      access: { addresses: [192.0.2.0/24] }
      targets: [{ address: "10.1.0.9:22" }]`;
