import type { NoticeKind, Notification, NotificationInput } from '@zeronaut/model';
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

interface PlaceOptions extends CommonOptions {
  readonly webhook?: string;
  readonly slack?: boolean;
  readonly mail?: string[];
}

interface AddOptions extends PlaceOptions {
  readonly secret?: boolean;
  readonly kind?: string[];
}

interface ChangeOptions extends AddOptions {
  readonly rename?: string;
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
        'standard input, and never shown again.',
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
        const settings = await placeGiven(line, name, options);
        if (settings === undefined) {
          throw usageError('where to is missing', 'Give --webhook URL, --slack or --mail ADDRESSES.');
        }
        const secret = options.secret === true ? await readSecret(line, name, 'key') : null;
        const kinds = options.kind === undefined ? {} : { kinds: options.kind as NoticeKind[] };
        const { api } = await connect(line, options);
        const created = await api.call('notifications.create', { body: { name, settings, secret, ...kinds } });
        output.document(created);
        output.line(`${created.name} is told of ${created.kinds.length} kinds of things at ${placeOf(created)}.`);
        output.line(output.style('dim', `  Try it:  zeronaut notifications test ${name}`));
      }),
  );

  group.addCommand(
    createCommand('change', {
      summary: 'call a receiver otherwise, tell it of other things, or tell them elsewhere',
      description:
        'What is not named stays, the URL of a channel and the key of a webhook too. A new one is read from ZERONAUT_NOTIFICATION_SECRET or standard input.',
      examples: [
        'notifications change pager --kind no_gateway,gateway_offline',
        'notifications change pager --webhook https://hooks.example.com/new --secret < key.txt',
        'notifications change ops --rename on-call',
      ],
    })
      .argument('<name>', 'name or id')
      .option('--rename <name>', 'what it is called here from now on')
      .addOption(new Option('--webhook <url>', 'POST to this address').conflicts(['slack', 'mail']))
      .addOption(new Option('--slack', 'another incoming webhook as Slack has them').conflicts(['webhook', 'mail']))
      .addOption(new Option('--mail <addresses>', 'by mail, to these').argParser(parseList))
      .addOption(new Option('--secret', 'sign with another key').conflicts(['slack', 'mail']))
      .option('--no-secret', 'sign no more')
      .option('--kind <kinds>', 'only these', parseList)
      .action(async (id: string, options: ChangeOptions) => {
        const output = outputOf(line, options);
        const settings = await placeGiven(line, id, options);
        const body = {
          ...(options.rename !== undefined && { name: options.rename }),
          ...(settings !== undefined && { settings }),
          ...(options.secret !== undefined && { secret: options.secret ? await readSecret(line, id, 'key') : null }),
          ...(options.kind !== undefined && { kinds: options.kind as NoticeKind[] }),
        };
        if (Object.keys(body).length === 0) {
          throw usageError('say what to change: --rename, --webhook, --slack, --mail, --secret, --no-secret or --kind');
        }
        const { api } = await connect(line, options);
        const { items } = await api.call('notifications.list', {});
        const version = items.find((one) => one.id === id || one.name === id)?.version ?? 1;
        const changed = await receiver(id, () =>
          api.call('notifications.update', { params: { id }, body }, { ifMatch: `"${version}"` }),
        );
        output.document(changed);
        output.line(`${changed.name} is told of ${changed.kinds.length} kinds of things at ${placeOf(changed)}.`);
        output.line(output.style('dim', `  Try it:  zeronaut notifications test ${changed.name}`));
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

function readSecret(line: CommandLine, name: string, what: string): Promise<string> {
  const asked = { what, whose: name, variable: 'ZERONAUT_NOTIFICATION_SECRET' };
  return import('../profile/read-hidden.ts').then(({ readHidden }) => readHidden(asked, line.environment));
}

/** Where to, as the options say; of a channel it is a secret, and asked for. */
async function placeGiven(
  line: CommandLine,
  name: string,
  { webhook, slack, mail }: PlaceOptions,
): Promise<NotificationInput['settings'] | undefined> {
  if (webhook !== undefined) return { kind: 'webhook', url: webhook };
  if (mail !== undefined) return { kind: 'mail', to: mail };
  return slack === true ? { kind: 'slack', url: await readSecret(line, name, 'URL of the channel') } : undefined;
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
