import { type Command, Option } from 'commander';
import { CliError, usageError } from '../cli-error.ts';
import { type CommandLine, type CommonOptions, connect, createCommand, outputOf } from './command-line.ts';

interface EraseOptions extends CommonOptions {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly disable?: boolean;
}

export function auditEraseCommand(line: CommandLine): Command {
  return createCommand('erase', {
    summary: 'make what the log says of a person unreadable, for ever',
    description:
      'Destroys the key of what entries say of the person: mail address, name, network addresses and programs. The log verifies as ' +
      'before, here and off-line; an entry says that it was done. The account must be disabled. It cannot be undone; backups of the ' +
      'database from before still hold the key. The account itself stays: entries that are made of it later hold its data again.',
    examples: ['audit erase ann@example.com --dry-run', 'audit erase ann@example.com --disable --yes'],
  })
    .argument('<user>', 'mail address or id')
    .option('--dry-run', 'only say what it would take away')
    .option('--disable', 'disable the account first')
    .addOption(new Option('--yes', 'yes, it cannot be undone'))
    .action(async (name: string, options: EraseOptions) => {
      const output = outputOf(line, options);
      if (options.dryRun !== true && options.yes !== true) {
        throw usageError('this cannot be undone', `Look first with --dry-run; then say --yes.`);
      }
      const { listAll } = await import('../api/client.ts');
      const { api } = await connect(line, options);
      const users = await listAll(api, 'users.list');
      const user = users.find(({ id, email }) => id === name || email === name.toLowerCase());
      if (user === undefined) {
        throw new CliError(`there is no user ${name}`, {
          reason: 'api.not_found',
          next: 'Run zeronaut users list to see what there is.',
        });
      }
      const params = { id: user.id };
      if (options.dryRun === true) {
        const preview = await api.call('audit.previewErasure', { params }, { timeoutMs: 60_000 });
        output.document(preview);
        output.line(`${countOf(preview.entries)} would say [erased] where they say something of ${user.email} now.`);
        if (preview.plainEntries > 0) output.line(plain(preview.plainEntries));
        if (preview.active) output.line('The account is open: it must be disabled first (--disable).');
        return;
      }
      if (options.disable === true && user.status === 'active') {
        const ifMatch = `"${user.version}"`;
        await api.call('users.update', { params, body: { status: 'disabled' } }, { ifMatch });
      }
      const erased = await api.call('audit.erase', { params }, { timeoutMs: 60_000 });
      output.document(erased);
      output.line(`${countOf(erased.entries)} say [erased] now where they said something of the person.`);
      if (erased.plainEntries > 0) output.line(plain(erased.plainEntries));
      output.line(output.style('dim', '  Backups of the database hold the key until they are gone.'));
    });
}

const countOf = (count: number) => `${count} ${count === 1 ? 'entry' : 'entries'}`;
const plain = (count: number) =>
  `${countOf(count)} of before personal data were sealed hold the mail address for as long as they are kept.`;
