import { type Command, InvalidArgumentError, Option } from 'commander';
import { CliError, fileExists } from '../cli-error.ts';
import { auditEraseCommand } from './audit-erase.ts';
import { auditExportsCommand } from './audit-exports.ts';
import { auditRetentionCommand } from './audit-retention.ts';
import {
  type CommandLine,
  type CommonOptions,
  connect,
  createCommand,
  createGroup,
  outputOf,
  parseRepeated,
  printTable,
} from './command-line.ts';

interface ListOptions extends CommonOptions {
  readonly limit: string;
  readonly search?: string;
  readonly action?: string;
  readonly object?: string;
  readonly actor?: string;
  readonly from?: string;
  readonly to?: string;
}

/** A day or an instant, in the zone of this machine where it says none. */
function parseTime(text: string): string {
  const time = new Date(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00` : text);
  if (Number.isNaN(time.getTime())) throw new InvalidArgumentError('Expected a day or a time, such as 2027-01-31.');
  return time.toISOString();
}

interface VerifyOptions extends CommonOptions {
  readonly key?: string[];
  readonly witness?: string[];
  readonly needed?: number;
  readonly known: boolean;
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('Expected 1 to 9999.');
  return Number(text);
}

const countOf = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;

export function auditCommand(line: CommandLine): Command {
  const group = createGroup('audit', 'the log of changes and sign-ins: list it, export it, prove it');

  group.addCommand(
    createCommand('list', {
      summary: 'newest entries',
      examples: ['audit list', 'audit list --limit 500 --json', 'audit list --action "policy.*" --from 2027-01-31'],
    })
      .addOption(new Option('--limit <n>', 'entries').default('50'))
      .addOption(new Option('--search <text>', 'text in the entry'))
      .addOption(new Option('--action <action>', 'such as resource.update, or resource.* for all of a kind'))
      .addOption(new Option('--object <id>', 'what it was done to'))
      .addOption(new Option('--actor <id>', 'who did it'))
      .addOption(new Option('--from <time>', 'not before').argParser(parseTime))
      .addOption(new Option('--to <time>', 'before').argParser(parseTime))
      .action(async (options: ListOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const { limit, search, action, object, actor, from, to } = options;
        const { items } = await api.call('audit.list', {
          query: {
            limit,
            ...(search !== undefined && { q: search }),
            ...(action !== undefined && { action }),
            ...(object !== undefined && { objectId: object }),
            ...(actor !== undefined && { actorId: actor }),
            ...(from !== undefined && { from }),
            ...(to !== undefined && { to }),
          },
        });
        output.document(items);
        const { decisionClassOf, policiesShown } = await import('@zeronaut/model/decision-class');
        const decisions = items.map(decisionClassOf);
        // A column that only classes of access decisions have something in.
        const withDecisions = decisions.some((decision) => decision !== null);
        const rows = items.map(({ seq, at, actor, action, objectKind, objectId }, index) => {
          const decision = decisions[index]!;
          const decided = decision === null ? '' : policiesShown(decision) || (decision.decidedBy ?? '');
          return [
            String(seq),
            at.slice(0, 19).replace('T', ' '),
            actor.name || actor.id,
            action,
            `${objectKind} ${objectId}`.trim(),
            ...(withDecisions ? [decided] : []),
          ];
        });
        const header = ['SEQ', 'AT', 'WHO', 'ACTION', 'OBJECT', ...(withDecisions ? ['DECIDED BY'] : [])];
        await printTable(output, header, rows);
      }),
    { isDefault: true },
  );

  group.addCommand(
    createCommand('check', {
      summary: 'let the console check its whole chain',
      description:
        'For an answer that does not rest on the console’s word, verify an export: zeronaut audit export, then audit verify. ' +
        'Exit code 0: it is whole; 1: it is not.',
      examples: ['audit check', 'audit check --json'],
    }).action(async (options: CommonOptions) => {
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const result = await api.call('audit.verify', {}, { timeoutMs: 300_000 });
      output.document(result);
      if (!result.valid) {
        throw new CliError(`the chain breaks at entry ${result.firstBadSeq}`, {
          reason: 'audit.inconsistent',
          next: 'Export it, and compare it with an earlier export: zeronaut audit export FILE.',
        });
      }
      output.line(`The chain is whole: ${result.entries} entries.`);
    }),
  );

  group.addCommand(
    createCommand('checkpoint', {
      summary: 'a signed checkpoint of the log as it is now, and the keys',
      description:
        'Keep the keys where the console cannot change them, and a checkpoint now and then: who has them can prove later that ' +
        'the log is still the same (zeronaut audit verify --key).',
      examples: ['audit checkpoint', 'audit checkpoint --json'],
    }).action(async (options: CommonOptions) => {
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const checkpoint = await api.call('audit.checkpoint', {});
      output.document(checkpoint);
      output.line(checkpoint.note);
      output.line('Verifier keys:');
      for (const key of checkpoint.keys) output.line(key);
    }),
  );

  group.addCommand(
    createCommand('export', {
      summary: 'write the whole log with its checkpoints to a file',
      description:
        'Writes line by line what zeronaut audit verify checks. An export that broke off leaves FILE.partial behind, and the same ' +
        'command goes on with it.',
      examples: ['audit export audit.jsonl', 'audit export - | gzip > audit.jsonl.gz'],
    })
      .argument('<file>', 'where to; - for standard output')
      .addOption(new Option('--force', 'overwrite the file'))
      .action(async (file: string, options: CommonOptions & { force?: boolean }) => {
        const { exportAudit, readPartial } = await import('../audit/export-audit.ts');
        const { openSync, writeSync, closeSync, ftruncateSync, renameSync, existsSync } = await import('node:fs');
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        if (file === '-') {
          const { once } = await import('node:events');
          const write = async (text: string) => {
            // A slow reader is waited for: the log may be larger than memory.
            if (line.stdout.write(text) === false) await once(line.stdout as NodeJS.WriteStream, 'drain');
          };
          await exportAudit(api, write, () => undefined);
          return;
        }
        if (existsSync(file) && options.force !== true) {
          throw fileExists(file, 'Choose another name, or overwrite it with --force.');
        }
        const partial = `${file}.partial`;
        const begun = existsSync(partial) ? await readPartial(partial) : null;
        if (begun !== null) output.note(`going on after entry ${begun.done} of ${begun.size}, from ${partial}`);
        const fd = openSync(partial, begun === null ? 'w' : 'r+', 0o600);
        let exported: Awaited<ReturnType<typeof exportAudit>>;
        try {
          let at = begun?.bytes ?? 0;
          ftruncateSync(fd, at);
          const write = async (text: string) => {
            const bytes = Buffer.from(text);
            for (let done = 0; done < bytes.length; )
              done += writeSync(fd, bytes, done, bytes.length - done, at + done);
            at += bytes.length;
          };
          const progress = (done: number, of: number) => {
            if (of > 10_000) output.note(`${done} of ${of} entries`);
          };
          exported = await exportAudit(api, write, progress, begun);
          renameSync(partial, file);
        } catch (error) {
          if (existsSync(partial)) output.note(`what there is stays in ${partial}; the same command goes on with it`);
          throw error;
        } finally {
          closeSync(fd);
        }
        output.document({ file, ...exported });
        output.line(`${exported.entries} entries with ${countOf(exported.checkpoints, 'checkpoint')} are in ${file}.`);
        output.line(output.style('dim', `  Verify it anywhere, off-line:  zeronaut audit verify ${file}`));
      }),
  );

  group.addCommand(
    createCommand('verify', {
      profile: false,
      summary: 'check an export off-line, and say where it was tampered with',
      description:
        'Finds every edit, removal, insertion, reordering and truncation, a log that was written again, and one that forks from ' +
        'what this machine verified before. Exit code 0: it is whole; 1: it is not.',
      examples: ['audit verify audit.jsonl', 'audit verify audit.jsonl --key "$(cat audit.key)" --json'],
    })
      .argument('<file>', 'the export; - for standard input')
      .addOption(
        new Option('--key <key>', 'verifier key that must have signed; may be repeated').argParser(parseRepeated),
      )
      .addOption(
        new Option('--witness <key>', 'key of a gateway that must have co-signed; may be repeated').argParser(
          parseRepeated,
        ),
      )
      .addOption(new Option('--needed <n>', 'so many of the witnesses are enough (default: all)').argParser(parseCount))
      .addOption(new Option('--no-known', 'neither use nor remember what this machine knows of the log'))
      .action(async (path: string, options: VerifyOptions) => {
        const { verifyAudit } = await import('../audit/verify-audit.ts');
        const output = outputOf(line, options);
        const witnesses = options.witness;
        const result = await verifyAudit({
          ...{ path, keys: options.key ?? [], useKnown: options.known },
          ...(witnesses !== undefined && {
            witnesses: { keys: witnesses, needed: options.needed ?? witnesses.length },
          }),
        });
        const { valid, finding, entries, pruned, checkpoints, organizationId, last, trust, keys } = result;
        const checkpoint = last === null ? null : { size: last.checkpoint.size, at: last.checkpoint.at };
        output.document({
          valid,
          finding,
          organizationId,
          entries,
          pruned,
          checkpoints,
          last: checkpoint,
          trust,
          keys,
        });
        if (finding !== null) {
          const where = finding.seq === null ? `line ${finding.line}` : `entry ${finding.seq}, line ${finding.line}`;
          throw new CliError(`${path} is not whole: ${finding.message}`, {
            reason: `audit.${finding.flaw}`,
            details: [`${finding.flaw} at ${where}`],
            next: 'Compare it with an earlier export; the console’s database, or this file, was changed.',
          });
        }
        output.line(`${path} is whole: ${entries} entries, ${countOf(checkpoints, 'signed checkpoint')}.`);
        if (pruned > 0) {
          output.line(`  Pruned ${pruned} entries: their texts were past their time, their places are proved`);
        }
        if (last !== null) output.line(`  Last   ${last.checkpoint.size} entries at ${last.checkpoint.at}`);
        const trusted = {
          given: 'the keys that were given',
          known: 'the keys that this machine knows of the log',
          first_use: 'the keys that the file itself names; compare them once with: zeronaut audit checkpoint',
        };
        output.line(`  Keys   ${trusted[trust]}`);
      }),
  );

  group.addCommand(auditExportsCommand(line));
  group.addCommand(auditEraseCommand(line));
  group.addCommand(auditRetentionCommand(line));
  return group;
}
