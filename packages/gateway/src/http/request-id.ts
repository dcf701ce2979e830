import { createId } from '@zeronaut/model';

/**
 * Request ids have the shape of every id and sort by time, but are made by counting: a random one per process and range,
 * because a secure random number per request costs more than parsing it. They name requests and protect nothing.
 */
const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz';
const PAIRS = Array.from({ length: 1024 }, (_, i) => DIGITS[i >> 5]! + DIGITS[i & 31]!);
const RANGE = 1 << 30;

let millisecond = -1;
let timeText = '';
let processText = '';
let counter = RANGE;

export function createRequestId(nowMs: number): string {
  if (counter === RANGE) {
    counter = 0;
    // Ten random characters of a real id.
    processText = createId('request', nowMs).slice(-10);
  }
  if (nowMs !== millisecond) {
    millisecond = nowMs;
    const high = Math.floor(nowMs / RANGE);
    const low = nowMs % RANGE;
    timeText = `req_${PAIRS[high >> 10]}${PAIRS[high & 1023]}${PAIRS[low >> 20]}${PAIRS[(low >> 10) & 1023]}${PAIRS[low & 1023]}`;
  }
  const count = counter++;
  return timeText + processText + PAIRS[count >> 20]! + PAIRS[(count >> 10) & 1023]! + PAIRS[count & 1023]!;
}
