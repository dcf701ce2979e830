import type { Removal } from '@zeronaut/model';
import type { Output } from './output.ts';

/** What each count is called: one, and several. */
const WORDS: Readonly<Record<keyof Removal['ends'], readonly [string, string]>> = {
  visitors: ['visitor of the last day', 'visitors of the last day'],
  accesses: ['access of the last day', 'accesses of the last day'],
  shares: ['share link', 'share links'],
  accessRequests: ['access request', 'access requests'],
  sessions: ['session of the command line', 'sessions of the command line'],
  tunnels: ['tunnel', 'tunnels'],
  people: ['account that can sign in by it alone', 'accounts that can sign in by it alone'],
  apiKeys: ['API key', 'API keys'],
  workloadTrusts: ['workload trust', 'workload trusts'],
  tokens: ['access token', 'access tokens'],
  changes: ['change within the last day', 'changes within the last day'],
  signedIn: ['person of whom it holds tokens', 'people of whom it holds tokens'],
  consents: ['person who allowed it to sign them in', 'people who allowed it to sign them in'],
};

/** The whole answer to `--dry-run`. */
export function printDryRun(output: Output, heading: string, removal: Removal): void {
  output.document({ dryRun: true, ...removal });
  output.line(heading);
  printRemoval(output, removal);
}

/** What would end, and what would go on naming it. */
export function printRemoval(output: Output, { ends, lastUsedAt, unreachable, namedBy }: Removal): void {
  const counted = Object.entries(ends).filter(([, count]) => count > 0) as [keyof Removal['ends'], number][];
  for (const [what, count] of counted) output.line(`  ${count} ${WORDS[what][count === 1 ? 0 : 1]}`);
  if (counted.length === 0) output.line('  nothing that is open or was used within the last day');
  if (lastUsedAt !== null) output.line(`Last used: ${lastUsedAt}`);
  const named = (items: readonly { kind: string; name: string }[]) =>
    items.map(({ kind, name }) => `${kind.replace('_', ' ')} ${name}`).join(', ');
  if (unreachable.length > 0) output.line(`Not reached any more: ${named(unreachable)}`);
  if (namedBy.length > 0) output.line(`Goes on naming it: ${named(namedBy)}`);
}
