import { factorKind } from '@zeronaut/model';

/**
 * What the facts of a policy can be at all, where that is narrower than their type. `circumstances.ts` and `entities.ts` make
 * exactly such; a value too many here lets a slip of the pen pass, one too few would refuse a policy that can match.
 */
export interface NumberRange {
  readonly from: number;
  readonly to: number;
}

const score = { from: 0, to: 100 };
const count = { from: 0, to: Number.POSITIVE_INFINITY };

export const NUMBERS: ReadonlyMap<string, NumberRange> = new Map([
  ['context.time.hour', { from: 0, to: 23 }],
  ['context.time.minute', { from: 0, to: 59 }],
  ['context.time.weekday', { from: 1, to: 7 }],
  ['context.risk', score],
  ['context.device.risk', score],
  ['context.factorMinutesAgo', count],
  ['context.device.reportedMinutesAgo', count],
  ['context.destination.port', { from: 0, to: 65_535 }],
]);

/** Facts that go round: after the last one comes the first, so that people write them the wrong way round. */
export const ROUND: ReadonlySet<string> = new Set(['context.time.hour', 'context.time.minute', 'context.time.weekday']);

const LETTERS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];

/** Files of countries may have codes that the standard leaves to its users, so these are all pairs of letters. */
const COUNTRY = 'context.country';

export const WORDS: ReadonlyMap<string, readonly string[]> = new Map([
  [COUNTRY, LETTERS.flatMap((first) => LETTERS.map((second) => first + second))],
  [
    'context.by',
    [
      ...['', 'session', 'personal_access_token', 'basic', 'token', 'share', 'address', 'device', 'public'],
      ...['api_key', 'workload'],
    ],
  ],
  ['principal.kind', ['basic', 'share', 'token', 'address', 'anonymous']],
  ['resource.protocol', ['http', 'https', 'tcp', 'udp']],
]);

/** Members that a set can have. */
export const MEMBERS: ReadonlyMap<string, readonly string[]> = new Map([['context.factors', factorKind.options]]);

/** What people choose from; of countries there are too many to name. */
export function wordsOf(about: string): readonly string[] | null {
  return about === COUNTRY ? null : (MEMBERS.get(about) ?? WORDS.get(about)?.filter((word) => word !== '') ?? null);
}

/** Entities that others are in; anything else is only in itself. */
export const CONTAINERS: ReadonlySet<string> = new Set(['Group', 'Role', 'Segment', 'Action']);

/** Nobody is in two of one of these. */
export const EXCLUSIVE: ReadonlySet<string> = new Set(['Role']);

export const TYPES: ReadonlyMap<string, readonly string[]> = new Map([
  ['principal', ['User', 'ServiceAccount', 'Guest']],
  ['resource', ['Resource', 'Site', 'Console']],
  ['context.device', ['Device']],
  ['context.gateway', ['Gateway']],
]);

export const METHOD = 'context.http.method';
