import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import { formatDuration } from '../output/format.ts';
import type { Status } from '../profile/read-status.ts';
import { type CommandLine, type CommonOptions, connect, createCommand, outputOf } from './command-line.ts';

export function statusCommand(line: CommandLine): Command {
  return createCommand('status', {
    summary: 'show who you are, and whether console and gateways can be reached',
    description:
      'Shows the profile, whether the console answers, the device, and for each gateway whether a tunnel comes up and ' +
      'how long a round trip takes. Exit code 7 when the console cannot be reached, 8 when no gateway can, 4 when this ' +
      'device waits for approval or was revoked, which no network mends.',
    examples: ['status', 'status --json | jq .console.reachable'],
  }).action(async (options: CommonOptions) => {
    const { readStatus } = await import('../profile/read-status.ts');
    const { explain } = await import('../output/link-report.ts');
    const { devicePending, deviceRevoked } = await import('../profile/device.ts');
    const output = outputOf(line, options);
    const status = await readStatus(await connect(line, options));
    output.document(status);

    const yes = (text: string) => output.style('green', text);
    const no = (text: string) => output.style('red', text);
    const { console: console_, device, gateways } = status;
    output.line(`Profile   ${status.profile}`);
    output.line(
      `Console   ${console_.url}  ${console_.reachable ? yes(`reachable, ${formatDuration(console_.latencyMs!)}`) : no(`not reachable: ${console_.problem}`)}`,
    );
    if (status.user !== null) output.line(`Signed in ${status.user.email ?? 'as an API key'} (${status.user.role})`);
    output.line(`Device    ${device === null ? 'not enrolled yet' : `${device.id}, ${deviceText(device)}`}`);
    if (gateways.length === 0) output.line('Gateways  none');
    for (const [index, gateway] of gateways.entries()) {
      const outcome =
        gateway.tunnel === 'up'
          ? yes(`tunnel up, round trip ${formatDuration(gateway.latencyMs!)}`)
          : gateway.tunnel === 'unknown'
            ? 'not tried: this machine is not enrolled'
            : no(`no tunnel: ${explain(gateway.problem ?? '')}`);
      output.line(`${index === 0 ? 'Gateways ' : '         '} ${gateway.name} (${gateway.address})  ${outcome}`);
    }

    if (!console_.reachable || status.signedIn === false) {
      throw new CliError(
        console_.reachable ? 'the console does not accept the credential' : 'the console cannot be reached',
        {
          reason: console_.reachable ? 'api.unauthenticated' : 'cli.console_unreachable',
          next: console_.reachable ? 'Run zeronaut login.' : 'What runs goes on without it; changes have to wait.',
          exitCode: console_.reachable ? EXIT.notSignedIn : EXIT.consoleUnreachable,
        },
      );
    }
    if (device?.state === 'pending') throw devicePending(device.id);
    if (device?.state === 'revoked') throw deviceRevoked();
    if (gateways.some(({ tunnel }) => tunnel === 'down') && !gateways.some(({ tunnel }) => tunnel === 'up')) {
      throw new CliError('no gateway can be reached', {
        reason: 'cli.gateway_unreachable',
        next: 'Check that a gateway runs, and that its tunnel port is open from here.',
        exitCode: EXIT.gatewayUnreachable,
      });
    }
  });
}

function deviceText({ state, expiresAt }: NonNullable<Status['device']>): string {
  if (state === 'pending') return 'waits for approval';
  if (state === 'revoked') return 'revoked';
  return `certificate until ${expiresAt}`;
}
