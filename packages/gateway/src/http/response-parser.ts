import { CONNECTION, CONTENT_LENGTH, DATE, PLAIN, TRAILER, TRANSFER_ENCODING, UPGRADE } from './field-kinds.ts';
import { fields, fieldText, INCOMPLETE, scanFields } from './field-scanner.ts';
import { type ConnectionOptions, RESPONSE_DROPS, readConnectionOptions, resetConnectionOptions } from './hop-by-hop.ts';
import { MAX_HEAD_BYTES } from './limits.ts';
import { CR, FIELD_VALUE, LF, SP } from './octets.ts';
import { splitFields } from './parsed-request.ts';
import { checkTransferCoding, parseContentLength } from './request-parser.ts';

/** A response head from upstream, as strict as the one for requests: a proxy that guesses splits responses. */
export class ParsedResponse {
  status = 0;
  /** As sent; may be empty. */
  statusText = '';
  /** Index behind the head in the buffer that was parsed. */
  end = 0;
  /** Lines that travel on as they came, Content-Length and Date among them. */
  forwardable = '';
  /** Declared length, -1 without. */
  contentLength = -1;
  chunked = false;
  keepAlive = false;
  hasDate = false;
  upgrade: string | null = null;
  trailer: string | null = null;
}

const options: ConnectionOptions = { close: false, keepAlive: false, upgrade: false, listed: null };

/** Null: more bytes are needed. `'malformed'`: it cannot be understood in exactly one way. */
export function parseResponseHead(bytes: Buffer, start: number, length: number): ParsedResponse | 'malformed' | null {
  const limit = Math.min(length, start + MAX_HEAD_BYTES);
  if (limit - start < 12) return partialStart(bytes, start, limit);
  if (partialStart(bytes, start, limit) !== null) return 'malformed';
  const minor = bytes[start + 7]!;
  const status = (bytes[start + 9]! - 0x30) * 100 + (bytes[start + 10]! - 0x30) * 10 + bytes[start + 11]! - 0x30;
  let at = start + 12;
  while (at < limit && FIELD_VALUE[bytes[at]!] === 1) at++;
  if (at + 1 >= limit) return limit === length && limit < start + MAX_HEAD_BYTES ? null : 'malformed';
  if (bytes[at] !== CR || bytes[at + 1] !== LF) return 'malformed';
  if (at > start + 12 && bytes[start + 12] !== SP) return 'malformed';
  const response = new ParsedResponse();
  response.status = status;
  const textEnd = at;
  const fieldsStart = at + 2;
  const end = scanFields(bytes, fieldsStart, limit);
  if (end < 0) return end === INCOMPLETE && length < start + MAX_HEAD_BYTES ? null : 'malformed';
  response.end = end;
  const text = bytes.toString('latin1', start, end - 2);
  response.statusText = text.slice(13, textEnd - start);
  return readFields(response, bytes, text, start, fieldsStart, minor === 0x31 ? 1 : 0) ? response : 'malformed';
}

/** Null while it can still be `HTTP/1.x SSS`. */
function partialStart(bytes: Buffer, start: number, limit: number): 'malformed' | null {
  const expected = 'HTTP/1.';
  for (let i = 0; i < 12 && start + i < limit; i++) {
    const octet = bytes[start + i]!;
    if (i < 7) {
      if (octet !== expected.charCodeAt(i)) return 'malformed';
    } else if (i === 7) {
      if (octet !== 0x30 && octet !== 0x31) return 'malformed';
    } else if (i === 8) {
      if (octet !== SP) return 'malformed';
    } else if (octet < (i === 9 ? 0x31 : 0x30) || octet > (i === 9 ? 0x35 : 0x39)) return 'malformed';
  }
  return null;
}

function readFields(
  response: ParsedResponse,
  bytes: Buffer,
  text: string,
  base: number,
  fieldsStart: number,
  versionMinor: 0 | 1,
): boolean {
  resetConnectionOptions(options);
  let forwardable = '';
  let runStart = fieldsStart;
  // RFC 9110, 8.6: these have no body and must not announce one. A reader that believes it would wait for one, and take
  // the next answer for it.
  const bodiless = response.status < 200 || response.status === 204;
  const { count, kind, lineStart, lineEnd } = fields;
  for (let i = 0; i < count; i++) {
    const code = kind[i]!;
    if (code === PLAIN) continue;
    switch (code) {
      case CONTENT_LENGTH: {
        if (response.contentLength !== -1 || response.chunked) return false;
        const parsed = parseContentLength(bytes, fields.valueStart[i]!, fields.valueEnd[i]!);
        if (typeof parsed === 'string') return false;
        response.contentLength = parsed;
        break;
      }
      case TRANSFER_ENCODING:
        if (response.contentLength !== -1 || response.chunked || versionMinor === 0) return false;
        if (checkTransferCoding(fieldText(text, base, i)) !== null) return false;
        response.chunked = true;
        break;
      case CONNECTION:
        readConnectionOptions(fieldText(text, base, i), options);
        break;
      case UPGRADE:
        response.upgrade = fieldText(text, base, i);
        break;
      case TRAILER:
        response.trailer =
          response.trailer === null ? fieldText(text, base, i) : `${response.trailer}, ${fieldText(text, base, i)}`;
        break;
      case DATE:
        response.hasDate = true;
        break;
      default:
        break;
    }
    if (RESPONSE_DROPS[code] === 0 && !(bodiless && code === CONTENT_LENGTH)) continue;
    if (runStart < lineStart[i]!) forwardable += text.slice(runStart - base, lineStart[i]! - base);
    runStart = lineEnd[i]!;
  }
  const fieldsEnd = response.end - 2;
  if (runStart < fieldsEnd) forwardable += text.slice(runStart - base);
  if (options.listed !== null) {
    const { names, rawNames, values } = splitFields(forwardable);
    forwardable = '';
    for (let i = 0; i < names.length; i++) {
      if (!options.listed.has(names[i]!) || names[i] === 'content-length') {
        forwardable += `${rawNames[i]}: ${values[i]}\r\n`;
      }
    }
  }
  response.forwardable = forwardable;
  response.keepAlive = !options.close && (versionMinor === 1 || options.keepAlive);
  if (!options.upgrade) response.upgrade = null;
  return true;
}
