import { setTimeout as delay } from 'node:timers/promises';
import type { AccessEvent } from '@zeronaut/model';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { isConsoleAway } from '../api/api-error.ts';
import type { ApiClient } from '../api/client.ts';
import { CliError } from '../cli-error.ts';
import { onInterrupt } from '../interrupt.ts';
import { type Output, printable } from '../output/output.ts';
import {
  type CommandLine,
  type CommonOptions,
  connect,
  createCommand,
  createGroup,
  named,
  outputOf,
  parseDuration,
} from './command-line.ts';
import { findGateway } from './gateways.ts';
import { emailsOf, userByEmail } from './users.ts';

interface ListOptions extends CommonOptions {
  readonly resource?: string;
  readonly gateway?: string;
  readonly user?: string;
  readonly address?: string;
  readonly effect?: AccessEvent['effect'];
  readonly reason?: string;
  readonly search?: string;
  readonly since?: number;
  readonly limit: number;
  readonly follow?: boolean;
}

/** How often a follower asks. */
const FOLLOW_INTERVAL_MS = 2_000;
/** Gateways tell what happened some moments later, and not in one line: so far back a follower looks again. */
const LATE_MS = 60_000;
/** Pages of one search; each looks through a bounded number of events. */
const MAX_PAGES = 20;
const PAGE = 500;

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('Expected 1 to 9999.');
  return Number(text);
}

export function eventsCommand(line: CommandLine): Command {
  const group = createGroup('events', 'what gateways let through and refused, each with its reason');
  group.addCommand(
    createCommand('list', {
      summary: 'accesses, the newest last',
      description:
        'What gateways decided, with who, from where, and why. With --follow it goes on with what comes, until Ctrl-C; with --json ' +
        'too, one object on each line.',
      examples: [
        'events list --effect deny --since 1h',
        'events list --resource wiki --user ann@example.com --follow',
        'events list --search req_01… --json',
      ],
    })
      .option('--resource <name>', 'only of this service or resource')
      .option('--gateway <name>', 'only of this gateway')
      .option('--user <email>', 'only by this person')
      .option('--address <ip>', 'only from this address')
      .addOption(new Option('--effect <effect>', 'only those').choices(['pass', 'challenge', 'deny']))
      .option('--reason <reason>', 'only with this reason, such as access.not_allowed')
      .option('--search <text>', 'in host, path, subject or address; a whole request id is found at once')
      .option('--since <time>', 'how far back, such as 1h', parseDuration)
      .addOption(new Option('--limit <n>', 'how many').argParser(parseCount).default(50, '50'))
      .option('--follow', 'go on with what comes')
      .action(async (options: ListOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const filter = await filterOf(api, options);
        const from = new Date(Date.now() - (options.since ?? 0) * 1_000).toISOString();
        const query: Filter = options.since === undefined ? filter : { ...filter, from };
        const [found, emails] = [await findEvents(api, query, options.limit), await emailsOf(api)];
        const show = (events: readonly AccessEvent[]) => {
          for (const event of events) {
            if (options.follow === true) output.event('access', { ...event });
            output.line(eventLine(output, event, emails));
          }
        };
        if (options.follow !== true) output.document(found);
        show(found.toReversed());
        if (options.follow !== true) {
          if (found.length === 0) output.note('Nothing was found.');
          return;
        }
        const interrupt = onInterrupt();
        try {
          await follow(api, query, found, interrupt.signal, show);
        } finally {
          interrupt.dispose();
        }
      }),
    { isDefault: true },
  );
  return group;
}

type Filter = Readonly<Record<string, string>>;

async function filterOf(api: ApiClient, options: ListOptions): Promise<Filter> {
  const { resource, gateway, user, address, effect, reason, search } = options;
  const resourceId =
    resource === undefined
      ? undefined
      : (
          await named(
            resource,
            () => api.call('resources.get', { params: { id: resource } }),
            'resource',
            'resources list',
          )
        ).id;
  const all = {
    resourceId,
    gatewayId: gateway === undefined ? undefined : (await findGateway(api, gateway)).id,
    subject: user === undefined ? undefined : (await userByEmail(api, user)).id,
    sourceAddress: address,
    effect,
    reason,
    q: search,
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** Newest first. */
async function findEvents(api: ApiClient, filter: Filter, limit: number): Promise<AccessEvent[]> {
  const events: AccessEvent[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MAX_PAGES && events.length < limit; page++) {
    const query: Record<string, string | number> = { ...filter, limit: Math.min(PAGE, limit - events.length) };
    if (cursor !== null) query.cursor = cursor;
    const answer: { items: AccessEvent[]; nextCursor: string | null } = await api.call('accessEvents.list', { query });
    events.push(...answer.items);
    cursor = answer.nextCursor;
    if (cursor === null) break;
  }
  return events;
}

/** Until it is interrupted; a console that is away for a while is waited for. */
async function follow(
  api: ApiClient,
  filter: Filter,
  known: readonly AccessEvent[],
  signal: AbortSignal,
  show: (events: readonly AccessEvent[]) => void,
): Promise<void> {
  const keyOf = ({ gatewayId, epoch, seq }: AccessEvent) => `${gatewayId} ${epoch} ${seq}`;
  const startedAt = Date.now();
  let seen = new Map(known.map((event) => [keyOf(event), event.at]));
  while (!signal.aborted) {
    await delay(FOLLOW_INTERVAL_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    const from = new Date(Math.max(startedAt, Date.now() - LATE_MS)).toISOString();
    const events = await findEvents(api, { ...filter, from }, MAX_PAGES * PAGE).catch((error: unknown) => {
      if (error instanceof CliError && isConsoleAway(error)) return [];
      throw error;
    });
    const fresh = events.filter((event) => !seen.has(keyOf(event)));
    seen = new Map([...seen].filter(([, at]) => at >= from));
    for (const event of fresh) seen.set(keyOf(event), event.at);
    show(fresh.toReversed());
  }
}

function eventLine(output: Output, event: AccessEvent, emails: ReadonlyMap<string, string>): string {
  const { at, effect, reason, protocol, subject, sourceAddress, method, host, path, status } = event;
  const style = effect === 'pass' ? 'green' : effect === 'deny' ? 'red' : 'yellow';
  const what =
    protocol === 'http'
      ? `${method} ${host}${path} ${status}`
      : `${protocol} ${host.startsWith(':') ? `port ${host.slice(1)}` : host}`;
  const who = emails.get(subject) ?? (subject === '' ? '-' : subject);
  const texts = [who, sourceAddress, what, reason, event.requestId].map(printable).join('  ');
  return `${at.slice(0, 19).replace('T', ' ')}  ${output.style(style, effect.padEnd(9))}  ${texts}`;
}
