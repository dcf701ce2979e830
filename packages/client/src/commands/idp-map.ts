import type { GroupMapping } from '@zeronaut/model';
import type { Command } from 'commander';
import { usageError } from '../cli-error.ts';
import {
  type CommandLine,
  type CommonOptions,
  connect,
  createCommand,
  named,
  outputOf,
  parseRepeated,
  printTable,
} from './command-line.ts';

interface MapOptions extends CommonOptions {
  readonly remove?: string[];
}

type Parse = (text: string) => { from: string; group: string | null; role: string | null };

/** `zeronaut idp map`: what the groups of a provider give here. */
export function idpMapCommand(line: CommandLine, parseMapping: Parse): Command {
  return createCommand('map', {
    summary: 'say what groups of a provider give here',
    description:
      'Adds mappings, or replaces those of the same group. What the directory pushed (SCIM) counts by them at once; what comes ' +
      'with a sign-in, at the next one.',
    examples: ['idp map corp Engineering=dev "Platform Admins=ops:admin"', 'idp map corp --remove Engineering'],
  })
    .argument('<name>', 'name or id')
    .argument('[mappings...]', 'GROUP=group, GROUP=group:role or GROUP=:role')
    .option('--remove <group>', 'of this group nothing comes any more; repeatable', parseRepeated)
    .action(async (name: string, texts: string[], options: MapOptions) => {
      const added = texts.map(parseMapping) as GroupMapping[];
      const removed = options.remove ?? [];
      if (added.length + removed.length === 0) throw usageError('there is nothing to map and nothing to remove');
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const find = <T>(call: () => Promise<T>) => named(name, call, 'identity provider', 'idp list');
      const before = await find(() => api.call('identityProviders.get', { params: { id: name } }));
      const gone = new Set([...added.map(({ from }) => from), ...removed].map((from) => from.toLowerCase()));
      const groupMappings = [...before.groupMappings.filter(({ from }) => !gone.has(from.toLowerCase())), ...added];
      const { displayName, enabled, position, settings, createUsers, defaultRole } = before;
      const body = {
        name: before.name,
        displayName,
        enabled,
        position,
        settings,
        createUsers,
        defaultRole,
        groupMappings,
      };
      const input = { params: { id: before.id }, body };
      const after = await api.call('identityProviders.update', input, { ifMatch: `"${before.version}"` });
      output.document(after);
      const rows = after.groupMappings.map(({ from, group, role }) => [from, group ?? '-', role ?? '-']);
      if (rows.length === 0) output.line(`No group of ${after.name} gives anything here.`);
      else await printTable(output, ['GROUP THERE', 'GROUP HERE', 'ROLE'], rows);
    });
}
