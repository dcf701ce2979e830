import type { Reason } from '@zeronaut/model';
import { MAX_AUTHORITY_BYTES } from './limits.ts';
import { HEX, HOST, PATH } from './octets.ts';

/**
 * The one normalisation of paths and host names (RFC 3986, 6.2.2). What comes out is both what is decided on and what
 * is forwarded; a path that an upstream could read in another way than we do is refused.
 */

/** `path` starts with `/` and has no query. Returns it normalised. */
export function normalisePath(path: string): { path: string } | { reason: Reason } {
  let decoded = '';
  let encodedSeparator = false;
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i);
    if (code !== 0x25) {
      decoded += path[i];
      continue;
    }
    const high = i + 2 < path.length ? HEX[path.charCodeAt(i + 1) & 255]! : 255;
    const low = i + 2 < path.length ? HEX[path.charCodeAt(i + 2) & 255]! : 255;
    if (high === 255 || low === 255) return { reason: 'http.malformed' };
    const octet = high * 16 + low;
    // NUL ends strings, CR and LF end lines in careless services.
    if (octet === 0 || octet === 13 || octet === 10) return { reason: 'http.malformed' };
    if (octet === 0x2f || octet === 0x5c) encodedSeparator = true;
    if (isUnreserved(octet)) decoded += String.fromCharCode(octet);
    else decoded += path.slice(i, i + 3).toUpperCase();
    i += 2;
  }
  if (encodedSeparator && hasHiddenDotSegment(decoded)) return { reason: 'http.ambiguous' };
  return removeDotSegments(decoded);
}

function isUnreserved(octet: number): boolean {
  return (
    (octet >= 0x30 && octet <= 0x39) ||
    (octet >= 0x41 && octet <= 0x5a) ||
    (octet >= 0x61 && octet <= 0x7a) ||
    octet === 0x2d ||
    octet === 0x2e ||
    octet === 0x5f ||
    octet === 0x7e
  );
}

/** A service that decodes `%2F` or `%5C` before it resolves dots would end up elsewhere than we do. */
function hasHiddenDotSegment(path: string): boolean {
  for (const segment of path.replaceAll('%2F', '/').replaceAll('%5C', '/').split('/')) {
    if (isDotSegment(segment) !== 0) return true;
  }
  return false;
}

/** 1 for `.`, 2 for `..`, 3 for one with parameters (`..;x`), which some servers cut off before they resolve. */
function isDotSegment(segment: string): 0 | 1 | 2 | 3 {
  if (segment === '.') return 1;
  if (segment === '..') return 2;
  return segment.startsWith('.;') || segment.startsWith('..;') ? 3 : 0;
}

function removeDotSegments(path: string): { path: string } | { reason: Reason } {
  if (!path.includes('/.')) return { path };
  const kept: string[] = [];
  const segments = path.split('/');
  for (let i = 1; i < segments.length; i++) {
    const segment = segments[i]!;
    const dots = isDotSegment(segment);
    if (dots === 3) return { reason: 'http.ambiguous' };
    if (dots === 0) kept.push(segment);
    else {
      if (dots === 2) kept.pop();
      if (i === segments.length - 1) kept.push('');
    }
  }
  return { path: `/${kept.join('/')}` };
}

/** True when every octet may stand bare in a path. */
export function isPath(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 255 || PATH[code] === 0) return false;
  }
  return true;
}

export interface Authority {
  /** Lower case, without port and trailing dot; an IPv6 address without brackets. */
  readonly host: string;
  /** Empty when it was not given. */
  readonly port: string;
}

/** Strict `host[:port]` (RFC 9112, 3.2): no user information, no percent-encoding, no empty host. */
export function parseAuthority(text: string): Authority | null {
  if (text.length === 0 || text.length > MAX_AUTHORITY_BYTES) return null;
  let host: string;
  let rest: string;
  if (text.charCodeAt(0) === 0x5b) {
    const close = text.indexOf(']');
    if (close === -1) return null;
    host = text.slice(1, close).toLowerCase();
    if (!isIpv6(host)) return null;
    rest = text.slice(close + 1);
  } else {
    let end = 0;
    while (end < text.length && HOST[text.charCodeAt(end) & 255] === 1 && text.charCodeAt(end) < 256) end++;
    host = text.slice(0, end).toLowerCase();
    rest = text.slice(end);
    if (host.endsWith('.')) host = host.slice(0, -1);
    if (host === '' || host.startsWith('.') || host.includes('..') || host.length > 253) return null;
  }
  if (rest === '') return { host, port: '' };
  if (rest.charCodeAt(0) !== 0x3a || rest.length < 2 || rest.length > 6) return null;
  let port = 0;
  for (let i = 1; i < rest.length; i++) {
    const digit = rest.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return null;
    port = port * 10 + digit;
  }
  return port < 1 || port > 65535 ? null : { host, port: String(port) };
}

/** At most 45 octets by then, so this cannot be made to work long. */
function isIpv6(text: string): boolean {
  if (text.length < 2 || text.length > 45 || !text.includes(':')) return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (HEX[code & 255] === 255 && code !== 0x3a && code !== 0x2e) return false;
  }
  return URL.canParse(`http://[${text}]/`);
}
