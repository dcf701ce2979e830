import { Argument, type Command, Option } from 'commander';
import type { ExposeProtocol } from '../agent/wish.ts';
import {
  type CommandLine,
  type CommonOptions,
  createCommand,
  outputOf,
  parseDuration,
  parseList,
  parsePort,
  parseRepeated,
} from './command-line.ts';
import { addHeaderOptions, type HeaderOptions } from './header-options.ts';
import { addLimitOptions, type LimitOptions, withLimits } from './limit-options.ts';

interface ExposeCommandOptions extends CommonOptions, HeaderOptions, LimitOptions {
  readonly name?: string;
  readonly public?: boolean;
  readonly policy?: boolean;
  readonly allow?: string[];
  readonly allowIp?: string[];
  readonly basic?: string[];
  readonly share?: number;
  readonly port?: number;
  readonly proxyProtocol?: 'v1' | 'v2';
  readonly once?: boolean;
}

export function exposeCommand(line: CommandLine): Command {
  const command = createCommand('expose', {
    summary: 'publish a local service',
    description:
      'Publishes a local service through every gateway and shows its requests until Ctrl-C. Login is required unless ' +
      '--public says otherwise. The name is kept: the same expose gets it again, and `services remove` forgets it.',
    examples: [
      'expose localhost:3000 http',
      'expose 3000 http --name shop --allow ann@example.com,group:dev',
      'expose unix:/run/app.sock http --public',
      'expose 3000 http --name payroll --policy',
      'expose 3000 http --share 24h --basic robot:s3cret-of-the-robot',
      'expose 3000 http --max-body 10MiB --rate 100/10s',
      "expose 3000 http --host-header shop.internal --response-header 'Server:'",
      'expose localhost:22 tcp --port 20022 --allow-ip 192.0.2.0/24',
      'expose 127.0.0.1:5353 udp --public',
    ],
  })
    .argument('<target>', 'what to publish: localhost:3000, 3000, [::1]:3000 or unix:/path')
    .addArgument(
      new Argument('<protocol>', 'https: the local service itself speaks TLS').choices(['http', 'https', 'tcp', 'udp']),
    )
    .option('--name <name>', 'name to ask for (default: a random one that is kept)')
    .option('--public', 'let everybody in, without login')
    .option('--policy', 'being signed in is not enough: a policy or an approved request lets people in')
    .option('--allow <who>', 'who may come in after login: ann@example.com,group:dev,role:admin', parseList)
    .option('--allow-ip <networks>', 'source addresses that need no login: 192.0.2.0/24,…', parseList)
    .option(
      '--basic <user:password>',
      'let in with this password too; without :password it is read from ZERONAUT_BASIC_PASSWORD or stdin',
      parseRepeated,
    )
    .option('--share <time>', 'also make a link that lets guests in for this time, such as 24h', parseDuration)
    .option('--port <number>', 'public port to ask for (tcp, udp)', parsePort)
    .addOption(
      new Option('--proxy-protocol <version>', 'tell the service the source address by PROXY protocol (tcp)').choices([
        'v1',
        'v2',
      ]),
    )
    .option('--once', 'forget the name at the end');
  return addLimitOptions(addHeaderOptions(command, '')).action(
    async (target: string, protocol: ExposeProtocol, options: ExposeCommandOptions) => {
      const { NO_LIMITS } = await import('@zeronaut/model');
      const [{ runExpose }, { createExposeWish }, { readBasicCredentials }] = await Promise.all([
        import('../agent/run-expose.ts'),
        import('../agent/wish.ts'),
        import('../profile/basic-credentials.ts'),
      ]);
      const { basic, share, once, ...rest } = options;
      const wish = createExposeWish(target, protocol, {
        ...rest,
        limits: withLimits(NO_LIMITS, rest),
        basic: await readBasicCredentials(basic ?? [], line.environment),
      });
      await runExpose({
        wish,
        output: outputOf(line, options),
        profile: options.profile,
        environment: line.environment,
        shareSeconds: share ?? null,
        forgetAtEnd: once === true,
      });
    },
  );
}
