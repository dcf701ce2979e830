import type { AssertionResult, AssumedCircumstances } from '@zeronaut/model';
import { type Command, Option } from 'commander';
import type { ApiClient } from '../api/client.ts';
import { CliError } from '../cli-error.ts';
import { printAnswer } from '../output/access-answer.ts';
import {
  type CommandLine,
  type CommonOptions,
  connect,
  createCommand,
  outputOf,
  parseDuration,
  parseList,
  printTable,
} from './command-line.ts';
import { type FileOptions, fileOption, parseScore } from './policy-options.ts';

/** `zeronaut policy`: the commands that ask what would be, and change nothing but assertions. */
interface SimulateOptions extends CommonOptions {
  readonly user?: string;
  readonly action: 'read' | 'write' | 'connect' | 'forward' | 'administer';
  readonly by: 'session' | 'api_key' | 'workload';
  readonly file?: string[];
  readonly address?: string;
  readonly country?: string;
  readonly at?: string;
  readonly risk?: number;
  readonly factor?: string[];
  readonly device?: string;
  readonly gateway?: string;
  readonly path?: string;
  readonly granted?: boolean;
}

export function simulateCommand(line: CommandLine): Command {
  return createCommand('simulate', {
    summary: 'what would happen to a request, and why',
    description: 'Asks what gateways would decide, names every policy that has a say, and what would turn the answer.',
    examples: [
      'policy simulate wiki --user ann@example.com',
      'policy simulate db --user ann@example.com --action connect --factor totp --at 2026-12-24T20:00:00Z',
      'policy simulate wiki --user ann@example.com -f policies/',
      'policy simulate users:write --action administer --user ann@example.com --address 198.51.100.7',
    ],
  })
    .argument('<object>', 'resource, site for forward, or permission for administer')
    .option('--user <email>', 'who; without: somebody who has not signed in')
    .addOption(
      new Option('--action <action>', 'what')
        .choices(['read', 'write', 'connect', 'forward', 'administer'])
        .default('read'),
    )
    .addOption(
      new Option('--by <credential>', 'how somebody administers')
        .choices(['session', 'api_key', 'workload'])
        .default('session'),
    )
    .addOption(fileOption().default(undefined))
    .option('--address <ip>', 'from where (default: 192.0.2.1, which is nobody)')
    .option('--country <code>', 'as if the address were there, such as CH')
    .option('--at <time>', 'when (RFC 3339; default: now)')
    .option('--risk <score>', '0 to 100', parseScore)
    .option('--factor <factors>', 'shown at sign-in: password, provider, passkey, mail, totp, recovery_code', parseList)
    .option('--device <id>', 'from which enrolled device')
    .option('--gateway <name>', 'at which gateway (default: the only one)')
    .option('--path <path>', 'of the request')
    .option('--granted', 'as if an access request had been approved')
    .action(async (object: string, options: SimulateOptions) => {
      const { readPolicyFiles } = await import('../policy/policy-files.ts');
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const circumstances: AssumedCircumstances = {
        ...(options.address !== undefined && { address: options.address }),
        ...(options.country !== undefined && { country: options.country }),
        ...(options.at !== undefined && { at: options.at }),
        ...(options.risk !== undefined && { risk: options.risk }),
        ...(options.factor !== undefined && {
          factors: options.factor as NonNullable<AssumedCircumstances['factors']>,
        }),
        ...(options.device !== undefined && { deviceId: options.device }),
        ...(options.gateway !== undefined && { gateway: options.gateway }),
        ...(options.path !== undefined && { path: options.path }),
        ...(options.granted === true && { granted: true }),
      };
      const proposal =
        options.file === undefined ? {} : { proposal: { policies: readPolicyFiles(options.file), prune: false } };
      const answer = await api.call('policies.simulate', {
        body: {
          user: options.user ?? null,
          action: options.action,
          object,
          by: options.by,
          circumstances,
          ...proposal,
        },
      });
      output.document(answer);
      printAnswer(output, answer);
    });
}

export function replayCommand(line: CommandLine): Command {
  return createCommand('replay', {
    summary: 'who gains and who loses by a change, over recorded requests',
    description:
      'Judges recorded requests again, with the policies in force and with those of the files. One in report mode is judged as if it ' +
      'were enforced, unless it is enforced now.',
    examples: ['policy replay -f policies/', 'policy replay -f policies/ --since 24h --prune --json'],
  })
    .addOption(fileOption().makeOptionMandatory())
    .addOption(
      new Option('--since <time>', 'how far back, such as 24h or 7d')
        .argParser(parseDuration)
        .default(7 * 86_400, '7d'),
    )
    .option('--prune', 'as if policies that the files do not name were deleted')
    .action(async (options: FileOptions & { since: number }) => {
      const { readPolicyFiles } = await import('../policy/policy-files.ts');
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const proposal = { policies: readPolicyFiles(options.file), prune: options.prune === true };
      const since = new Date(Date.now() - options.since * 1000).toISOString();
      const result = await api.call('policies.replay', { body: { proposal, since } });
      output.document(result);
      output.line(
        `${result.events} requests judged again${result.skipped > 0 ? `, ${result.skipped} cannot be` : ''}.`,
      );
      const asEnforced = result.asEnforced ?? [];
      if (asEnforced.length > 0) {
        output.line(`Judged as if enforced: ${asEnforced.join(', ')}. In report mode nothing of it happens yet.`);
      }
      for (const [title, groups] of [['gains', result.gains] as const, ['loses', result.loses] as const]) {
        for (const { subject, object, requests, before, after, policies } of groups) {
          const why = policies.length > 0 ? ` by ${policies.join(', ')}` : '';
          const text = `${subject || 'anybody'} ${title} ${object}: ${requests} requests, ${before} → ${after}${why}`;
          output.line(output.style(title === 'gains' ? 'green' : 'red', text));
        }
      }
      if (result.gains.length + result.loses.length === 0) output.line('Nobody gains and nobody loses.');
    });
}

interface ReachOptions {
  readonly user?: string;
  readonly object?: string;
  readonly group?: string;
  readonly segment?: string;
  readonly device?: string;
}

export function reachCommand(line: CommandLine): Command {
  return createCommand('reach', {
    summary: 'who can reach what, and by which rule or policy',
    examples: [
      ...['policy reach', 'policy reach --user ann@example.com', 'policy reach --object db --json'],
      ...['policy reach --group contractors --segment prod', 'policy reach --device dev_01h…'],
    ],
  })
    .option('--user <email>', 'only this user')
    .option('--object <name>', 'only this resource or site')
    .option('--group <name>', 'only users in this group')
    .option('--segment <name>', 'only resources and sites in this segment')
    .option('--device <id>', 'only its owner, and sites as they are reached from it')
    .action(async (options: CommonOptions & ReachOptions) => {
      const { listAll } = await import('../api/client.ts');
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const { user, object, group, segment, device } = options;
      const items = await listAll(api, 'policies.reach', { user, object, group, segment, device });
      output.document(items);
      const rows = items.flatMap(({ email, object, actions }) =>
        actions.flatMap(({ action, atGateways, ...everywhere }) =>
          (atGateways ?? [{ ...everywhere, gateways: null }])
            .filter(({ effect }) => effect !== 'deny' || options.user !== undefined)
            .map(({ effect, reason, policies, facts, gateways }) => [
              email,
              object,
              action,
              (effect === 'depends' ? `depends on ${facts.join(', ')}` : effect) +
                (gateways === null ? '' : ` at ${gateways.join(', ')}`),
              policies.join(' ') || reason,
            ]),
        ),
      );
      await printTable(output, ['WHO', 'WHAT', 'ACTION', 'ANSWER', 'BY'], rows);
    });
}

export function testCommand(line: CommandLine): Command {
  return createCommand('test', {
    summary: 'ask the assertions now, or replace them: what guards every change of policies',
    description:
      'Assertions are questions with the answer that is expected. Asks each one now and says which policy or rule decides; ends ' +
      'with an error when one is broken. A change of policies that breaks one that holds is refused; a change of anything ' +
      'else says which ones it breaks. With a file, replaces them first.',
    examples: ['policy test', 'policy test --json', 'policy test -f assertions.yaml'],
  })
    .addHelpText('after', `\n${assertionsExample}`)
    .option('-f, --file <path>', 'YAML or JSON file; - for standard input')
    .action(async (options: CommonOptions & { file?: string }) => {
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      if (options.file !== undefined) await replaceAssertions(api, options.file);
      const { results } = await api.call('policyAssertions.test', {});
      const broken = results.filter(({ holds }) => !holds);
      output.document({ holds: broken.length === 0, results });
      if (results.length === 0)
        output.line('No assertions: nothing guards changes of policies. See --help for a file.');
      else await printTable(output, ['RESULT', 'NAME', 'EXPECTED', 'IS', 'BY'], results.map(toRow));
      if (broken.length > 0) {
        throw new CliError(
          `${broken.length} of ${results.length} assertions ${broken.length === 1 ? 'is' : 'are'} broken`,
          {
            reason: 'policy.assertion_failed',
            next: 'Mend the policy, rule or group that decides, or the assertion if it is out of date.',
          },
        );
      }
    });
}

function toRow({ holds, name, expect, effect, reason, policies, problem }: AssertionResult): string[] {
  const by = policies.length > 0 ? `policy ${policies.map((policy) => policy.name).join(', ')}` : `rule (${reason})`;
  return [holds ? 'HOLDS' : 'BROKEN', name, expect, effect ?? '-', problem ?? by];
}

async function replaceAssertions(api: ApiClient, file: string): Promise<void> {
  const { policyAssertionsFile } = await import('@zeronaut/model');
  const { readYamlFile } = await import('../config/yaml-file.ts');
  const body = readYamlFile(file, policyAssertionsFile);
  const { version } = await api.call('policyAssertions.get', {});
  await api.call('policyAssertions.update', { body }, { ifMatch: `"${version}"` });
}

const assertionsExample = `assertions.yaml:
  assertions:
    - { name: interns never write, user: intern@example.com, action: write, object: wiki, expect: deny }
    - name: production at night takes a second factor
      user: ann@example.com
      action: connect
      object: db
      circumstances: { at: "2026-12-24T23:00:00Z", factors: [password] }
      expect: challenge`;
