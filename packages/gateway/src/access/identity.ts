import { IDENTITY_HEADER, type SnapshotUser } from '@zeronaut/model';
import { BoundedMap } from '../bounded-map.ts';
import { credentialId, type Subject, subjectName } from '../flow.ts';
import { mintToken, type SigningKey } from './tokens.ts';

/**
 * The headers that tell a service who is calling. They are the only ones of their names that reach it: what a visitor
 * sends under `x-zeronaut-` is removed before. The assertion is signed once per subject and host and used until it
 * is half spent, so that no request waits for a signature.
 */
const ASSERTION_SECONDS = 300;
const CACHE_ENTRIES = 10_000;

type Headers = readonly (readonly [string, string])[];

const NOBODY: Headers = Object.freeze([]);

export class Identity {
  readonly #cache = new BoundedMap<string, { subject: Subject; headers: Headers; renewAtMs: number }>(CACHE_ENTRIES);
  readonly #gatewayId: string;
  readonly #key: SigningKey;

  constructor(gatewayId: string, key: SigningKey) {
    this.#gatewayId = gatewayId;
    this.#key = key;
  }

  /** Nothing for callers of whom only the address is known. */
  headers(subject: Subject, host: string, nowMs: number): Headers {
    if (subject.kind === 'anonymous' || subject.kind === 'address') return NOBODY;
    const cacheKey = `${host} ${subject.kind} ${credentialId(subject)} ${subjectName(subject)}`;
    const known = this.#cache.get(cacheKey);
    if (known !== undefined && known.renewAtMs > nowMs && sameUser(known.subject, subject)) return known.headers;

    const headers = this.#make(subject, host, nowMs);
    this.#cache.set(cacheKey, { subject, headers, renewAtMs: nowMs + (ASSERTION_SECONDS * 1000) / 2 });
    return headers;
  }

  #make(subject: Subject, host: string, nowMs: number): Headers {
    const name = subjectName(subject);
    const issuedAt = Math.floor(nowMs / 1000);
    const user = userOf(subject);
    const assertion = mintToken(
      'assertion',
      {
        iss: this.#gatewayId,
        aud: host,
        sub: name,
        ...(user === null ? {} : { email: user.email, name: user.name, groups: user.groups, org: user.organizationId }),
        iat: issuedAt,
        exp: issuedAt + ASSERTION_SECONDS,
      },
      this.#key,
    );
    const headers: [string, string][] = [[IDENTITY_HEADER.user, headerSafe(name)]];
    if (user !== null) {
      headers.push([IDENTITY_HEADER.email, headerSafe(user.email)]);
      headers.push([IDENTITY_HEADER.groups, user.groups.map(headerSafe).join(',')]);
    }
    headers.push([IDENTITY_HEADER.assertion, assertion]);
    return headers;
  }
}

/** A snapshot may have changed the user's groups or address: then the remembered headers are of the past. */
function sameUser(a: Subject, b: Subject): boolean {
  const [before, now] = [userOf(a), userOf(b)];
  if (before === null || now === null) return a.kind === b.kind;
  if (before === now) return true;
  return (
    before.email === now.email &&
    before.name === now.name &&
    before.organizationId === now.organizationId &&
    before.groups.length === now.groups.length &&
    before.groups.every((group, index) => group === now.groups[index])
  );
}

function userOf(subject: Subject): SnapshotUser | null {
  return subject.kind === 'user' || subject.kind === 'token_user' ? subject.user : null;
}

/**
 * Visible ASCII as it is; everything else, and `%` and `,`, as percent-encoded UTF-8. So a value can be decoded in one
 * way only, cannot end its header line, and cannot add a group.
 */
export function headerSafe(text: string): string {
  if (/^[\x21-\x24\x26-\x2b\x2d-\x7e]*$/.test(text)) return text;
  let safe = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const plain = byte > 0x20 && byte < 0x7f && byte !== 0x25 && byte !== 0x2c;
    safe += plain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return safe;
}
