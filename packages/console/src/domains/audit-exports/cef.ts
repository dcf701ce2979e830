import { isIPv4, isIPv6 } from 'node:net';
import { type AuditEntry, decisionClassOf, policiesShown } from '@zeronaut/model';
import { VERSION } from '../../version.ts';
import { type EntryRecord, type ExportRecord, referenceOf } from './export-records.ts';

/**
 * Records in the Common Event Format (CEF 0). Whatever an entry holds, it stays in its field: the header escapes backslash and
 * pipe, the extension backslash, equals sign and line ends, and other control characters are replaced.
 */

/** Longest body that is sent along; of a longer entry its hash and number tell where it is in the log. */
const MAX_BODY_CHARACTERS = 65_536;

export function formatCef(record: ExportRecord): string {
  if (record.type === 'pruned') {
    return format('audit.pruned', 1, [
      ['cn1Label', 'seq'],
      ['cn1', String(record.seq)],
      ['cs1Label', 'hash'],
      ['cs1', record.hash],
      ['cs3Label', 'checkpoint'],
      ['cs3', referenceOf(record.checkpoint)],
    ]);
  }
  return record.type === 'entry'
    ? formatEntry(record.entry, record, referenceOf(record.checkpoint))
    : format('audit.checkpoint', 1, [
        ['rt', String(Date.parse(record.checkpoint.at))],
        ['cn1Label', 'seq'],
        ['cn1', String(record.checkpoint.size)],
        ['cs3Label', 'checkpoint'],
        ['cs3', referenceOf(record.checkpoint)],
        ['zeronautOrigin', record.checkpoint.origin],
        ['zeronautNote', record.note],
      ]);
}

function formatEntry(entry: AuditEntry, { body, opened }: EntryRecord, checkpoint: string): string {
  const { actor } = entry;
  const fits = body.length + opened.length <= MAX_BODY_CHARACTERS;
  return format(entry.action, severityOf(entry.action), [
    ['rt', String(Date.parse(entry.at))],
    ['externalId', entry.id],
    ['suid', actor.id],
    ['suser', actor.name],
    ['sourceServiceName', actor.kind],
    ...(isIPv4(actor.address) ? ([['src', actor.address]] as const) : []),
    ...(isIPv6(actor.address)
      ? ([
          ['c6a2Label', 'Source IPv6 Address'],
          ['c6a2', actor.address],
        ] as const)
      : []),
    ['act', entry.action],
    ['cn1Label', 'seq'],
    ['cn1', String(entry.seq)],
    ['cs1Label', 'hash'],
    ['cs1', entry.hash],
    ['cs2Label', 'previousHash'],
    ['cs2', entry.previousHash],
    ['cs3Label', 'checkpoint'],
    ['cs3', checkpoint],
    ['cs4Label', 'object'],
    ['cs4', `${entry.objectKind} ${entry.objectId}`.trim()],
    ['cs5Label', 'requestId'],
    ['cs5', entry.requestId],
    ['cs6Label', 'organization'],
    ['cs6', entry.organizationId],
    ...decisionFields(entry),
    ...(fits
      ? ([
          ['zeronautEntry', body],
          ['zeronautOpened', opened],
        ] as const)
      : ([['zeronautEntryCharacters', String(body.length)]] as const)),
  ]);
}

/** Of a class of access decisions: who decided, and the policies as people and as machines call them. */
function decisionFields(entry: AuditEntry): Field[] {
  const decision = decisionClassOf(entry);
  if (decision?.decidedBy === undefined) return [];
  return [
    ['reason', decision.reason],
    ['zeronautDecidedBy', decision.decidedBy],
    ['zeronautPolicies', policiesShown(decision)],
    ['zeronautPolicyIds', (decision.policies ?? []).map(({ id }) => id).join(' ')],
  ];
}

type Field = readonly [name: string, value: string];

function format(action: string, severity: number, fields: readonly Field[]): string {
  const header = ['CEF:0', 'Zeronaut', 'Console', VERSION, action, action].map(escapeHeader).join('|');
  const extension = fields
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}=${escapeExtension(value)}`)
    .join(' ');
  return `${header}|${severity}|${extension}`;
}

/** 0 to 10. */
export function severityOf(action: string): number {
  if (/deni|deny|fail|refus/.test(action)) return 6;
  return /delete|revoke|remove|reset|erase|prune/.test(action) ? 5 : 3;
}

/** C0 and C1 controls, DEL, and the two other characters that end lines in some readers. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

export function escapeHeader(text: string): string {
  return text.toWellFormed().replaceAll(CONTROL, ' ').replaceAll('\\', '\\\\').replaceAll('|', '\\|');
}

export function escapeExtension(text: string): string {
  return text
    .toWellFormed()
    .replaceAll('\\', '\\\\')
    .replaceAll('=', '\\=')
    .replaceAll('\r', '\\r')
    .replaceAll('\n', '\\n')
    .replaceAll(CONTROL, '\ufffd');
}
