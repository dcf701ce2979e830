import { CliError } from '../cli-error.ts';
import type { ConsoleRunOptions } from '../commands/console.ts';
import type { Output } from '../output/output.ts';
import { supervisorGone, tellSupervisor } from './supervision.ts';

/** API and command line work without it. */
export const WEB_NOT_BUILT =
  'The web console is not built: run npm run web in the directory of Zeronaut (npm start does so by itself).';

/** `zeronaut console run`: the console in this process, until it is stopped. It listens to signals itself. */
export async function runConsoleProgram(options: ConsoleRunOptions, output: Output): Promise<void> {
  const { runConsole } = await import('@zeronaut/console/main');
  const { json: _json, profile: _profile, ...asked } = options;
  const code = await runConsole({
    ...asked,
    signal: supervisorGone(),
    onReady({ url, setupUrl, syncPort, webBuilt }) {
      output.event('ready', { url, setupUrl, syncPort, webBuilt });
      output.line(`Console ready at ${url}`);
      if (setupUrl !== null) output.line(`Create the first owner (works once): ${setupUrl}`);
      if (!webBuilt) output.note(WEB_NOT_BUILT);
      tellSupervisor({ ready: true, url, setupUrl, webBuilt });
    },
  });
  if (code !== 0) throw new CliError('the console ended', { reason: 'cli.program_failed', next: 'See its log above.' });
}
