import { type Command, Option } from 'commander';
import {
  type CommandLine,
  type CommonOptions,
  connect,
  createCommand,
  createGroup,
  outputOf,
  parseDuration,
  parseListenPort,
} from './command-line.ts';
import { findGateway } from './gateways.ts';
import { placeCommand } from './place.ts';
import { parsePortRange } from './port-range.ts';

export interface GatewayRunOptions extends CommonOptions {
  readonly config?: string;
  readonly console?: string;
  readonly tokenFile?: string;
  readonly name?: string;
  readonly region?: string;
  readonly baseDomain?: string;
  readonly publicHost?: string;
  readonly host: string;
  readonly httpsPort: number;
  readonly httpPort: number;
  readonly tunnelPort: number;
  readonly managementPort: number;
  readonly portRange: { from: number; to: number };
  readonly dataDirectory?: string;
}

interface TokenOptions extends CommonOptions {
  readonly for: number;
}

export function gatewayCommand(line: CommandLine): Command {
  const group = createGroup('gateway', 'run a gateway, let one enrol, say where it is');

  group.addCommand(
    createCommand('run', {
      summary: 'run a gateway',
      description:
        'Runs a gateway until it is stopped: from a file, alone or with a console, or from flags with a console. ' +
        'The enrolment token of a first start is read from ZERONAUT_GATEWAY_TOKEN or a file, never from the command ' +
        'line. With a file, SIGHUP or a changed file reloads without dropping a connection.',
      examples: [
        'gateway run --config gateway.yaml',
        'gateway run --console https://console.example.com --base-domain gw.example.com --token-file token',
      ],
      profile: false,
    })
      .addHelpText('after', `\n${fileExample}`)
      .option('--config <path>', 'gateway.yaml')
      .option('--console <url>', 'address of the console')
      .option('--token-file <path>', 'file with the enrolment token (first start)')
      .option('--name <name>', 'name of this gateway')
      .option('--region <name>', 'where it is')
      .option('--base-domain <domain>', 'services answer at <name>.<domain>')
      .option('--public-host <host>', 'address that visitors and agents dial (default: the base domain)')
      .option('--host <address>', 'interface to listen on', '0.0.0.0')
      .option('--https-port <port>', 'public https', parseListenPort, 8443)
      .option('--http-port <port>', 'public http, which redirects', parseListenPort, 8000)
      .option('--tunnel-port <port>', 'where agents dial', parseListenPort, 8444)
      .option('--management-port <port>', 'health and metrics, on loopback', parseListenPort, 9090)
      .addOption(
        new Option('--port-range <from-to>', 'public ports of tcp and udp services')
          .argParser(parsePortRange)
          .default({ from: 20_000, to: 20_999 }, '20000-20999'),
      )
      .option('--data-directory <path>', 'state (default: $ZERONAUT_HOME/gateway)')
      .action(async (options: GatewayRunOptions, command: Command) => {
        const { runGatewayProgram } = await import('../start/run-gateway-program.ts');
        const given = command.options
          .map((option) => option.attributeName())
          .filter((name) => name !== 'json' && command.getOptionValueSource(name) === 'cli');
        await runGatewayProgram(options, given, outputOf(line, options), line.environment);
      }),
  );

  group.addCommand(
    createCommand('token', {
      summary: 'make a token with which one gateway can enrol',
      description: 'Makes a short-lived token with which one gateway can enrol at the console, once.',
      examples: ['gateway token', 'gateway token --for 15m --json'],
    })
      .addOption(new Option('--for <time>', 'how long it is valid').argParser(parseDuration).default(3_600, '1h'))
      .action(async (options: TokenOptions) => {
        const output = outputOf(line, options);
        const { api, consoleUrl } = await connect(line, options);
        const answer = await api.call('gateways.createEnrolment', { body: { ttlSeconds: options.for } });
        output.document({ ...answer, consoleUrl });
        output.line(answer.token);
        output.note(`Valid once, until ${answer.expiresAt}. On the gateway's machine:`);
        output.note(
          `  ZERONAUT_GATEWAY_TOKEN=<token> zeronaut gateway run --console ${consoleUrl} --base-domain gw.example.com`,
        );
      }),
  );

  group.addCommand(
    placeCommand(line, {
      noun: 'gateway',
      examples: ['gateway place edge-1 "Zürich, rack 4" --at 47.37,8.54', 'gateway place edge-1 --nowhere'],
      find: findGateway,
      set: (api, id, place) => api.call('gateways.setPlace', { params: { id }, body: { place } }),
    }),
  );
  return group;
}

const fileExample = `gateway.yaml, alone (all keys: docs/gateway.schema.json):
  version: 1
  listeners:
    - { address: "0.0.0.0:443", protocol: https }
    - { address: "0.0.0.0:80", protocol: http, redirectToHttps: true }
  certificates:
    - { hosts: ["*.example.com"], certificateFile: cert.pem, keyFile: key.pem }
  resources:
    - name: shop
      domains: [shop.example.com]
      access: public              # or addresses: [192.0.2.0/24]
      targets: [{ address: "10.1.0.7:80" }, { address: "10.1.0.8:80", weight: 2 }]`;
