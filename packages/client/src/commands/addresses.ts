import type { AddressGrantView } from '@zeronaut/model';
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

interface ListOptions extends CommonOptions {
  readonly user?: string;
  readonly all?: boolean;
}

export function addressesCommand(line: CommandLine): Command {
  const group = createGroup('addresses', 'addresses that people authorised for raw ports, and ending it');

  group.addCommand(
    createCommand('list', {
      summary: 'authorised addresses of the organization, newest first',
      examples: ['addresses list', 'addresses list --user ann@example.com', 'addresses list --all --json'],
    })
      .option('--user <email>', 'only of this person')
      .option('--all', 'also those of the last days, which count no more')
      .action(async (options: ListOptions) => {
        const { listAll } = await import('../api/client.ts');
        const { emailsOf, userByEmail } = await import('./users.ts');
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const userId = options.user === undefined ? undefined : (await userByEmail(api, options.user)).id;
        const addresses = await listAll(api, 'addresses.list', {
          sort: '-created',
          userId,
          ...(options.all === true ? {} : { open: 'true' }),
        });
        output.document(addresses);
        if (addresses.length === 0) output.line('No authorised addresses.');
        else await printAddresses(output, addresses, await emailsOf(api));
        if (addresses.length > 0) output.line(output.style('dim', '  End one:  zeronaut addresses end ID'));
      }),
    { isDefault: true },
  );

  group.addCommand(
    createCommand('end', {
      summary: 'close a port again that somebody opened for an address; open connections are cut',
      examples: ['addresses end grt_01…'],
    })
      .argument('<id>', 'id of the authorised address')
      .action(async (id: string, options: CommonOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        await named(id, () => api.call('addresses.delete', { params: { id } }), 'authorised address', 'addresses list');
        output.document({ ended: id });
        output.line(`${id} has ended; its gateway cuts its connections within a second.`);
      }),
  );
  return group;
}

/** `emails` null: all are the caller's. */
export async function printAddresses(
  output: ReturnType<typeof outputOf>,
  addresses: readonly AddressGrantView[],
  emails: ReadonlyMap<string, string> | null,
): Promise<void> {
  const rows = addresses.map((grant) => [
    grant.id,
    ...(emails === null ? [] : [emails.get(grant.userId) ?? grant.userId]),
    grant.address,
    grant.resource ?? grant.resourceId,
    grant.gateway,
    minute(grant.createdAt),
    grant.endedAt === null ? minute(grant.expiresAt) : `ended ${minute(grant.endedAt)}`,
  ]);
  const who = emails === null ? [] : ['WHO'];
  await printTable(output, ['ID', ...who, 'ADDRESS', 'SERVICE', 'GATEWAY', 'SINCE', 'UNTIL'], rows);
}
