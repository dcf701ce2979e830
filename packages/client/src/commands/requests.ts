import type { AccessRequest, AccessRequestStatus } from '@zeronaut/model';
import { type Command, Option } from 'commander';
import {
  type CommandLine,
  type CommonOptions,
  connect,
  createCommand,
  createGroup,
  minute,
  named,
  outputOf,
  parseDuration,
  parseList,
  printTable,
} from './command-line.ts';

const STATUSES: readonly AccessRequestStatus[] = ['pending', 'approved', 'refused', 'cancelled', 'expired', 'ended'];

interface RuleOptions extends CommonOptions {
  readonly by?: string[];
  readonly needed?: string;
  readonly max?: number;
  readonly default?: boolean;
}

const requestNamed = <T>(id: string, call: () => Promise<T>) => named(id, call, 'access request', 'requests list');

export function requestsCommand(line: CommandLine): Command {
  const group = createGroup('requests', 'access for a while: ask for it, approve it, end it');
  group.addCommand(listCommand(line), { isDefault: true });
  for (const command of [
    createRequestCommand,
    showCommand,
    approveCommand,
    refuseCommand,
    endCommand,
    approversCommand,
  ]) {
    group.addCommand(command(line));
  }
  return group;
}

function listCommand(line: CommandLine): Command {
  return createCommand('list', {
    summary: 'your requests, and those that you may decide',
    examples: ['requests list', 'requests list --status pending --json'],
  })
    .addOption(new Option('--status <status>', 'only those').choices(STATUSES))
    .action(async (options: CommonOptions & { status?: AccessRequestStatus }) => {
      const { listAll } = await import('../api/client.ts');
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const requests = await listAll(api, 'accessRequests.list', { status: options.status });
      output.document(requests);
      if (requests.length === 0) {
        output.line('No access requests.');
        output.line(output.style('dim', '  Ask for access:  zeronaut requests create NAME --for 2h --reason "…"'));
        return;
      }
      const rows = requests.map((request) => [
        request.id,
        request.email,
        request.object,
        request.status,
        `${approvals(request)}/${request.needed}`,
        request.endsAt === null ? minutesText(request.minutes) : `until ${minute(request.endsAt)} UTC`,
        request.reason.slice(0, 50),
      ]);
      await printTable(output, ['ID', 'WHO', 'WHAT', 'STATUS', 'APPROVED', 'TIME', 'REASON'], rows);
      const waiting = requests.find(({ decidable }) => decidable);
      if (waiting !== undefined)
        output.line(output.style('dim', `  Yours to decide:  zeronaut requests approve ${waiting.id}`));
    });
}

function createRequestCommand(line: CommandLine): Command {
  return createCommand('create', {
    summary: 'ask to reach a resource or site for a while',
    description:
      'Whoever decides about it sees the request at once. When enough of them agree, access begins; it ends by itself, and ' +
      'open connections are closed then. A policy that forbids is not lifted by it, unless the policy says so.',
    examples: [
      'requests create prod-db --for 2h --reason "incident 4711"',
      'requests create wiki --reason "new here" --json',
    ],
  })
    .argument('<object>', 'name or id of a resource or site')
    .requiredOption('--reason <text>', 'for whoever decides, and the audit log')
    .option('--for <time>', 'how long, 5m or more (default: 1h)', parseDuration)
    .action(async (object: string, options: CommonOptions & { reason: string; for?: number }) => {
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const body = {
        object,
        reason: options.reason,
        ...(options.for !== undefined && { minutes: Math.ceil(options.for / 60) }),
      };
      const call = () => api.call('accessRequests.create', { body });
      const request = await named(object, call, 'resource or site', 'resources list');
      output.document(request);
      output.line(`You asked for ${request.object} for ${minutesText(request.minutes)} (${request.id}).`);
      output.line(`It waits for ${countOf(request.needed, 'approval')} until ${minute(request.closesAt)} UTC.`);
      output.line(output.style('dim', `  See how it goes:  zeronaut requests show ${request.id}`));
    });
}

function showCommand(line: CommandLine): Command {
  return createCommand('show', { summary: 'one request with what was said of it', examples: ['requests show acr_01…'] })
    .argument('<id>', 'id of the request')
    .action(async (id: string, options: CommonOptions) => {
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const request = await requestNamed(id, () => api.call('accessRequests.get', { params: { id } }));
      output.document(request);
      output.line(`${request.email} asked for ${request.kind} ${request.object} for ${minutesText(request.minutes)}`);
      output.line(`  Reason    ${request.reason}`);
      output.line(`  Status    ${request.status}, ${approvals(request)} of ${request.needed} approved`);
      if (request.endsAt !== null) output.line(`  Ends      ${minute(request.endsAt)} UTC`);
      for (const { email, effect, note, at } of request.decisions) {
        output.line(`  ${minute(at)} UTC  ${email}: ${effect}${note === '' ? '' : `, ${note}`}`);
      }
    });
}

function approveCommand(line: CommandLine): Command {
  return decideCommand(line, 'approve', 'agree to a request of somebody else');
}

function refuseCommand(line: CommandLine): Command {
  return decideCommand(line, 'refuse', 'refuse a request of somebody else');
}

function decideCommand(line: CommandLine, effect: 'approve' | 'refuse', summary: string): Command {
  return createCommand(effect, {
    summary,
    examples: [`requests ${effect} acr_01…`, `requests ${effect} acr_01… --note "see ticket"`],
  })
    .argument('<id>', 'id of the request')
    .option('--note <text>', 'for whoever asked, and the audit log', '')
    .action(async (id: string, options: CommonOptions & { note: string }) => {
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const body = { effect, note: options.note };
      const request = await requestNamed(id, () => api.call('accessRequests.decide', { params: { id }, body }));
      output.document(request);
      if (request.status === 'approved') {
        output.line(`${request.email} may reach ${request.object} until ${minute(request.endsAt!)} UTC.`);
        output.line(output.style('dim', `  End it before:  zeronaut requests end ${request.id}`));
      } else if (request.status === 'refused')
        output.line(`The request of ${request.email} for ${request.object} is refused.`);
      else output.line(`${approvals(request)} of ${countOf(request.needed, 'approval')} given; it waits for more.`);
    });
}

function endCommand(line: CommandLine): Command {
  return createCommand('end', {
    summary: 'cancel a request of yours, or end what was approved',
    examples: ['requests end acr_01… --dry-run', 'requests end acr_01…'],
  })
    .argument('<id>', 'id of the request')
    .option('--dry-run', 'only say what whoever asked did with it')
    .action(async (id: string, options: CommonOptions & { readonly dryRun?: boolean }) => {
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      if (options.dryRun === true) {
        const { printDryRun } = await import('../output/removal.ts');
        const preview = () => api.call('accessRequests.previewRemoval', { params: { id } });
        printDryRun(output, `Ending ${id} would end:`, await requestNamed(id, preview));
        return;
      }
      const request = await requestNamed(id, () => api.call('accessRequests.end', { params: { id } }));
      output.document(request);
      output.line(`The request of ${request.email} for ${request.object} is ${request.status}.`);
    });
}

function approversCommand(line: CommandLine): Command {
  return createCommand('approvers', {
    summary: 'who decides requests: show, or set for one resource or site',
    description:
      'Without a rule of its own, owners and admins decide about a resource or site: one of them is enough, for eight hours at ' +
      'most. Nobody decides their own request.',
    examples: [
      'requests approvers',
      'requests approvers prod-db --by group:dba,ann@example.com --needed 2 --max 4h',
      'requests approvers prod-db --default',
    ],
  })
    .argument('[object]', 'name or id of a resource or site')
    .option('--by <who>', 'e-mail addresses, group:name, role:name', parseList)
    .option('--needed <n>', 'how many of them have to agree (default: 1)')
    .option('--max <time>', 'the longest time that can be asked for (default: 8h)', parseDuration)
    .option('--default', 'owners and admins again')
    .action(async (object: string | undefined, options: RuleOptions) => {
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const ofObject = <T>(name: string, call: () => Promise<T>) =>
        named(name, call, 'resource or site with approvers of its own', 'requests approvers');
      if (object !== undefined && options.default === true) {
        await ofObject(object, () => api.call('approvalRules.delete', { params: { id: object } }));
        output.document({ deleted: object });
        output.line(`Owners and admins decide about ${object}.`);
        return;
      }
      if (object !== undefined && options.by !== undefined) {
        const body = {
          approvers: options.by,
          ...(options.needed !== undefined && { needed: Number(options.needed) }),
          ...(options.max !== undefined && { maxMinutes: Math.floor(options.max / 60) }),
        };
        const set = await ofObject(object, () => api.call('approvalRules.set', { params: { id: object }, body }));
        output.document(set);
        output.line(
          `${set.object}: ${set.needed} of ${set.approvers.join(', ')}, at most ${minutesText(set.maxMinutes)}.`,
        );
        return;
      }
      const { listAll } = await import('../api/client.ts');
      const rules = (await listAll(api, 'approvalRules.list')).filter(
        (rule) => object === undefined || rule.object === object || rule.objectId === object,
      );
      output.document(rules);
      const rows = rules.map((rule) => [
        rule.object,
        String(rule.needed),
        rule.approvers.join(' '),
        minutesText(rule.maxMinutes),
      ]);
      if (rows.length > 0) await printTable(output, ['WHAT', 'NEEDED', 'APPROVERS', 'AT MOST'], rows);
      else output.line(`Owners and admins decide about ${object ?? 'everything'}.`);
    });
}

function approvals({ decisions }: AccessRequest): number {
  return decisions.filter(({ effect }) => effect === 'approve').length;
}

function countOf(count: number, word: string): string {
  return count === 1 ? `1 ${word}` : `${count} ${word}s`;
}

function minutesText(minutes: number): string {
  if (minutes % 1440 === 0) return countOf(minutes / 1440, 'day');
  return minutes % 60 === 0 ? countOf(minutes / 60, 'hour') : countOf(minutes, 'minute');
}
