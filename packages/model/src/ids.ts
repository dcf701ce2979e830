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
  grant: 'grt',
  enrolment: 'enr',
  audit: 'aud',
  request: 'req',
} as const;

export type IdKind = keyof typeof ID_PREFIX;

/** A fresh id that sorts by creation time. `nowMs` is for tests; the default is the wall clock. */
export function createId(kind: IdKind, nowMs: number = Date.now()): string {
  let time = '';
  let rest = nowMs;
  for (let i = 0; i < 10; i++) {
    time = ALPHABET[rest % 32] + time;
    rest = Math.floor(rest / 32);
  }
  const random = crypto.getRandomValues(new Uint8Array(16));
  let tail = '';
  for (const byte of random) tail += ALPHABET[byte & 31];
  return `${ID_PREFIX[kind]}_${time}${tail}`;
}

/** True when `value` has the shape of an id of `kind`; says nothing about whether it exists. */
export function isId(kind: IdKind, value: string): boolean {
  return (
    value.length === ID_PREFIX[kind].length + 27 &&
    value.startsWith(`${ID_PREFIX[kind]}_`) &&
    /^[a-z]+_[0-9a-hjkmnp-tv-z]{26}$/.test(value)
  );
}
