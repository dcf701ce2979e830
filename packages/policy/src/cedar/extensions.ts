import { EvaluationError, Extension, type IpRange, type Value } from './values.ts';

/** Cedar's extension types (ipaddr, decimal, datetime, duration): constructors from text, and their methods. */

type Method = (args: readonly Value[]) => Value;

const I64 = 2n ** 63n;

/** By the name that the function has in Cedar's JSON format. */
export const EXTENSION_FUNCTIONS: ReadonlyMap<string, { readonly arity: number; readonly run: Method }> = new Map<
  string,
  { arity: number; run: Method }
>([
  ['ip', { arity: 1, run: ([text]) => parseIp(asText(text)) }],
  ['isIpv4', { arity: 1, run: ([ip]) => asIp(ip).bits === 32 }],
  ['isIpv6', { arity: 1, run: ([ip]) => asIp(ip).bits === 128 }],
  ['isLoopback', { arity: 1, run: ([ip]) => withinAny(asIp(ip), LOOPBACK) }],
  ['isMulticast', { arity: 1, run: ([ip]) => withinAny(asIp(ip), MULTICAST) }],
  ['isInRange', { arity: 2, run: ([ip, range]) => within(asIp(ip), asIp(range)) }],
  ['decimal', { arity: 1, run: ([text]) => parseDecimal(asText(text)) }],
  ['lessThan', { arity: 2, run: ([a, b]) => amountOf(a, 'decimal') < amountOf(b, 'decimal') }],
  ['lessThanOrEqual', { arity: 2, run: ([a, b]) => amountOf(a, 'decimal') <= amountOf(b, 'decimal') }],
  ['greaterThan', { arity: 2, run: ([a, b]) => amountOf(a, 'decimal') > amountOf(b, 'decimal') }],
  ['greaterThanOrEqual', { arity: 2, run: ([a, b]) => amountOf(a, 'decimal') >= amountOf(b, 'decimal') }],
  ['datetime', { arity: 1, run: ([text]) => parseDatetime(asText(text)) }],
  ['duration', { arity: 1, run: ([text]) => parseDuration(asText(text)) }],
  [
    'offset',
    {
      arity: 2,
      run: ([at, by]) => new Extension('datetime', i64(amountOf(at, 'datetime') + amountOf(by, 'duration'))),
    },
  ],
  [
    'durationSince',
    {
      arity: 2,
      run: ([at, from]) => new Extension('duration', i64(amountOf(at, 'datetime') - amountOf(from, 'datetime'))),
    },
  ],
  ['toDate', { arity: 1, run: ([at]) => new Extension('datetime', i64(startOfDay(amountOf(at, 'datetime')))) }],
  [
    'toTime',
    {
      arity: 1,
      run: ([at]) => {
        const ms = amountOf(at, 'datetime');
        return new Extension('duration', ms - startOfDay(ms));
      },
    },
  ],
  ['toMilliseconds', { arity: 1, run: ([span]) => safe(amountOf(span, 'duration')) }],
  ['toSeconds', { arity: 1, run: ([span]) => safe(amountOf(span, 'duration') / 1_000n) }],
  ['toMinutes', { arity: 1, run: ([span]) => safe(amountOf(span, 'duration') / 60_000n) }],
  ['toHours', { arity: 1, run: ([span]) => safe(amountOf(span, 'duration') / 3_600_000n) }],
  ['toDays', { arity: 1, run: ([span]) => safe(amountOf(span, 'duration') / 86_400_000n) }],
]);

const DAY = 86_400_000n;
const LOOPBACK = [parseIp('127.0.0.0/8').ip!, parseIp('::1').ip!];
const MULTICAST = [parseIp('224.0.0.0/4').ip!, parseIp('ff00::/8').ip!];

export function ipValue(text: string): Extension {
  return parseIp(text);
}

export function datetimeValue(ms: number): Extension {
  return new Extension('datetime', BigInt(ms));
}

function parseIp(text: string): Extension {
  const slash = text.indexOf('/');
  const host = slash === -1 ? text : text.slice(0, slash);
  const v4 = parseV4(host);
  const address = v4 ?? parseV6(host);
  const bits = v4 === null ? 128 : 32;
  const prefixText = slash === -1 ? String(bits) : text.slice(slash + 1);
  const prefix = Number(prefixText);
  if (address === null || !/^(?:0|[1-9]\d{0,2})$/.test(prefixText) || prefix > bits) {
    throw new EvaluationError(`${JSON.stringify(text)} is no IP address`);
  }
  return new Extension('ipaddr', 0n, { bits, address, prefix });
}

function parseV4(text: string): bigint | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return null;
  let address = 0n;
  for (const octet of match.slice(1)) {
    if (Number(octet) > 255 || (octet.length > 1 && octet.startsWith('0'))) return null;
    address = address * 256n + BigInt(octet);
  }
  return address;
}

/** Without zones and embedded IPv4, which Cedar refuses as well. */
function parseV6(text: string): bigint | null {
  if (!/^[0-9a-fA-F:]{2,39}$/.test(text)) return null;
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null;
  let address = 0n;
  for (const group of [...head, ...new Array<string>(missing).fill('0'), ...tail]) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return null;
    address = address * 65_536n + BigInt(`0x${group}`);
  }
  return address;
}

function within(inner: IpRange, outer: IpRange): boolean {
  if (inner.bits !== outer.bits || inner.prefix < outer.prefix) return false;
  const shift = BigInt(outer.bits - outer.prefix);
  return inner.address >> shift === outer.address >> shift;
}

function withinAny(ip: IpRange, ranges: readonly IpRange[]): boolean {
  return ranges.some((range) => within(ip, range));
}

function parseDecimal(text: string): Extension {
  const match = /^(-?)(\d+)\.(\d{1,4})$/.exec(text);
  if (match === null) throw new EvaluationError(`${JSON.stringify(text)} is no decimal`);
  const amount = BigInt(match[2]!) * 10_000n + BigInt(match[3]!.padEnd(4, '0'));
  return new Extension('decimal', i64(match[1] === '-' ? -amount : amount));
}

/** `2026-01-31`, `2026-01-31T12:00:00Z`, with `.123` and with `+0100` for `Z` (RFC 80 of Cedar). */
function parseDatetime(text: string): Extension {
  const match = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(?:\.(\d{3}))?(?:Z|([+-])(\d\d)(\d\d)))?$/.exec(text);
  if (match === null) throw new EvaluationError(`${JSON.stringify(text)} is no datetime`);
  const [year, month, day, hour, minute, second, milli] = match.slice(1, 8).map((part) => Number(part ?? 0));
  const at = Date.UTC(year!, month! - 1, day!, hour!, minute!, second!, milli!);
  const date = new Date(at);
  if (year! < 100) date.setUTCFullYear(year!);
  const real = date.getUTCFullYear() === year && date.getUTCMonth() === month! - 1 && date.getUTCDate() === day;
  const [offsetHours, offsetMinutes] = [Number(match[9] ?? 0), Number(match[10] ?? 0)];
  if (!real || hour! > 23 || minute! > 59 || second! > 59 || offsetHours > 23 || offsetMinutes > 59) {
    throw new EvaluationError(`${JSON.stringify(text)} is no datetime`);
  }
  const offset = (offsetHours * 60 + offsetMinutes) * 60_000 * (match[8] === '-' ? -1 : 1);
  return new Extension('datetime', BigInt(date.getTime() - offset));
}

function parseDuration(text: string): Extension {
  const match = /^(-?)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?$/.exec(text);
  if (match === null || !/\d/.test(text)) throw new EvaluationError(`${JSON.stringify(text)} is no duration`);
  const [days, hours, minutes, seconds, millis] = match.slice(2).map((part) => BigInt(part ?? 0));
  const total = days! * DAY + hours! * 3_600_000n + minutes! * 60_000n + seconds! * 1_000n + millis!;
  return new Extension('duration', i64(match[1] === '-' ? -total : total));
}

function startOfDay(ms: bigint): bigint {
  const rest = ms % DAY;
  return ms - (rest < 0n ? rest + DAY : rest);
}

function asText(value: Value | undefined): string {
  if (typeof value !== 'string') throw new EvaluationError('a string was expected');
  return value;
}

function asIp(value: Value | undefined): IpRange {
  if (!(value instanceof Extension) || value.ip === null) throw new EvaluationError('an IP address was expected');
  return value.ip;
}

function amountOf(value: Value | undefined, kind: Extension['kind']): bigint {
  if (!(value instanceof Extension) || value.kind !== kind) throw new EvaluationError(`a ${kind} was expected`);
  return value.amount;
}

function i64(value: bigint): bigint {
  if (value >= I64 || value < -I64) throw new EvaluationError('overflow');
  return value;
}

function safe(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new EvaluationError('overflow');
  return number;
}

/** A network as text, and one address in it. */
export function addressText({ bits, address, prefix }: IpRange): { network: string; address: string } {
  const rest = BigInt(bits - prefix);
  const base = (address >> rest) << rest;
  const written = (value: bigint) => (bits === 32 ? textV4(value) : textV6(value));
  const one = written(rest === 0n ? base : base + 1n);
  return { network: rest === 0n ? one : `${written(base)}/${prefix}`, address: one };
}

function textV4(address: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((address >> shift) & 255n)).join('.');
}

function textV6(address: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((address >> BigInt(112 - 16 * index)) & 65_535n).toString(16),
  );
  // The longest row of zeros becomes `::` (RFC 5952).
  const rows = [...groups.join(':').matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)];
  const longest = rows.reduce((best, [row]) => (row.length > best.length ? row : best), '');
  if (longest === '') return groups.join(':');
  const at = groups.join(':').indexOf(longest);
  return `${groups.join(':').slice(0, at)}::${groups.join(':').slice(at + longest.length + 1)}`;
}
