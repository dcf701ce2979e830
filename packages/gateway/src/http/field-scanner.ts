import { classifyField } from './field-kinds.ts';
import { MAX_FIELDS } from './limits.ts';
import { COLON, CR, FIELD_VALUE, FOLDED_TOKEN, HTAB, LF, SP } from './octets.ts';

/**
 * One pass over a field section (RFC 9112, 5). What it found lies in module-level arrays until the next call: parsing is
 * synchronous, and this way a head costs no object per field. Requests, responses and trailers share it.
 */
export const fields = {
  count: 0,
  kind: new Uint8Array(MAX_FIELDS),
  lineStart: new Int32Array(MAX_FIELDS),
  nameEnd: new Int32Array(MAX_FIELDS),
  valueStart: new Int32Array(MAX_FIELDS),
  valueEnd: new Int32Array(MAX_FIELDS),
  lineEnd: new Int32Array(MAX_FIELDS),
};

export const INCOMPLETE = -1;
export const MALFORMED = -2;
export const AMBIGUOUS = -3;
export const TOO_MANY = -4;

/** Reads up to and including the empty line and returns the index behind it, or one of the negative codes. */
export function scanFields(bytes: Uint8Array, start: number, end: number, maxFields: number = MAX_FIELDS): number {
  let at = start;
  let count = 0;
  for (;;) {
    if (at >= end) return INCOMPLETE;
    const first = bytes[at]!;
    if (first === CR) {
      if (at + 1 >= end) return INCOMPLETE;
      if (bytes[at + 1] !== LF) return MALFORMED;
      fields.count = count;
      return at + 2;
    }
    // obs-fold: the one before us and the one behind us may disagree on where this field ends (RFC 9112, 5.2).
    if (first === SP || first === HTAB) return AMBIGUOUS;
    const lineStart = at;
    while (at < end && FOLDED_TOKEN[bytes[at]!] !== 0) at++;
    if (at >= end) return INCOMPLETE;
    if (bytes[at] !== COLON) {
      // RFC 9112, 5.1: white space before the colon has been used to hide fields from one of two readers.
      return at > lineStart && (bytes[at] === SP || bytes[at] === HTAB) ? AMBIGUOUS : MALFORMED;
    }
    if (at === lineStart) return MALFORMED;
    const nameEnd = at;
    at++;
    while (at < end && (bytes[at] === SP || bytes[at] === HTAB)) at++;
    const valueStart = at;
    while (at < end && FIELD_VALUE[bytes[at]!] === 1) at++;
    if (at >= end) return INCOMPLETE;
    if (bytes[at] !== CR) return MALFORMED;
    if (at + 1 >= end) return INCOMPLETE;
    if (bytes[at + 1] !== LF) return MALFORMED;
    if (count === maxFields) return TOO_MANY;
    let valueEnd = at;
    while (valueEnd > valueStart && (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === HTAB)) valueEnd--;
    at += 2;
    fields.kind[count] = classifyField(bytes, lineStart, nameEnd);
    fields.lineStart[count] = lineStart;
    fields.nameEnd[count] = nameEnd;
    fields.valueStart[count] = valueStart;
    fields.valueEnd[count] = valueEnd;
    fields.lineEnd[count] = at;
    count++;
  }
}

/** Value of field `index` of the last scan; `text` is the latin1 form of the bytes from index `base` on. */
export function fieldText(text: string, base: number, index: number): string {
  return text.slice(fields.valueStart[index]! - base, fields.valueEnd[index]! - base);
}
