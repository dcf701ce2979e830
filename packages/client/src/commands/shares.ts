import type { Command } from 'commander';
import {
  type CommandLine,
  type CommonOptions,
  connect,
  createCommand,
  createGroup,
  minute,
  named,
  outputOf,
  printTable,
} from './command-line.ts';

export function sharesCommand(line: CommandLine): Command {
  const group = createGroup('shares', 'links for guests that were made: list and revoke them');

  group.addCommand(
    createCommand('list', { summary: 'links of a service or resource', examples: ['shares list calm-otter'] })
      .argument('<name>', 'service or resource, by name or id')
      .action(async (name: string, options: CommonOptions) => {
        const { listAll } = await import('../api/client.ts');
        const { emailsOf } = await import('./users.ts');
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const { id } = await named(name, () => api.call('resources.get', { params: { id: name } }));
        const items = await listAll(api, 'shares.list', {}, { id });
        output.document(items);
        if (items.length === 0) {
          output.line(`No links. Make one: zeronaut share ${name} 24h`);
          return;
        }
        const emails = await emailsOf(api);
        const now = new Date().toISOString();
        const rows = items.map((share) => [
          share.id,
          emails.get(share.createdBy) ?? share.createdBy,
          minute(share.createdAt),
          share.revokedAt !== null
            ? 'revoked'
            : share.expiresAt <= now
              ? 'has expired'
              : `open until ${minute(share.expiresAt)}`,
        ]);
        await printTable(output, ['ID', 'MADE BY', 'MADE', 'STATE'], rows);
        output.line(output.style('dim', '  Take one back:  zeronaut shares revoke ID'));
      }),
  );

  group.addCommand(
    createCommand('revoke', {
      summary: 'take a link back; whoever came in by it is cut off',
      examples: ['shares revoke shr_01…'],
    })
      .argument('<id>', 'id of the link, as shares list shows it')
      .action(async (id: string, options: CommonOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        await named(id, () => api.call('shares.delete', { params: { id } }), 'share link', 'shares list NAME');
        output.document({ revoked: id });
        output.line(`${id} lets nobody in any more.`);
      }),
  );
  return group;
}
