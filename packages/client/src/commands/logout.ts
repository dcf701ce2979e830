import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import { type CommandLine, type CommonOptions, createCommand, outputOf } from './command-line.ts';

export function logoutCommand(line: CommandLine): Command {
  return createCommand('logout', {
    summary: 'sign out and forget the credential',
    description:
      'Ends the session at the console and forgets its credential and the device key. When the console cannot be ' +
      'reached, both are forgotten here all the same, and the session runs out by itself.',
    examples: ['logout', 'logout --profile work'],
  }).action(async (options: CommonOptions) => {
    const { ApiError, ConsoleUnreachable } = await import('../api/api-error.ts');
    const { chooseConnection, LOCAL_PROFILE } = await import('../profile/connection.ts');
    const { forgetDevice } = await import('../profile/device.ts');
    const { loadProfiles, saveProfiles } = await import('../profile/profiles.ts');
    const output = outputOf(line, options);

    const known = loadProfiles();
    const name = options.profile ?? known.active;
    if (name === null || known.profiles[name] === undefined) {
      throw new CliError(name === null ? 'not signed in to any console' : `there is no profile ${name}`, {
        reason: 'api.unauthenticated',
        next: name === LOCAL_PROFILE ? 'The console on this machine needs no login.' : 'Nothing to do.',
        exitCode: EXIT.notSignedIn,
      });
    }
    const connection = chooseConnection({ profile: name });
    let ended = true;
    try {
      await connection.api.call('sessions.deleteCurrent', {});
    } catch (error) {
      // Away, or a session that has ended already: what matters is that nothing is left here.
      if (!(error instanceof ApiError) && !(error instanceof ConsoleUnreachable)) throw error;
      ended = error instanceof ApiError && error.status === 401;
    }
    await forgetDevice(connection);
    const { [name]: _forgotten, ...profiles } = known.profiles;
    saveProfiles({ active: Object.keys(profiles)[0] ?? null, profiles });
    output.line(`Signed out of ${connection.consoleUrl}.`);
    if (!ended) output.note('The console could not be told; the session there ends by itself.');
    output.document({ profile: name, consoleUrl: connection.consoleUrl, sessionEnded: ended });
  });
}
