import type { PolicyMode, PolicyProblem } from '@zeronaut/model';
import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import {
  type CommandLine,
  type CommonOptions,
  connect,
  createCommand,
  createGroup,
  minute,
  named,
  noteBroken,
  outputOf,
  parseDuration,
  parseList,
  printTable,
} from './command-line.ts';
import { formCommand } from './policy-form.ts';
import { type FileOptions, fileOption, parseScore } from './policy-options.ts';
import { reachCommand, replayCommand, simulateCommand, testCommand } from './policy-questions.ts';
import { templatesCommand, timeZoneCommand } from './policy-templates.ts';
import { unusedCommand } from './policy-unused.ts';

const MODES: readonly PolicyMode[] = ['off', 'report', 'enforce'];

function parseVersion(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Expected a number, as policy versions shows it.');
  return Number(text);
}

const policyNamed = <T>(name: string, call: () => Promise<T>) => named(name, call, 'policy', 'policy list');

export function policyCommand(line: CommandLine): Command {
  const group = createGroup('policy', 'who may do what, in the Cedar language: write, try, apply, explain');
  group.addCommand(listCommand(line), { isDefault: true });
  for (const command of [showCommand, checkCommand, applyCommand, deleteCommand, modeCommand]) {
    group.addCommand(command(line));
  }
  for (const command of [versionsCommand, diffCommand, rollBackCommand, simulateCommand, replayCommand, reachCommand]) {
    group.addCommand(command(line));
  }
  for (const command of [
    testCommand,
    unusedCommand,
    formCommand,
    segmentsCommand,
    riskCommand,
    risksCommand,
    hitsCommand,
    templatesCommand,
    timeZoneCommand,
    schemaCommand,
  ])
    group.addCommand(command(line));
  return group;
}

function listCommand(line: CommandLine): Command {
  return createCommand('list', { summary: 'list policies', examples: ['policy list', 'policy list --json'] }).action(
    async (options: CommonOptions) => {
      const { listAll } = await import('../api/client.ts');
      const output = outputOf(line, options);
      const policies = await listAll((await connect(line, options)).api, 'policies.list');
      output.document(policies);
      if (policies.length === 0) {
        output.line('No policies: the access rules of resources and sites decide alone.');
        output.line(output.style('dim', '  Write one and try it:  zeronaut policy apply -f policies/ --dry-run'));
        return;
      }
      const rows = policies.map(({ name, effect, mode, version, description }) => [
        name,
        effect,
        mode,
        String(version),
        description.slice(0, 60),
      ]);
      await printTable(output, ['NAME', 'EFFECT', 'MODE', 'VERSION', 'DESCRIPTION'], rows);
    },
  );
}

function showCommand(line: CommandLine): Command {
  return createCommand('show', { summary: 'print a policy', examples: ['policy show production'] })
    .argument('<name>', 'name or id')
    .action(async (name: string, options: CommonOptions) => {
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const policy = await policyNamed(name, () => api.call('policies.get', { params: { id: name } }));
      output.document(policy);
      output.line(output.style('dim', `// ${policy.name}, version ${policy.version}, ${policy.mode}`));
      output.line(policy.text.trimEnd());
    });
}

function checkCommand(line: CommandLine): Command {
  return createCommand('check', {
    profile: false,
    summary: 'check policy files on this machine, without a console',
    description:
      'Parses the files and checks them against the schema: what is wrong, or can never match, is named with its place.',
    examples: ['policy check policies/', 'policy check production.cedar --json'],
  })
    .argument('<path...>', 'files, or directories of *.cedar files')
    .action(async (paths: string[], options: CommonOptions) => {
      const { readPolicyFiles } = await import('../policy/policy-files.ts');
      const output = outputOf(line, options);
      const { checkPolicy } = await import('@zeronaut/policy/authoring');
      const policies = readPolicyFiles(paths);
      output.document(policies);
      for (const { name, text } of policies) {
        const check = checkPolicy(text);
        for (const warning of check.ok ? check.warnings : [])
          output.line(output.style('yellow', `${name}: ${shown(warning)}`));
      }
      output.line(`${policies.length === 1 ? '1 policy is' : `${policies.length} policies are`} right.`);
    });
}

/** A warning, with its place in the text of its policy. */
function shown({ line, column, message, help }: PolicyProblem): string {
  return `${line}:${column}: ${message}${help === '' ? '' : ` (${help})`}`;
}

function applyCommand(line: CommandLine): Command {
  return createCommand('apply', {
    summary: 'make the policies as files say',
    description:
      'Creates what is missing and changes what differs, in one step; what the files do not name stays, unless --prune is ' +
      'given. Each policy has its name in @id("name"); @mode("report") only records what it would say, and ' +
      '@description("…") is for people. Refused as a whole when a policy is wrong or an assertion that holds would be broken.',
    examples: [
      'policy apply -f policies/ --dry-run',
      'policy apply -f policies/ --prune',
      'policy apply -f - --json < one.cedar',
    ],
  })
    .addOption(fileOption().makeOptionMandatory())
    .option('--dry-run', 'only say what would change')
    .option('--prune', 'delete policies that the files do not name')
    .action(async (options: FileOptions) => {
      const { readPolicyFiles } = await import('../policy/policy-files.ts');
      const output = outputOf(line, options);
      const policies = readPolicyFiles(options.file);
      const { api } = await connect(line, options);
      const dryRun = options.dryRun === true;
      const body = { policies, prune: options.prune === true, dryRun };
      const { changes, brokenAssertions } = await api.call('policies.apply', { body });
      output.document({ dryRun, changes, brokenAssertions });
      noteBroken(output, brokenAssertions, dryRun);
      const sign = { create: '+', update: '~', delete: '-', none: ' ' } as const;
      const style = { create: 'green', update: 'yellow', delete: 'red', none: 'dim' } as const;
      const { diffLines } = await import('../policy/diff-lines.ts');
      for (const { name, action, before, after, warnings } of changes) {
        output.line(output.style(style[action], `${sign[action]} ${name}${action === 'none' ? ' (as it is)' : ''}`));
        for (const warning of warnings) output.line(output.style('yellow', `    ${shown(warning)}`));
        if (action !== 'update') continue;
        if (before!.mode !== after!.mode) output.line(`    mode ${before!.mode} → ${after!.mode}`);
        for (const text of diffLines(before!.text, after!.text)) output.line(`    ${text}`);
      }
      const made = changes.filter(({ action }) => action !== 'none').length;
      const counted = made === 1 ? '1 change' : `${made} changes`;
      output.line(dryRun ? `${counted} would be made.` : `${counted} made; gateways have them within a second.`);
      if (dryRun) output.line(output.style('dim', '  Who would gain and lose:  zeronaut policy replay -f …'));
    });
}

function deleteCommand(line: CommandLine): Command {
  return createCommand('delete', { summary: 'remove a policy', examples: ['policy delete old-rule'] })
    .argument('<name>', 'name or id')
    .action(async (name: string, options: CommonOptions) => {
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      await policyNamed(name, () => api.call('policies.delete', { params: { id: name } }));
      output.document({ deleted: name });
      output.line(`${name} is removed.`);
    });
}

function modeCommand(line: CommandLine): Command {
  return createCommand('mode', {
    summary: 'enforce a policy, let it only report, or switch it off',
    examples: ['policy mode production report', 'policy mode production enforce'],
  })
    .argument('<name>', 'name or id')
    .addArgument(new Argument('<mode>', 'what it does').choices(MODES))
    .action(async (name: string, mode: PolicyMode, options: CommonOptions) => {
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const before = await policyNamed(name, () => api.call('policies.get', { params: { id: name } }));
      const after = await api.call(
        'policies.update',
        { params: { id: before.id }, body: { mode } },
        { ifMatch: `"${before.version}"` },
      );
      output.document(after);
      output.line(`${after.name}: ${before.mode} → ${after.mode}.`);
    });
}

function versionsCommand(line: CommandLine): Command {
  return createCommand('versions', { summary: 'all versions of a policy', examples: ['policy versions production'] })
    .argument('<name>', 'name or id')
    .action(async (name: string, options: CommonOptions) => {
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const call = () => api.call('policies.versions', { params: { id: name }, query: { limit: '500' } });
      const { items } = await policyNamed(name, call);
      output.document(items);
      const rows = items.map(({ version, at, by, mode }) => [
        String(version),
        at.slice(0, 19).replace('T', ' '),
        by,
        mode,
      ]);
      await printTable(output, ['VERSION', 'AT', 'BY', 'MODE'], rows);
    });
}

function diffCommand(line: CommandLine): Command {
  return createCommand('diff', {
    summary: 'what changed between two versions',
    examples: ['policy diff production', 'policy diff production --from 2 --to 5'],
  })
    .argument('<name>', 'name or id')
    .option('--from <version>', 'default: the one before')
    .option('--to <version>', 'default: the newest')
    .action(async (name: string, options: CommonOptions & { from?: string; to?: string }) => {
      const { diffLines } = await import('../policy/diff-lines.ts');
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const call = () => api.call('policies.versions', { params: { id: name }, query: { limit: '500' } });
      const { items } = await policyNamed(name, call);
      const find = (version: string | undefined, otherwise: number) => {
        const wanted = version === undefined ? otherwise : Number(version);
        const found = items.find((item) => item.version === wanted);
        if (found !== undefined) return found;
        throw new CliError(`${name} has no version ${version ?? wanted}`, {
          reason: 'api.not_found',
          next: `Run zeronaut policy versions ${name}.`,
          exitCode: EXIT.notFound,
        });
      };
      const to = find(options.to, items[0]!.version);
      const from = find(options.from, Math.max(1, to.version - 1));
      const lines = diffLines(from.text, to.text);
      output.document({ from, to, lines });
      if (from.mode !== to.mode) output.line(`mode ${from.mode} → ${to.mode}`);
      for (const text of lines) {
        output.line(output.style(text.startsWith('+') ? 'green' : text.startsWith('-') ? 'red' : 'dim', text));
      }
      if (lines.length === 0 && from.mode === to.mode) output.line('They are the same.');
    });
}

function rollBackCommand(line: CommandLine): Command {
  return createCommand('roll-back', {
    summary: 'make a policy as it was',
    examples: ['policy roll-back production 3'],
  })
    .argument('<name>', 'name or id')
    .argument('<version>', 'which version, see policy versions', parseVersion)
    .action(async (name: string, version: number, options: CommonOptions) => {
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      // Looked for first, so that what is missing is told apart: the policy, or its version.
      const { id } = await policyNamed(name, () => api.call('policies.get', { params: { id: name } }));
      const call = () => api.call('policies.rollBack', { params: { id }, body: { version } });
      const policy = await named(String(version), call, `version of ${name}:`, `policy versions ${name}`);
      output.document(policy);
      output.line(`${policy.name} is as in version ${version} (now version ${policy.version}).`);
    });
}

function segmentsCommand(line: CommandLine): Command {
  return createCommand('segments', {
    summary: 'put a resource, site, device or gateway into segments',
    description: 'Policies name segments: resource in Segment::"prod". Replaces the ones that it is in.',
    examples: ['policy segments wiki prod,internal', 'policy segments wiki ""', 'policy segments fra1 eu'],
  })
    .argument('<object>', 'name or id')
    .argument('<names>', 'segments, separated by commas; "" for none')
    .action(async (object: string, names: string, options: CommonOptions) => {
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const segments = names === '' ? [] : parseList(names);
      const call = () => api.call('segments.set', { params: { id: object }, body: { segments } });
      const set = await named(object, call, 'resource, site, device or gateway', 'resources list');
      output.document(set);
      output.line(`${set.kind} ${set.name}: ${set.segments.join(', ') || 'no segments'}`);
    });
}

function riskCommand(line: CommandLine): Command {
  return createCommand('risk', {
    summary: 'set how much a user or device is mistrusted, which policies read',
    examples: ['policy risk ann@example.com 80 --reason "laptop stolen"', 'policy risk dev_01… 0'],
  })
    .argument('<who>', 'e-mail address of a user, or id of a user or device')
    .argument('<score>', '0 to 100', parseScore)
    .option('--reason <text>', 'for people and the audit log', '')
    .option('--for <time>', 'how long it counts, such as 24h', parseDuration)
    .action(async (who: string, score: number, options: CommonOptions & { reason: string; for?: number }) => {
      const { listAll } = await import('../api/client.ts');
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const users = who.includes('@') ? await listAll(api, 'users.list') : [];
      const id = users.find(({ email }) => email === who.toLowerCase())?.id ?? who;
      const body = {
        score,
        reason: options.reason,
        ...(options.for !== undefined && { expiresInSeconds: options.for }),
      };
      const risk = await named(
        who,
        () => api.call('risks.set', { params: { id }, body }),
        'user or device',
        'users list',
      );
      output.document(risk);
      output.line(`The risk of ${who} is ${risk.score}${risk.expiresAt === null ? '' : ` until ${risk.expiresAt}`}.`);
    });
}

function risksCommand(line: CommandLine): Command {
  return createCommand('risks', {
    summary: 'users and devices that are mistrusted now',
    examples: ['policy risks', 'policy risks --json'],
  }).action(async (options: CommonOptions) => {
    const { listAll } = await import('../api/client.ts');
    const { emailsOf } = await import('./users.ts');
    const output = outputOf(line, options);
    const { api } = await connect(line, options);
    const risks = await listAll(api, 'risks.list');
    output.document(risks);
    if (risks.length === 0) {
      output.line('Nobody has a risk above 0.');
      return;
    }
    const emails = await emailsOf(api);
    const rows = risks.map(({ id, score, reason, updatedAt, expiresAt }) => [
      emails.get(id) ?? id,
      String(score),
      reason || '-',
      minute(updatedAt),
      expiresAt === null ? 'until it is set again' : `until ${minute(expiresAt)}`,
    ]);
    await printTable(output, ['WHO', 'RISK', 'REASON', 'SINCE', 'HOW LONG'], rows);
    output.line(output.style('dim', '  Take it back:  zeronaut policy risk WHO 0'));
  });
}

function hitsCommand(line: CommandLine): Command {
  return createCommand('hits', {
    summary: 'how often each policy permitted, forbade, or would have',
    examples: ['policy hits', 'policy hits --range 7d --json'],
  })
    .addOption(new Option('--range <range>', 'how far back').choices(['24h', '7d', '30d']).default('30d'))
    .action(async (options: CommonOptions & { range: '24h' | '7d' | '30d' }) => {
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const { items } = await api.call('policies.hits', { query: { range: options.range } });
      output.document(items);
      if (items.length === 0) {
        output.line(`No policy decided anything in the last ${options.range}.`);
        return;
      }
      const rows = items.map(({ name, policyId, permitted, forbade, reported, lastAt }) => [
        name || policyId,
        String(permitted),
        String(forbade),
        String(reported),
        minute(lastAt),
      ]);
      await printTable(output, ['NAME', 'PERMITTED', 'FORBADE', 'WOULD HAVE', 'LAST'], rows);
    });
}

function schemaCommand(line: CommandLine): Command {
  return createCommand('schema', {
    profile: false,
    summary: 'what policies can speak of, as a Cedar schema',
    examples: ['policy schema > zeronaut.cedarschema'],
  }).action(async (options: CommonOptions) => {
    const { POLICY_SCHEMA } = await import('@zeronaut/policy');
    const output = outputOf(line, options);
    output.document({ text: POLICY_SCHEMA });
    output.line(POLICY_SCHEMA.trimEnd());
  });
}
