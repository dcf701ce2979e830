import type { Reason } from '@zeronaut/model';
import {
  AUTHORIZATION,
  CONNECTION,
  CONTENT_LENGTH,
  COOKIE_FIELD,
  EXPECT,
  HOST_FIELD,
  TE,
  TRAILER,
  TRANSFER_ENCODING,
  UPGRADE,
} from './field-kinds.ts';
import { AMBIGUOUS, fields, fieldText, INCOMPLETE, scanFields, TOO_MANY } from './field-scanner.ts';
import {
  acceptableUpgrade,
  type ConnectionOptions,
  REQUEST_DROPS,
  readConnectionOptions,
  resetConnectionOptions,
} from './hop-by-hop.ts';
import { MAX_HEAD_BYTES, MAX_METHOD_BYTES, MAX_REQUEST_LINE_BYTES } from './limits.ts';
import { CR, DOT, FOLDED_TOKEN, LF, PATH, QUERY, QUESTION, SLASH, SP, trimOws } from './octets.ts';
import { CHUNKED_BODY, ParsedRequest, splitFields } from './parsed-request.ts';
import { isPath, normalisePath, parseAuthority } from './request-target.ts';

/**
 * The strict request codec (RFC 9112): bytes in, a checked head or the reason of refusal out. It comes straight after the
 * socket and before the router. What can be read in two ways is refused; nothing is repaired; it never throws.
 */

/** What llhttp knows, without CONNECT and TRACE: a method that services do not know gains nobody anything. */
const METHODS: ReadonlySet<string> = new Set([
  ...['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'QUERY'],
  ...['COPY', 'LOCK', 'MKCOL', 'MOVE', 'PROPFIND', 'PROPPATCH', 'SEARCH', 'UNLOCK', 'BIND', 'REBIND', 'UNBIND', 'ACL'],
  ...['REPORT', 'MKACTIVITY', 'CHECKOUT', 'MERGE', 'M-SEARCH', 'NOTIFY', 'SUBSCRIBE', 'UNSUBSCRIBE', 'PURGE'],
  ...['MKCALENDAR', 'LINK', 'UNLINK', 'SOURCE'],
]);

/** Parse state of one head, reused: parsing is synchronous. */
const options: ConnectionOptions = { close: false, keepAlive: false, upgrade: false, listed: null };

/** Null: more bytes are needed. `[start, length)` of `bytes` holds what has come so far, from the head's first byte. */
export function parseRequestHead(bytes: Buffer, start: number, length: number): ParsedRequest | Reason | null {
  let at = start;
  // RFC 9112, 2.2: one empty line before the request line is forgiven.
  if (bytes[at] === CR) {
    if (at + 1 >= length) return null;
    if (bytes[at + 1] !== LF) return 'http.malformed';
    at += 2;
  }
  const lineStart = at;
  const lineLimit = Math.min(length, lineStart + MAX_REQUEST_LINE_BYTES);

  // method
  while (at < lineLimit && FOLDED_TOKEN[bytes[at]!] !== 0) at++;
  const methodEnd = at;
  if (at - lineStart > MAX_METHOD_BYTES) return 'http.method_unsupported';
  if (at >= length) return null;
  if (bytes[at] !== SP || at === lineStart) return 'http.malformed';
  at++;

  // target
  const targetStart = at;
  let queryStart = -1;
  let normalise = false;
  if (bytes[at] === SLASH) {
    for (; at < lineLimit; at++) {
      const kind = PATH[bytes[at]!]!;
      if (kind === 1) continue;
      if (kind === 0) break;
      if (kind === 2 || bytes[at - 1] === SLASH) normalise = true;
    }
    if (at < lineLimit && bytes[at] === QUESTION) {
      at++;
      queryStart = at;
      while (at < lineLimit && QUERY[bytes[at]!] === 1) at++;
    }
  } else {
    while (at < lineLimit && QUERY[bytes[at]!] === 1) at++;
  }
  if (at >= lineLimit)
    return at >= length && length < lineStart + MAX_REQUEST_LINE_BYTES ? null : 'http.target_too_long';
  if (bytes[at] !== SP || at === targetStart) return 'http.malformed';
  const targetEnd = at;

  // version: exactly "HTTP/1.0" or "HTTP/1.1" and CRLF
  at++;
  if (at + 10 > lineLimit) {
    if (at + 10 > length) return partialVersion(bytes, at, length);
    return 'http.target_too_long';
  }
  const version = parseVersion(bytes, at);
  if (typeof version === 'string') return version;
  if (bytes[at + 8] !== CR || bytes[at + 9] !== LF) return 'http.malformed';
  at += 10;

  const fieldsStart = at;
  const headLimit = Math.min(length, start + MAX_HEAD_BYTES);
  const end = scanFields(bytes, at, headLimit);
  if (end < 0) {
    if (end === INCOMPLETE)
      return headLimit < length || length - start >= MAX_HEAD_BYTES ? 'http.head_too_large' : null;
    return end === TOO_MANY ? 'http.head_too_large' : end === AMBIGUOUS ? 'http.ambiguous' : 'http.malformed';
  }

  // One conversion for the whole head: everything below is a slice of it.
  const text = bytes.toString('latin1', lineStart, end - 2);
  const request = new ParsedRequest(text, fieldsStart - lineStart);
  request.end = end;
  request.versionMinor = version;
  request.method = text.startsWith('GET ') ? 'GET' : text.slice(0, methodEnd - lineStart);
  return (
    readFields(request, bytes, text, lineStart, fieldsStart) ??
    readTarget(request, text, targetStart - lineStart, targetEnd - lineStart, queryStart - lineStart, normalise) ??
    (request.method === 'GET' || METHODS.has(request.method) ? request : 'http.method_unsupported')
  );
}

/** Says early what cannot become a version any more. */
function partialVersion(bytes: Buffer, at: number, length: number): Reason | null {
  const expected = 'HTTP/1.';
  for (let i = 0; at + i < length && i < expected.length; i++) {
    if (i === 5) return null;
    if (bytes[at + i] !== expected.charCodeAt(i)) return 'http.malformed';
  }
  return null;
}

function parseVersion(bytes: Buffer, at: number): 0 | 1 | Reason {
  if (
    bytes[at] !== 0x48 ||
    bytes[at + 1] !== 0x54 ||
    bytes[at + 2] !== 0x54 ||
    bytes[at + 3] !== 0x50 ||
    bytes[at + 4] !== SLASH
  ) {
    return 'http.malformed';
  }
  const major = bytes[at + 5]!;
  const minor = bytes[at + 7]!;
  if (!isDigit(major) || bytes[at + 6] !== DOT || !isDigit(minor)) return 'http.malformed';
  if (major !== 0x31 || minor > 0x31) return 'http.version_unsupported';
  return minor === 0x31 ? 1 : 0;
}

function isDigit(octet: number): boolean {
  return octet >= 0x30 && octet <= 0x39;
}

function readFields(
  request: ParsedRequest,
  bytes: Buffer,
  text: string,
  base: number,
  fieldsStart: number,
): Reason | null {
  resetConnectionOptions(options);
  let hosts = 0;
  let contentLength = -1;
  let chunked = false;
  let upgrade: string | null = null;
  let upgrades = 0;
  let forwardable = '';
  let runStart = fieldsStart;
  const { count, kind, lineStart, lineEnd } = fields;
  for (let i = 0; i < count; i++) {
    const code = kind[i]!;
    if (REQUEST_DROPS[code] === 0) continue;
    if (runStart < lineStart[i]!) forwardable += text.slice(runStart - base, lineStart[i]! - base);
    runStart = lineEnd[i]!;
    switch (code) {
      case HOST_FIELD:
        if (++hosts > 1) return 'http.ambiguous';
        request.authority = fieldText(text, base, i);
        break;
      case CONTENT_LENGTH: {
        if (contentLength !== -1 || chunked) return 'http.ambiguous';
        const parsed = parseContentLength(bytes, fields.valueStart[i]!, fields.valueEnd[i]!);
        if (typeof parsed === 'string') return parsed;
        contentLength = parsed;
        break;
      }
      case TRANSFER_ENCODING: {
        if (contentLength !== -1 || chunked || request.versionMinor === 0) return 'http.ambiguous';
        const refusal = checkTransferCoding(fieldText(text, base, i));
        if (refusal !== null) return refusal;
        chunked = true;
        break;
      }
      case CONNECTION:
        readConnectionOptions(fieldText(text, base, i), options);
        break;
      case UPGRADE:
        upgrades++;
        upgrade = fieldText(text, base, i);
        break;
      case EXPECT:
        if (request.versionMinor === 0) break;
        if (fieldText(text, base, i).toLowerCase() !== '100-continue') return 'http.expectation_unsupported';
        request.expectContinue = true;
        break;
      case TE:
        if (acceptsTrailers(fieldText(text, base, i))) request.trailersAccepted = true;
        break;
      case TRAILER:
        request.trailer =
          request.trailer === null ? fieldText(text, base, i) : `${request.trailer}, ${fieldText(text, base, i)}`;
        break;
      case COOKIE_FIELD:
        request.cookie =
          request.cookie === null ? fieldText(text, base, i) : `${request.cookie}; ${fieldText(text, base, i)}`;
        break;
      case AUTHORIZATION:
        // Two of them: we might check the one and the service believe the other.
        if (request.authorization !== null) return 'http.ambiguous';
        request.authorization = fieldText(text, base, i);
        break;
      default:
        break;
    }
  }
  const fieldsEnd = request.end - 2;
  if (runStart < fieldsEnd) forwardable += text.slice(runStart - base);
  request.forwardable = options.listed === null ? forwardable : withoutListed(forwardable, options.listed);
  if (hosts === 0 && request.versionMinor === 1) return 'http.malformed';
  if (chunked) request.body = CHUNKED_BODY;
  else if (contentLength !== -1) request.body = { kind: 'length', length: contentLength };
  request.keepAlive = !options.close && (request.versionMinor === 1 || options.keepAlive);
  if (upgrades === 1 && options.upgrade && request.versionMinor === 1) request.upgrade = acceptableUpgrade(upgrade!);
  return null;
}

/** Rare: somebody lists end-to-end fields in Connection. Only lines that would have passed are concerned. */
function withoutListed(lines: string, listed: ReadonlySet<string>): string {
  const { names, rawNames, values } = splitFields(lines);
  let kept = '';
  for (let i = 0; i < names.length; i++) {
    if (!listed.has(names[i]!)) kept += `${rawNames[i]}: ${values[i]}\r\n`;
  }
  return kept;
}

/** Digits only, at most fifteen: exact as a number, and no sign, space, list or base that another reader may see. */
export function parseContentLength(bytes: Buffer, start: number, end: number): number | Reason {
  if (start === end || end - start > 15) return 'http.malformed';
  let length = 0;
  for (let i = start; i < end; i++) {
    const octet = bytes[i]!;
    if (!isDigit(octet)) return octet === 0x2c ? 'http.ambiguous' : 'http.malformed';
    length = length * 10 + octet - 0x30;
  }
  return length;
}

/** Null for exactly `chunked`. */
export function checkTransferCoding(value: string): Reason | null {
  const coding = value.toLowerCase();
  if (coding === 'chunked') return null;
  const parts = coding.split(',');
  for (let i = 0; i < parts.length; i++) {
    const part = trimOws(parts[i]!);
    if (part === '') return 'http.malformed';
    for (let j = 0; j < part.length; j++) if (FOLDED_TOKEN[part.charCodeAt(j)] === 0) return 'http.malformed';
    // RFC 9112, 6.1: chunked comes once and last, else nobody knows where the body ends.
    if (part === 'chunked' && i < parts.length - 1) return 'http.ambiguous';
  }
  return 'http.transfer_coding_unsupported';
}

function acceptsTrailers(value: string): boolean {
  return value === 'trailers' || value.split(',').some((part) => trimOws(part).toLowerCase() === 'trailers');
}

/** Indexes into `text`, which begins with the request line; `queryStart` is negative without a query. */
function readTarget(
  request: ParsedRequest,
  text: string,
  start: number,
  end: number,
  queryStart: number,
  normalise: boolean,
): Reason | null {
  let path: string;
  let authority = request.authority;
  const hasQuery = queryStart > 0;
  const target = text.slice(start, end);
  if (target.charCodeAt(0) === SLASH) {
    request.target = target;
    path = hasQuery ? text.slice(start, queryStart - 1) : target;
    if (hasQuery) request.query = text.slice(queryStart, end);
  } else {
    if (request.method === 'CONNECT') return 'http.method_unsupported';
    if (target === '*') {
      if (request.method !== 'OPTIONS') return 'http.malformed';
      request.target = '*';
      request.path = '/';
      return readHost(request, authority);
    }
    const absolute = parseAbsolute(target);
    if (absolute === null) return 'http.malformed';
    const same = parseAuthority(absolute.authority);
    const host = parseAuthority(authority);
    if (same === null) return 'http.malformed';
    if (host === null) {
      if (authority !== '' || request.versionMinor === 1) return 'http.malformed';
      authority = absolute.authority;
    } else if (host.host !== same.host || host.port !== same.port) return 'http.ambiguous';
    path = absolute.path;
    request.query = absolute.query;
    request.target = absolute.query === '' ? path : `${path}?${absolute.query}`;
    normalise = true;
  }
  if (normalise) {
    const normalised = normalisePath(path);
    if ('reason' in normalised) return normalised.reason;
    if (normalised.path !== path) {
      path = normalised.path;
      request.target = request.query === '' && !hasQuery ? path : `${path}?${request.query}`;
    }
  }
  request.path = path;
  return readHost(request, authority);
}

function readHost(request: ParsedRequest, authority: string): Reason | null {
  request.authority = authority;
  // HTTP/1.0 may come without Host; the router then finds nothing.
  if (authority === '' && request.versionMinor === 0) return null;
  if (authority === lastAuthority) {
    request.host = lastHost;
    return null;
  }
  const parsed = parseAuthority(authority);
  if (parsed === null) return 'http.malformed';
  request.host = lastHost = parsed.host;
  lastAuthority = authority;
  return null;
}

/** One visitor asks one host again and again. */
let lastAuthority: string | null = null;
let lastHost = '';

function parseAbsolute(target: string): { authority: string; path: string; query: string } | null {
  const lower = target.slice(0, 8).toLowerCase();
  const skip = lower.startsWith('http://') ? 7 : lower === 'https://' ? 8 : 0;
  if (skip === 0) return null;
  let end = skip;
  while (end < target.length && target[end] !== '/' && target[end] !== '?') end++;
  const authority = target.slice(skip, end);
  const rest = target.slice(end);
  const question = rest.indexOf('?');
  const path = (question === -1 ? rest : rest.slice(0, question)) || '/';
  return isPath(path) ? { authority, path, query: question === -1 ? '' : rest.slice(question + 1) } : null;
}
