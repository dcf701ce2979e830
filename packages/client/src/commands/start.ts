import type { Command } from 'commander';
import { type CommandLine, type CommonOptions, createCommand, outputOf, parsePort } from './command-line.ts';
import { parsePortRange } from './port-range.ts';

interface StartOptions extends CommonOptions {
  readonly baseDomain?: string;
  readonly publicHost?: string;
  readonly consoleHost?: string;
  readonly gatewayHost?: string;
  readonly consolePort?: number;
  readonly syncPort?: number;
  readonly httpsPort?: number;
  readonly httpPort?: number;
  readonly tunnelPort?: number;
  readonly managementPort?: number;
  readonly portRange?: { from: number; to: number };
  readonly reEnrol?: boolean;
}

export function startCommand(line: CommandLine): Command {
  return createCommand('start', {
    summary: 'run a console and a gateway on this machine',
    description:
      'Runs a console and a gateway on this machine until Ctrl-C, and starts again what crashes. The first start ' +
      'creates everything; flags are remembered for the next one.',
    examples: [
      'start',
      'start --base-domain gateway.example.com --public-host 203.0.113.7',
      'start --console-port 18080 --json',
    ],
    profile: false,
  })
    .option('--base-domain <domain>', 'services answer at <name>.<domain> (default: localhost)')
    .option('--public-host <host>', 'address that visitors and agents dial (default: the base domain)')
    .option('--console-host <address>', 'interface of the console (default: 127.0.0.1)')
    .option('--gateway-host <address>', 'interface of the gateway (default: 0.0.0.0)')
    .option('--console-port <port>', 'API and pages (default: 8080)', parsePort)
    .option('--sync-port <port>', 'where gateways reach the console (default: 8081)', parsePort)
    .option('--https-port <port>', 'public https (default: 8443)', parsePort)
    .option('--http-port <port>', 'public http, which redirects (default: 8000)', parsePort)
    .option('--tunnel-port <port>', 'where agents dial (default: 8444)', parsePort)
    .option('--management-port <port>', 'health and metrics, on loopback (default: 9090)', parsePort)
    .option('--port-range <from-to>', 'public ports of tcp and udp services (default: 20000-20999)', parsePortRange)
    .option('--re-enrol', 'make the gateway a new one, with another domain or address')
    .action(async ({ json, reEnrol, ...asked }: StartOptions) => {
      const [{ runStart }, { loadSettings }] = await Promise.all([
        import('../start/run-start.ts'),
        import('../start/settings.ts'),
      ]);
      await runStart({
        ...loadSettings(asked),
        reEnrol: reEnrol === true,
        output: outputOf(line, { json }),
        environment: line.environment,
      });
    });
}
