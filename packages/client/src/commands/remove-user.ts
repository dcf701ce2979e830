import type { UserRemoval } from '@zeronaut/model';
import { type Command, Option } from 'commander';
import { usageError } from '../cli-error.ts';
import type { Output } from '../output/output.ts';
import { type CommandLine, type CommonOptions, connect, createCommand, outputOf } from './command-line.ts';
import { userByEmail } from './users.ts';

interface RemoveOptions extends CommonOptions {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly eraseAudit?: boolean;
}

/** What each count is called: one, and several. */
const WORDS: Readonly<Record<keyof UserRemoval['ends'], readonly [string, string]>> = {
  sessions: ['session', 'sessions'],
  devices: ['device', 'devices'],
  apiKeys: ['API key', 'API keys'],
  personalAccessTokens: ['personal access token', 'personal access tokens'],
  factors: ['second factor', 'second factors'],
  accessRequests: ['access request', 'access requests'],
  consents: ['consent to a service', 'consents to services'],
  workloadTrusts: ['workload trust', 'workload trusts'],
  shares: ['share link', 'share links'],
  invitations: ['invitation', 'invitations'],
  enrolments: ['enrolment token', 'enrolment tokens'],
};

export function removeUserCommand(line: CommandLine): Command {
  return createCommand('remove', {
    summary: 'remove a person or program for ever',
    description:
      'Ends sessions, devices, keys, tokens and access at once, cuts open connections, and forgets who it was. The audit log goes on saying ' +
      'what was done; with --erase-audit it no longer says of whom. It cannot be undone: users change --disable can.',
    examples: ['users remove ann@example.com --dry-run', 'users remove ann@example.com --yes --erase-audit'],
  })
    .argument('<email>', 'whom')
    .option('--dry-run', 'only say what would end')
    .option('--erase-audit', 'make what the audit log says of the person unreadable, too')
    .addOption(new Option('--yes', 'yes, it cannot be undone'))
    .action(async (email: string, options: RemoveOptions) => {
      const output = outputOf(line, options);
      const dryRun = options.dryRun === true;
      if (!dryRun && options.yes !== true) {
        throw usageError('this cannot be undone', 'Look first with --dry-run; then say --yes.');
      }
      const { api } = await connect(line, options);
      const { id, version } = await userByEmail(api, email);
      const params = { id };
      const removal = dryRun
        ? await api.call('users.previewRemoval', { params })
        : await api.call(
            'users.delete',
            { params, query: options.eraseAudit === true ? { eraseAudit: 'true' } : {} },
            { ifMatch: `"${version}"`, timeoutMs: 60_000 },
          );
      output.document({ dryRun, ...removal });
      output.line(dryRun ? `Removing ${email} would end:` : `${email} is removed. Ended:`);
      show(output, removal);
    });
}

function show(output: Output, { ends, unreachable, namedBy, erasure }: UserRemoval): void {
  const counted = Object.entries(ends).filter(([, count]) => count > 0) as [keyof UserRemoval['ends'], number][];
  for (const [what, count] of counted) output.line(`  ${count} ${WORDS[what][count === 1 ? 0 : 1]}`);
  if (counted.length === 0) output.line('  nothing: it had nothing open');
  const named = (items: readonly { kind: string; name: string }[]) =>
    items.map(({ kind, name }) => `${kind.replace('_', ' ')} ${name}`).join(', ');
  if (unreachable.length > 0) output.line(`Not reached any more: ${named(unreachable)}`);
  if (namedBy.length > 0) {
    output.line(`Goes on naming the address: ${named(namedBy)}`);
    output.line(output.style('dim', '  Whoever gets this address next would be meant: change them.'));
  }
  if (erasure !== null) output.line(`Audit entries that say [erased] now: ${erasure.entries}`);
}
