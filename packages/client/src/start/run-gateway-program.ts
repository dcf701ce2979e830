import { formatHostPort, type GatewayFile, gatewayFile } from '@zeronaut/model';
import { CliError, usageError } from '../cli-error.ts';
import type { GatewayRunOptions } from '../commands/gateway.ts';
import { EXIT } from '../exit-code.ts';
import type { Output } from '../output/output.ts';
import { supervisorGone, tellSupervisor } from './supervision.ts';

/** Flags that say something beside a file. */
const BESIDE_CONFIG = new Set(['config']);

/** `zeronaut gateway run`: the gateway in this process, until it is stopped. It listens to signals itself. `given` are the options on the command line. */
export async function runGatewayProgram(
  options: GatewayRunOptions,
  given: readonly string[],
  output: Output,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const { config } = options;
  if (config !== undefined && given.some((name) => !BESIDE_CONFIG.has(name))) {
    throw usageError('--config stands alone', 'Write what the other flags say into the file.');
  }
  const source = config === undefined ? { file: fileFromFlags(options, environment) } : { configFile: config };
  const { runGateway } = await import('@zeronaut/gateway/main');
  const code = await runGateway({
    ...source,
    signal: supervisorGone(),
    onReady() {
      output.event('ready', {});
      tellSupervisor({ ready: true });
    },
  });
  if (code === 0) return;
  throw new CliError(code === EXIT.usage ? 'the configuration is not valid' : 'the gateway ended', {
    reason: code === EXIT.usage ? 'config.invalid' : 'cli.program_failed',
    next: code === EXIT.usage ? 'Correct the places that are named above.' : 'See its log above.',
    exitCode: code === EXIT.usage ? EXIT.usage : EXIT.failed,
  });
}

function fileFromFlags(options: GatewayRunOptions, environment: NodeJS.ProcessEnv): GatewayFile {
  if (options.console === undefined || options.baseDomain === undefined) {
    throw usageError(
      'a gateway needs --config, or --console and --base-domain',
      'See zeronaut gateway run --help; zeronaut gateway token makes the token of a first start.',
    );
  }
  const at = (port: number) => formatHostPort(options.host, port);
  const token = environment.ZERONAUT_GATEWAY_TOKEN ?? '';
  const parsed = gatewayFile.safeParse({
    version: 1,
    listeners: [
      { address: at(options.httpsPort), protocol: 'https' },
      { address: at(options.httpPort), protocol: 'http' },
    ],
    tunnel: { address: at(options.tunnelPort) },
    management: { address: formatHostPort('127.0.0.1', options.managementPort) },
    rawAddress: options.host,
    ...(options.dataDirectory !== undefined && { dataDirectory: options.dataDirectory }),
    console: {
      url: options.console,
      baseDomain: options.baseDomain,
      portRange: options.portRange,
      ...(token !== '' && { token }),
      ...(options.tokenFile !== undefined && { tokenFile: options.tokenFile }),
      ...(options.name !== undefined && { name: options.name }),
      ...(options.region !== undefined && { region: options.region }),
      ...(options.publicHost !== undefined && { publicHost: options.publicHost }),
    },
  });
  if (parsed.success) return parsed.data;
  throw new CliError('the flags do not make a valid gateway', {
    reason: 'config.invalid',
    next: 'Correct the named values.',
    exitCode: EXIT.usage,
    details: parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`),
  });
}
