import { FOLDED_TOKEN } from './octets.ts';

/** What a field means to the codec. Everything that it need not know is PLAIN. */
export const PLAIN = 0;
export const HOST_FIELD = 1;
export const CONNECTION = 2;
export const CONTENT_LENGTH = 3;
export const TRANSFER_ENCODING = 4;
export const TE = 5;
export const TRAILER = 6;
export const UPGRADE = 7;
export const EXPECT = 8;
/** Keep-Alive, Proxy-*, HTTP2-Settings, and Proxy, which CGI would take for a variable (httpoxy). */
export const HOP = 9;
export const COOKIE_FIELD = 10;
export const AUTHORIZATION = 11;
/** Forwarded, X-Forwarded-*, X-Real-IP. */
export const FORWARDED = 12;
/** X-Zeronaut-*. */
export const IDENTITY = 13;
export const REQUEST_ID = 14;
export const DATE = 15;
/** A name with `_`, `.` or another mark that a service may take for one of the above: never forwarded, never understood. */
export const LOOK_ALIKE = 16;

const HYPHEN = 0x2d;

const EXACT: readonly (readonly [string, number])[] = [
  ['te', TE],
  ['host', HOST_FIELD],
  ['date', DATE],
  ['cookie', COOKIE_FIELD],
  ['proxy', HOP],
  ['expect', EXPECT],
  ['trailer', TRAILER],
  ['upgrade', UPGRADE],
  ['forwarded', FORWARDED],
  ['x-real-ip', FORWARDED],
  ['connection', CONNECTION],
  ['keep-alive', HOP],
  ['x-request-id', REQUEST_ID],
  ['authorization', AUTHORIZATION],
  ['content-length', CONTENT_LENGTH],
  ['http2-settings', HOP],
  ['transfer-encoding', TRANSFER_ENCODING],
];
const PREFIXES: readonly (readonly [string, number])[] = [
  ['proxy-', HOP],
  ['x-zeronaut-', IDENTITY],
  ['x-forwarded-', FORWARDED],
];

interface Candidate {
  readonly octets: Uint8Array;
  readonly kind: number;
}
const candidate = ([name, kind]: readonly [string, number]): Candidate => ({
  octets: new Uint8Array(Buffer.from(name, 'latin1')),
  kind,
});
/** By length and first letter, `length << 8 | letter`: no two exact names share a slot, so one look-up is enough. */
const EXACT_SLOTS: (Candidate | undefined)[] = new Array(18 << 8).fill(undefined);
for (const entry of EXACT) {
  const slot = (entry[0].length << 8) | entry[0].charCodeAt(0);
  if (EXACT_SLOTS[slot] !== undefined) throw new Error(`${entry[0]} shares its slot`);
  EXACT_SLOTS[slot] = candidate(entry);
}
const BY_PREFIX: readonly Candidate[] = PREFIXES.map(candidate);
const FIRST_OF_PREFIX = new Uint8Array(256);
for (const { octets } of BY_PREFIX) FIRST_OF_PREFIX[octets[0]!] = 1;

/** `[start, end)` holds a valid token. */
export function classifyField(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  const first = FOLDED_TOKEN[bytes[start]!]!;
  if (length < 18) {
    const exact = EXACT_SLOTS[(length << 8) | first];
    if (exact !== undefined && begins(bytes, start, exact.octets)) return lookAlike(bytes, start, end, exact.kind);
  }
  if (FIRST_OF_PREFIX[first] === 1) {
    for (let i = 0; i < BY_PREFIX.length; i++) {
      const prefix = BY_PREFIX[i]!;
      if (length >= prefix.octets.length && begins(bytes, start, prefix.octets)) {
        return lookAlike(bytes, start, end, prefix.kind);
      }
    }
  }
  return PLAIN;
}

function begins(bytes: Uint8Array, start: number, octets: Uint8Array): boolean {
  for (let i = 0; i < octets.length; i++) {
    if (FOLDED_TOKEN[bytes[start + i]!] !== octets[i]) return false;
  }
  return true;
}

function lookAlike(bytes: Uint8Array, start: number, end: number, kind: number): number {
  for (let i = start; i < end; i++) if (FOLDED_TOKEN[bytes[i]!] === HYPHEN && bytes[i] !== HYPHEN) return LOOK_ALIKE;
  return kind;
}
