import { z } from 'zod';
import { hostname, id, label, port, timestamp } from './scalars.ts';

/** Where an organization's audit entries are sent, and how far that has come. */

const pem = z.string().max(65_536);

/** CEF in RFC 5424 messages, octet-counted (RFC 6587, 3.4.1), over TLS (RFC 5425). */
const syslogSettings = z.strictObject({
  kind: z.literal('syslog'),
  /** A host name or an IP address. */
  host: z.union([hostname.refine((name) => !name.startsWith('*')), z.ipv6()], {
    error: 'a host name or an IP address',
  }),
  port: port.default(6514),
  /** `tcp` only to networks that the operator of the console allowed. */
  transport: z.enum(['tls', 'tcp']).default('tls'),
  /** PEM of the authority that issued its certificate; null: the public ones. */
  certificateAuthority: pem.nullable().default(null),
});

/** OpenTelemetry logs, OTLP/HTTP with JSON. */
const otlpSettings = z.strictObject({
  kind: z.literal('otlp'),
  /** The whole of it, such as `https://collector.example.com/v1/logs`. */
  url: z
    .string()
    .max(1024)
    .regex(/^https?:\/\//, 'a URL that begins with https://'),
  /** The header that carries the secret. */
  header: z
    .string()
    .max(64)
    .regex(/^[a-z0-9][a-z0-9-]*$/, 'the name of a header in lower case')
    .refine(
      (name) => !/^(?:host|connection|transfer-encoding|te|upgrade|expect|content-.*|accept-encoding)$/.test(name),
      {
        error: 'this header is not for secrets',
      },
    )
    .default('authorization'),
  certificateAuthority: pem.nullable().default(null),
});

export const auditExportSettings = z.discriminatedUnion('kind', [syslogSettings, otlpSettings]);
export type AuditExportSettings = z.infer<typeof auditExportSettings>;

export const auditExportInput = z.strictObject({
  name: label,
  settings: auditExportSettings,
  /** Value of the header of an OTLP export, such as `Bearer …`. Sealed, and never given out. */
  secret: z
    .string()
    .max(4096)
    .regex(/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/, 'printable ASCII')
    .nullable()
    .default(null),
  /** `beginning`: the whole log; `now`: what is logged from now on. */
  from: z.enum(['beginning', 'now']).default('beginning'),
});
export type AuditExportInput = z.infer<typeof auditExportInput>;

/** What is absent stays. Entries go on from where the receiver is. */
export const auditExportChange = z.strictObject({
  name: label.optional(),
  settings: auditExportSettings.optional(),
  /** Null: none any more. Must be given again with another address or header, so that it goes nowhere by itself. */
  secret: auditExportInput.shape.secret.unwrap().optional(),
});
export type AuditExportChange = z.infer<typeof auditExportChange>;

export const auditExport = z.strictObject({
  id,
  organizationId: id,
  /** Unique in the organization. */
  name: label,
  settings: auditExportSettings,
  hasSecret: z.boolean(),
  version: z.int().min(1),
  createdAt: timestamp,
  progress: z.strictObject({
    /** The receiver has every entry up to this one. */
    delivered: z.int().min(0),
    /** Entries of the log. */
    entries: z.int().min(0),
    /** Entries that the receiver does not have yet. */
    behind: z.int().min(0),
    /** How long the oldest of them has been waiting. */
    behindSeconds: z.int().min(0),
    lastDeliveredAt: timestamp.nullable(),
    /** Entries that the receiver took and said that it dropped. */
    rejected: z.int().min(0),
    /** Attempts that failed since the last that did not. */
    failures: z.int().min(0),
    lastError: z.string().max(500).nullable(),
    /** When it is tried again; null: nothing failed. */
    nextTryAt: timestamp.nullable(),
  }),
});
export type AuditExport = z.infer<typeof auditExport>;
