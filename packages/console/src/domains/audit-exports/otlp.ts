import { type AuditEntry, type AuditExportSettings, decisionClassOf, parseJson, policiesShown } from '@zeronaut/model';
import { z } from 'zod';
import { Refusal } from '../../store/refusal.ts';
import { VERSION } from '../../version.ts';
import type { Context } from '../context.ts';
import { type ExportRecord, referenceOf } from './export-records.ts';

/**
 * OpenTelemetry receivers: OTLP/HTTP 1.x with JSON bodies (opentelemetry-proto, "JSON Protobuf Encoding": 64-bit numbers are
 * strings, names in lowerCamelCase). The body of a record is exactly what was hashed; all else is attributes.
 */

type Settings = Extract<AuditExportSettings, { kind: 'otlp' }>;

const DELIVERY_TIMEOUT_MS = 20_000;
const MAX_RETRY_AFTER_MS = 3_600_000;

/** Of the log data model: informational. */
const SEVERITY_INFO = 9;

type Value = { stringValue: string } | { intValue: string };

const text = (value: string): Value => ({ stringValue: value.toWellFormed() });
const whole = (value: number): Value => ({ intValue: String(value) });

function attributes(values: Record<string, Value>) {
  return Object.entries(values)
    .filter(([, value]) => !('stringValue' in value) || value.stringValue !== '')
    .map(([key, value]) => ({ key, value }));
}

const nanos = (ms: number) => `${ms}000000`;

export function formatOtlp(records: readonly ExportRecord[], organizationId: string, nowMs: number): string {
  return JSON.stringify({
    resourceLogs: [
      {
        resource: {
          attributes: attributes({
            'service.name': text('zeronaut-console'),
            'service.version': text(VERSION),
            'zeronaut.organization.id': text(organizationId),
          }),
        },
        scopeLogs: [
          {
            scope: { name: 'zeronaut.audit', version: VERSION },
            logRecords: records.map((record) => logRecord(record, nowMs)),
          },
        ],
      },
    ],
  });
}

function logRecord(record: ExportRecord, nowMs: number) {
  const severity = { severityNumber: SEVERITY_INFO, severityText: 'INFO' };
  const reference = { 'zeronaut.audit.checkpoint': text(referenceOf(record.checkpoint)) };
  if (record.type === 'pruned') {
    return {
      ...{ timeUnixNano: nanos(Date.parse(record.checkpoint.at)), observedTimeUnixNano: nanos(nowMs), ...severity },
      eventName: 'audit.pruned',
      attributes: attributes({
        ...{ 'zeronaut.audit.seq': whole(record.seq), 'zeronaut.audit.hash': text(record.hash) },
        ...reference,
      }),
    };
  }
  if (record.type === 'checkpoint') {
    return {
      ...{ timeUnixNano: nanos(Date.parse(record.checkpoint.at)), observedTimeUnixNano: nanos(nowMs), ...severity },
      eventName: 'audit.checkpoint',
      body: text(record.note),
      attributes: attributes({ ...reference, 'zeronaut.audit.seq': whole(record.checkpoint.size) }),
    };
  }
  const { entry, body, opened } = record;
  return {
    ...{ timeUnixNano: nanos(Date.parse(entry.at)), observedTimeUnixNano: nanos(nowMs), ...severity },
    eventName: entry.action,
    body: text(body),
    attributes: attributes({
      'zeronaut.audit.seq': whole(entry.seq),
      'zeronaut.audit.id': text(entry.id),
      'zeronaut.audit.hash': text(entry.hash),
      'zeronaut.audit.previous_hash': text(entry.previousHash),
      ...reference,
      'zeronaut.audit.opened': text(opened),
      'zeronaut.audit.object.kind': text(entry.objectKind),
      'zeronaut.audit.object.id': text(entry.objectId),
      'zeronaut.request.id': text(entry.requestId),
      'user.id': text(entry.actor.id),
      'user.name': text(entry.actor.name),
      'zeronaut.actor.kind': text(entry.actor.kind),
      'client.address': text(entry.actor.address),
      ...decisionAttributes(entry),
    }),
  };
}

/** Of a class of access decisions: who decided, and the policies as people and as machines call them. */
function decisionAttributes(entry: AuditEntry): Record<string, Value> {
  const decision = decisionClassOf(entry);
  if (decision?.decidedBy === undefined) return {};
  return {
    'zeronaut.access.reason': text(decision.reason),
    'zeronaut.access.decided_by': text(decision.decidedBy),
    'zeronaut.access.policies': text(policiesShown(decision)),
    'zeronaut.access.policy_ids': text((decision.policies ?? []).map(({ id }) => id).join(' ')),
  };
}

const answerBody = z.object({
  partialSuccess: z
    .object({
      rejectedLogRecords: z.union([z.string().regex(/^\d{1,15}$/), z.int().min(0)]).default(0),
      errorMessage: z.string().default(''),
    })
    .optional(),
});

export interface OtlpDelivery {
  /** Records that the receiver dropped for good: it says not to send them again. */
  readonly rejected: number;
  readonly message: string;
}

/** A refusal may say when to come again. */
export async function sendOtlp(
  context: Context,
  settings: Settings,
  secret: string | null,
  records: readonly ExportRecord[],
  organizationId: string,
): Promise<OtlpDelivery | { readonly refusal: Refusal; readonly retryAfterMs: number }> {
  const answer = await context.outbound.fetch(settings.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'user-agent': `zeronaut/${VERSION}`,
      ...(secret === null ? {} : { [settings.header]: secret }),
    },
    body: formatOtlp(records, organizationId, context.clock()),
    timeoutMs: DELIVERY_TIMEOUT_MS,
    ...(settings.certificateAuthority === null ? {} : { certificateAuthority: settings.certificateAuthority }),
  });
  if (answer instanceof Refusal) return { refusal: answer, retryAfterMs: 0 };
  const { origin } = new URL(settings.url);
  if (!answer.ok) {
    const seconds = Number(answer.headers.get('retry-after') ?? 0);
    const retryAfterMs = Number.isFinite(seconds) ? Math.min(Math.max(0, seconds * 1000), MAX_RETRY_AFTER_MS) : 0;
    const refusal = new Refusal('outbound.unreachable', { detail: `${origin} answered ${answer.status}` });
    return { refusal, retryAfterMs };
  }
  // Receivers answer nothing, `{}`, or what they dropped.
  const partial = answerBody.safeParse(parseJson(await answer.text())).data?.partialSuccess;
  return { rejected: Number(partial?.rejectedLogRecords ?? 0), message: partial?.errorMessage ?? '' };
}
