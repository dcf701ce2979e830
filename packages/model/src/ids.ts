/** Crockford base32 without I, L, O, U: safe in hostnames when lower-cased, unambiguous when read aloud. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** Every id is `<prefix>_<26 characters>`: 10 characters of time (48 bit, ms) and 16 of randomness (80 bit). */
export const ID_PREFIX = {
  organization: 'org',
  user: 'usr',
  session: 'ses',
  apiKey: 'key',
  device: 'dev',
  gateway: 'gw',
  site: 'site',
  resource: 'res',
  target: 'tgt',
  share: 'shr',
  personalAccessToken: 'pat',
  relyingParty: 'rlp',
  workloadTrust: 'wlt',
  workloadToken: 'wat',
  grant: 'grt',
  enrolment: 'enr',
  audit: 'aud',
  auditExport: 'axp',
  auditSubject: 'sub',
  identityProvider: 'idp',
  group: 'grp',
  scimGroup: 'sgr',
  factor: 'fac',
  invitation: 'inv',
  policy: 'pol',
  accessRequest: 'acr',
  notification: 'ntf',
  incident: 'inc',
  pushSubscription: 'psh',
  request: 'req',
} as const;

export type IdKind = keyof typeof ID_PREFIX;

/** Randomness is fetched for many ids at once: a request id is made for every connection, and asking costs more than using. */
const POOL_BYTES = 4096;
const ID_BYTES = 16;
const pool = new Uint8Array(POOL_BYTES);
let poolAt = POOL_BYTES;
let timeMs = -1;
let timeText = '';

/** A fresh id that sorts by creation time. `nowMs` is for tests; the default is the wall clock. */
export function createId(kind: IdKind, nowMs: number = Date.now()): string {
  if (poolAt === POOL_BYTES) {
    crypto.getRandomValues(pool);
    poolAt = 0;
  }
  let tail = '';
  for (const end = poolAt + ID_BYTES; poolAt < end; poolAt++) tail += ALPHABET[pool[poolAt]! & 31];
  return `${ID_PREFIX[kind]}_${encodeTime(nowMs)}${tail}`;
}

function encodeTime(nowMs: number): string {
  if (nowMs === timeMs) return timeText;
  let text = '';
  let rest = nowMs;
  for (let i = 0; i < 10; i++) {
    text = ALPHABET[rest % 32] + text;
    rest = Math.floor(rest / 32);
  }
  timeMs = nowMs;
  timeText = text;
  return text;
}

/** True when `value` has the shape of an id of `kind`; says nothing about whether it exists. */
export function isId(kind: IdKind, value: string): boolean {
  return (
    value.length === ID_PREFIX[kind].length + 27 &&
    value.startsWith(`${ID_PREFIX[kind]}_`) &&
    /^[a-z]+_[0-9a-hjkmnp-tv-z]{26}$/.test(value)
  );
}

/** When an id of `kind` was made (ms), by what it says itself; null: it is none. */
export function idTime(kind: IdKind, value: string): number | null {
  if (!isId(kind, value)) return null;
  let timeMs = 0;
  for (const digit of value.slice(-26, -16)) timeMs = timeMs * 32 + ALPHABET.indexOf(digit);
  return timeMs;
}
