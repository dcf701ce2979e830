/** Of the wire protocol of PostgreSQL: object ids of its types, and how long the head of an array of one dimension is. */
const TYPES = { text: 25, bigint: 20 } as const;
const ARRAY_HEAD_BYTES = 20;
const LENGTH_BYTES = 4;
const BIGINT_BYTES = 8;

export type ArrayType = keyof typeof TYPES;

/** An array of one dimension, with one value at least, as `array_recv` of PostgreSQL takes it: bounds and type, then each value behind its length; -1: null. */
export function encodeArray(type: ArrayType, values: readonly (string | number | null)[]): Buffer {
  let size = ARRAY_HEAD_BYTES;
  for (const value of values) size += LENGTH_BYTES + (typeof value === 'string' ? value.length * 3 : BIGINT_BYTES);
  const bytes = Buffer.allocUnsafe(size);
  bytes.writeInt32BE(1, 0);
  bytes.writeInt32BE(values.includes(null) ? 1 : 0, 4);
  bytes.writeInt32BE(TYPES[type], 8);
  bytes.writeInt32BE(values.length, 12);
  bytes.writeInt32BE(1, 16);
  let at = ARRAY_HEAD_BYTES;
  for (const value of values) {
    let length = -1;
    if (value !== null && type === 'bigint')
      length = bytes.writeBigInt64BE(BigInt(value), at + LENGTH_BYTES) - at - LENGTH_BYTES;
    else if (value !== null) length = bytes.write(String(value), at + LENGTH_BYTES);
    bytes.writeInt32BE(length, at);
    at += LENGTH_BYTES + Math.max(0, length);
  }
  return bytes.subarray(0, at);
}
