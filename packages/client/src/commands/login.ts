import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import { type CommandLine, type CommonOptions, createCommand, outputOf } from './command-line.ts';

interface LoginOptions extends CommonOptions {
  readonly name?: string;
  readonly browser: boolean;
  readonly insecureHttp?: boolean;
}

export function loginCommand(line: CommandLine): Command {
  return createCommand('login', {
    summary: 'sign in to a console',
    description:
      'Signs in to a console: shows a code, and the address at which a signed-in person approves it (RFC 8628). ' +
      'Without an address: the console of the last login. On the machine of the console itself no login is needed.',
    examples: ['login https://console.example.com', 'login https://console.example.com --name work --no-browser'],
    profile: false,
  })
    .argument('[console]', 'address of the console')
    .option('--name <name>', "name of the profile (default: the console's host)")
    .option('--no-browser', 'do not try to open a browser')
    .option('--insecure-http', 'allow plain http to another machine: whoever is on the way reads the credential')
    .action(async (address: string | undefined, options: LoginOptions) => {
      const { ApiClient } = await import('../api/client.ts');
      const { authorizeDevice } = await import('../api/device-flow.ts');
      const { loadDeviceKey } = await import('../profile/device.ts');
      const { parseConsoleUrl, LOCAL_PROFILE } = await import('../profile/connection.ts');
      const { loadProfiles, profileNameOf, saveProfiles } = await import('../profile/profiles.ts');
      const { onInterrupt } = await import('../interrupt.ts');
      const output = outputOf(line, options);

      const known = loadProfiles();
      const last = known.active === null ? undefined : known.profiles[known.active]?.consoleUrl;
      const consoleUrl = address === undefined ? last : parseConsoleUrl(address);
      if (consoleUrl === undefined) {
        throw new CliError('which console?', {
          reason: 'cli.usage',
          next: 'Run zeronaut login https://console.example.com.',
          exitCode: EXIT.usage,
        });
      }
      if (options.name === LOCAL_PROFILE) {
        throw new CliError(`the profile name ${LOCAL_PROFILE} stands for the console on this machine`, {
          reason: 'cli.usage',
          next: 'Choose another --name.',
          exitCode: EXIT.usage,
        });
      }
      if (!isConfidential(consoleUrl) && options.insecureHttp !== true) {
        throw new CliError(`${consoleUrl} is not encrypted, and it is another machine`, {
          reason: 'cli.insecure',
          next: 'Use its https address, or add --insecure-http if the network between is yours alone.',
          exitCode: EXIT.usage,
        });
      }

      const interrupt = onInterrupt();
      try {
        const { token, expiresAt } = await authorizeDevice(
          new ApiClient({ consoleUrl, token: null }),
          (code) => {
            output.line(`Open   ${output.style('bold', code.verificationUriComplete)}`);
            output.line(`Code   ${output.style('bold', code.userCode)}`);
            output.line(output.style('dim', 'Waiting for the approval…'));
            output.event('code', { ...code });
            const interactive = line.stdout.isTTY === true && !output.json;
            if (interactive && options.browser) void openInBrowser(code.verificationUriComplete);
          },
          interrupt.signal,
        ).catch((error: unknown) => {
          if (!interrupt.signal.aborted) throw error;
          throw new CliError('login was interrupted', {
            reason: 'cli.interrupted',
            next: 'Nothing was kept; run it again for a new code.',
            cause: error,
          });
        });
        const name = options.name ?? profileNameOf(consoleUrl);
        // Where the machine is a device already, its first call binds the session to it.
        const deviceKey = () => loadDeviceKey({ consoleUrl, identity: `profile:${name}` });
        const { user, organization, role } = await new ApiClient({ consoleUrl, token, deviceKey }).call('me.get', {});
        const email = user?.email ?? null;
        saveProfiles({
          active: name,
          profiles: { ...loadProfiles().profiles, [name]: { consoleUrl, token, email, expiresAt } },
        });
        output.line(`Signed in as ${email ?? 'an API key'} (${role}, ${organization.name}). Profile ${name}.`);
        output.event('signed_in', {
          profile: name,
          consoleUrl,
          email,
          role,
          organization: organization.name,
          expiresAt,
        });
      } finally {
        interrupt.dispose();
      }
    });
}

async function openInBrowser(url: string): Promise<void> {
  const { openBrowser } = await import('../output/open-browser.ts');
  openBrowser(url);
}

/** https, or http that does not leave this machine. */
function isConfidential(consoleUrl: string): boolean {
  const { protocol, hostname } = new URL(consoleUrl);
  return (
    protocol === 'https:' || hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
  );
}
