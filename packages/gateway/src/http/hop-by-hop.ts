import {
  AUTHORIZATION,
  CONNECTION,
  CONTENT_LENGTH,
  COOKIE_FIELD,
  EXPECT,
  FORWARDED,
  HOP,
  HOST_FIELD,
  IDENTITY,
  LOOK_ALIKE,
  PLAIN,
  REQUEST_ID,
  TE,
  TRAILER,
  TRANSFER_ENCODING,
  UPGRADE,
} from './field-kinds.ts';
import { trimOws } from './octets.ts';

/**
 * What ends at us and what travels on: the only place that says so, for both directions (RFC 9110, 7.6.1). The codecs
 * copy the lines that pass as they came; everything else is either dropped or written anew from what was understood.
 *
 * - Connection and what it lists, Keep-Alive, Proxy-*, HTTP2-Settings: dropped.
 * - Transfer-Encoding, Upgrade, TE (only `trailers`), Trailer (only beside chunks, because trailers do travel): anew.
 * - Requests: Host, Content-Length, Cookie (without ours), Authorization (unless it was meant for us): anew.
 *   Expect, look-alike names, Forwarded and its kin, X-Request-Id, X-Zeronaut-*: dropped; ours follow where we have one.
 * - Responses: Content-Length and Date pass; X-Request-Id is ours.
 */
const DROPPED_FROM_REQUEST = kinds(
  HOST_FIELD,
  CONNECTION,
  CONTENT_LENGTH,
  TRANSFER_ENCODING,
  TE,
  TRAILER,
  UPGRADE,
  EXPECT,
  HOP,
  COOKIE_FIELD,
  AUTHORIZATION,
  FORWARDED,
  IDENTITY,
  REQUEST_ID,
  LOOK_ALIKE,
);
const DROPPED_FROM_RESPONSE = kinds(CONNECTION, TRANSFER_ENCODING, TE, TRAILER, UPGRADE, HOP, REQUEST_ID, LOOK_ALIKE);

function kinds(...dropped: number[]): Uint8Array {
  const table = new Uint8Array(17);
  for (const kind of dropped) table[kind] = 1;
  return table;
}

/** 1: the line is not copied. Indexed by field kind. */
export const REQUEST_DROPS: Uint8Array = DROPPED_FROM_REQUEST;
export const RESPONSE_DROPS: Uint8Array = DROPPED_FROM_RESPONSE;

/** Trailers that would change framing, routing, trust or meaning after the fact (RFC 9110, 6.5.1). Lower case. */
const FORBIDDEN_TRAILERS: ReadonlySet<string> = new Set([
  'age',
  'cache-control',
  'content-encoding',
  'content-range',
  'content-type',
  'date',
  'expires',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'location',
  'max-forwards',
  'pragma',
  'range',
  'retry-after',
  'set-cookie',
  'vary',
  'warning',
  'www-authenticate',
]);

export function trailerPasses(kind: number, lowerCaseName: string): boolean {
  return kind === PLAIN && !FORBIDDEN_TRAILERS.has(lowerCaseName);
}

export interface ConnectionOptions {
  close: boolean;
  keepAlive: boolean;
  upgrade: boolean;
  /** Other names, lower case: fields that end here. Null when there are none, which is nearly always. */
  listed: Set<string> | null;
}

export function resetConnectionOptions(options: ConnectionOptions): void {
  options.close = options.keepAlive = options.upgrade = false;
  options.listed = null;
}

/** Adds the options of one Connection field. */
export function readConnectionOptions(value: string, options: ConnectionOptions): void {
  if (value === 'keep-alive') {
    options.keepAlive = true;
    return;
  }
  for (const part of value.split(',')) {
    const option = trimOws(part).toLowerCase();
    if (option === 'close') options.close = true;
    else if (option === 'keep-alive') options.keepAlive = true;
    else if (option === 'upgrade') options.upgrade = true;
    else if (option !== '') {
      options.listed ??= new Set();
      options.listed.add(option);
    }
  }
}

/** Protocols that carry further HTTP requests, which would then pass unseen behind a 101. */
const HIDING_PROTOCOLS = ['h2c', 'h2', 'http', 'tls'];

/**
 * The lower-case protocol that may be asked of upstream, or null: no, more than one, or one that would carry requests
 * past our decisions. A server may always ignore Upgrade (RFC 9110, 7.8).
 */
export function acceptableUpgrade(value: string): string | null {
  const protocol = value.toLowerCase();
  if (protocol === '' || protocol.includes(',') || protocol.includes(' ') || protocol.includes('\t')) return null;
  const slash = protocol.indexOf('/');
  return HIDING_PROTOCOLS.includes(slash === -1 ? protocol : protocol.slice(0, slash)) ? null : protocol;
}
