import type { AlarmKind, Incident } from '@zeronaut/model';
import { type Command, Option } from 'commander';
import type { Output } from '../output/output.ts';
import {
  type CommandLine,
  type CommonOptions,
  connect,
  createCommand,
  createGroup,
  minute,
  named,
  outputOf,
  printTable,
} from './command-line.ts';

interface ListOptions extends CommonOptions {
  readonly all?: boolean;
  readonly new?: boolean;
  readonly kind?: AlarmKind;
  readonly severity?: Incident['severity'];
}

interface NoteOptions extends CommonOptions {
  readonly note: string;
}

const incidentOf = <T>(id: string, call: () => Promise<T>) => named(id, call, 'incident', 'incidents list --all');

export function incidentsCommand(line: CommandLine): Command {
  const group = createGroup('incidents', 'what was wrong, from when to when, and who looks after it');

  group.addCommand(
    createCommand('list', {
      summary: 'incidents that are open, newest first',
      examples: ['incidents list', 'incidents list --new --severity bad', 'incidents list --all --json'],
    })
      .option('--all', 'also those that are over, of the last 90 days')
      .addOption(new Option('--new', 'only those that nobody looks after').conflicts('all'))
      .option('--kind <kind>', 'only this alarm, such as gateway_offline')
      .addOption(new Option('--severity <severity>', 'only those').choices(['bad', 'warn']))
      .action(async (options: ListOptions) => {
        const { listAll } = await import('../api/client.ts');
        const output = outputOf(line, options);
        const incidents = await listAll((await connect(line, options)).api, 'incidents.list', {
          ...(options.all === true ? {} : { open: 'true' }),
          ...(options.new === true ? { acknowledged: 'false' } : {}),
          kind: options.kind,
          severity: options.severity,
        });
        output.document(incidents);
        if (incidents.length === 0) {
          output.line(options.all === true ? 'No incidents in the last 90 days.' : 'No incident is open.');
          return;
        }
        const rows = incidents.map((one) => [
          one.id,
          one.severity,
          one.kind,
          `${one.object.kind.replaceAll('_', ' ')} ${one.object.name || one.object.id}`,
          minute(one.openedAt),
          stateOf(one),
          one.detail,
        ]);
        await printTable(output, ['ID', 'SEVERITY', 'KIND', 'WHAT', 'SINCE', 'STATE', 'DETAIL'], rows);
        const fresh = incidents.find(({ closedAt, acknowledgedAt }) => closedAt === null && acknowledgedAt === null);
        if (fresh !== undefined) {
          output.line(output.style('dim', `  Look after one:  zeronaut incidents acknowledge ${fresh.id} --note "…"`));
        }
      }),
    { isDefault: true },
  );

  group.addCommand(
    createCommand('show', { summary: 'one incident', examples: ['incidents show inc_01…'] })
      .argument('<id>', 'id of the incident')
      .action(async (id: string, options: CommonOptions) => {
        const { emailsOf } = await import('./users.ts');
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const incident = await incidentOf(id, () => api.call('incidents.get', { params: { id } }));
        output.document(incident);
        show(output, incident, output.json ? new Map() : await emailsOf(api));
      }),
  );

  group.addCommand(
    createCommand('acknowledge', {
      summary: 'say that you look after an incident',
      examples: ['incidents acknowledge inc_01…', 'incidents acknowledge inc_01… --note "disk is on its way"'],
    })
      .argument('<id>', 'id of the incident')
      .option('--note <text>', 'for the others, and the audit log', '')
      .action(async (id: string, options: NoteOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const params = { params: { id }, body: { note: options.note } };
        const incident = await incidentOf(id, () => api.call('incidents.acknowledge', params));
        output.document(incident);
        output.line(`You look after ${incident.kind} of ${incident.object.name || incident.object.id}.`);
        output.line(output.style('dim', `  When it is over:  zeronaut incidents close ${id} --note "…"`));
      }),
  );

  group.addCommand(
    createCommand('close', {
      summary: 'close an incident that is over',
      description: 'What still goes on is refused: it closes by itself when it is mended.',
      examples: ['incidents close inc_01… --note "key was rotated"'],
    })
      .argument('<id>', 'id of the incident')
      .option('--note <text>', 'for the others, and the audit log', '')
      .action(async (id: string, options: NoteOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const params = { params: { id }, body: { note: options.note } };
        const incident = await incidentOf(id, () => api.call('incidents.close', params));
        output.document(incident);
        output.line(`${incident.kind} of ${incident.object.name || incident.object.id} is closed.`);
      }),
  );
  return group;
}

function stateOf({ closedAt, acknowledgedAt }: Incident): string {
  if (closedAt !== null) return `closed ${minute(closedAt)}`;
  return acknowledgedAt === null ? 'new' : 'looked after';
}

function show(output: Output, incident: Incident, emails: ReadonlyMap<string, string>): void {
  const { kind, severity, object, openedAt, lastSeenAt, count, acknowledgedAt, acknowledgedBy, closedAt } = incident;
  const by = (id: string | null) => (id === null ? '' : ` by ${emails.get(id) ?? id}`);
  output.line(output.style('bold', `${kind} (${severity})  ${object.kind.replaceAll('_', ' ')} ${object.name}`));
  if (incident.detail !== '') output.line(`  ${incident.detail}`);
  output.line(`  Opened        ${minute(openedAt)} UTC, seen ${count === 1 ? 'once' : `${count} times`}`);
  output.line(`  Last seen     ${minute(lastSeenAt)} UTC`);
  if (acknowledgedAt !== null) output.line(`  Looked after  ${minute(acknowledgedAt)} UTC${by(acknowledgedBy)}`);
  if (closedAt !== null)
    output.line(`  Closed        ${minute(closedAt)} UTC${by(incident.closedBy) || ', by itself'}`);
  if (incident.note !== '') output.line(`  Note          ${incident.note}`);
}
