import type { NoticeKind, Notification } from '@zeronaut/model';
import { type Command, Option } from 'commander';
import { CliError, usageError } from '../cli-error.ts';
import {
  type CommandLine,
  type CommonOptions,
  connect,
  createCommand,
  createGroup,
  minute,
  named,
  outputOf,
  parseList,
  printTable,
} from './command-line.ts';

interface AddOptions extends CommonOptions {
  readonly webhook?: string;
  readonly slack?: boolean;
  readonly mail?: string[];
  readonly secret?: boolean;
  readonly kind?: string[];
}

const receiver = <T>(name: string, call: () => Promise<T>) => named(name, call, 'receiver', 'notifications list');

/** How long a receiver may take to answer a test message. */
const TEST_TIMEOUT_MS = 60_000;

export function notificationsCommand(line: CommandLine): Command {
  const group = createGroup(
    'notifications',
    'who is told of alarms and of what waits: webhooks, Slack-compatible channels, mail',
  );

  group.addCommand(
    createCommand('list', {
      summary: 'receivers, and whether that works',
      examples: ['notifications list', 'notifications list --json'],
    }).action(async (options: CommonOptions) => {
      const output = outputOf(line, options);
      const { items } = await (await connect(line, options)).api.call('notifications.list', {});
      output.document(items);
      if (items.length === 0) {
        output.line('Nobody is told of anything. zeronaut notifications add --help');
        return;
      }
      const rows = items.map((one) => [
        one.name,
        one.settings.kind,
        placeOf(one),
        String(one.kinds.length),
        one.lastDeliveredAt === null ? 'never' : minute(one.lastDeliveredAt),
        one.failures === 0 ? 'ok' : `failed ${one.failures} times: ${one.lastError ?? ''}`,
      ]);
      await printTable(output, ['NAME', 'KIND', 'WHERE TO', 'KINDS', 'LAST TOLD', 'STATE'], rows);
      output.line(output.style('dim', '  Try one:  zeronaut notifications test NAME'));
    }),
    { isDefault: true },
  );

  group.addCommand(
    createCommand('add', {
      summary: 'tell alarms and what waits for a decision to a webhook, a channel, or by mail',
      description:
        'Once when an alarm lasts or something waits, and once when it is mended or decided; a receiver that is away hears of it later. The URL of a Slack-compatible ' +
        'channel and the key that signs the messages of a webhook are secrets: they are read from ZERONAUT_NOTIFICATION_SECRET or ' +
        'standard input, and never shown again. To change a receiver, remove it and add it again.',
      examples: [
        'notifications add pager --webhook https://hooks.example.com/zeronaut --secret < key.txt',
        'ZERONAUT_NOTIFICATION_SECRET=https://hooks.slack.com/… zeronaut notifications add ops --slack',
        'notifications add admins --mail ann@example.com,bob@example.com --kind gateway_offline,access_request_waiting',
      ],
    })
      .argument('<name>', 'what it is called here')
      .addOption(new Option('--webhook <url>', 'POST to this address').conflicts(['slack', 'mail']))
      .addOption(new Option('--slack', 'an incoming webhook as Slack has them').conflicts(['webhook', 'mail']))
      .addOption(new Option('--mail <addresses>', 'by mail, where the console has a mail server').argParser(parseList))
      .addOption(new Option('--secret', 'sign the messages of the webhook').conflicts(['slack', 'mail']))
      .option('--kind <kinds>', 'only these (default: all but alarms of people’s own machines)', parseList)
      .action(async (name: string, options: AddOptions) => {
        const output = outputOf(line, options);
        const { readHidden } = await import('../profile/basic-credentials.ts');
        const hidden = (what: string) =>
          readHidden({ what, whose: name, variable: 'ZERONAUT_NOTIFICATION_SECRET' }, line.environment);
        const { webhook, slack, mail } = options;
        if (webhook === undefined && slack !== true && mail === undefined) {
          throw usageError('where to is missing', 'Give --webhook URL, --slack or --mail ADDRESSES.');
        }
        const settings =
          webhook !== undefined
            ? ({ kind: 'webhook', url: webhook } as const)
            : mail !== undefined
              ? ({ kind: 'mail', to: mail } as const)
              : ({ kind: 'slack', url: await hidden('URL of the channel') } as const);
        const secret = options.secret === true ? await hidden('key') : null;
        const kinds = options.kind === undefined ? {} : { kinds: options.kind as NoticeKind[] };
        const { api } = await connect(line, options);
        const created = await api.call('notifications.create', { body: { name, settings, secret, ...kinds } });
        output.document(created);
        output.line(`${created.name} is told of ${created.kinds.length} kinds of things at ${placeOf(created)}.`);
        output.line(output.style('dim', `  Try it:  zeronaut notifications test ${name}`));
      }),
  );

  group.addCommand(
    createCommand('test', { summary: 'send one test message now', examples: ['notifications test pager'] })
      .argument('<name>', 'name or id')
      .action(async (id: string, options: CommonOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const call = () => api.call('notifications.test', { params: { id } }, { timeoutMs: TEST_TIMEOUT_MS });
        const result = await receiver(id, call);
        output.document(result);
        if (!result.delivered) {
          throw new CliError(`${id} did not take a test message: ${result.error}`, {
            reason: 'cli.failed',
            next: 'Check the address and the receiver’s own log, then try again.',
          });
        }
        output.line(`${id} took a test message.`);
      }),
  );

  group.addCommand(
    createCommand('remove', { summary: 'tell nothing there any more', examples: ['notifications remove pager'] })
      .argument('<name>', 'name or id')
      .action(async (id: string, options: CommonOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        await receiver(id, () => api.call('notifications.delete', { params: { id } }));
        output.document({ removed: id });
        output.line(`${id} is told of nothing any more.`);
      }),
  );
  return group;
}

function placeOf({ settings }: Notification): string {
  switch (settings.kind) {
    case 'webhook':
      return settings.url;
    case 'slack':
      return settings.host;
    case 'mail':
      return settings.to.join(' ');
  }
}
