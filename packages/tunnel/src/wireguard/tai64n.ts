/**
 * TAI64N labels (cr.yp.to/libtai/tai64.html), 12 bytes big endian: seconds since 1970 TAI plus 2^62, then nanoseconds. The
 * replay protection of initiations: a responder takes only ever later ones from a peer. Bytes compare as time does.
 */

export const TIMESTAMP_BYTES = 12;
const EPOCH_HIGH = 0x40000000;
/** TAI was ten seconds ahead of UTC in 1970; leap seconds since do not matter for the order. */
const TAI_OFFSET_S = 10;
/** Nanoseconds are cut to about 17 ms, as in the other implementations, so as not to tell how exact our clock is. */
const GRAIN_NS = 2 ** 24;

export function tai64n(wallTimeMs: number): Uint8Array {
  const seconds = Math.floor(wallTimeMs / 1000);
  const nanoseconds = Math.floor((wallTimeMs - seconds * 1000) * 1e6);
  const label = new Uint8Array(TIMESTAMP_BYTES);
  const view = new DataView(label.buffer);
  const tai = seconds + TAI_OFFSET_S;
  view.setUint32(0, EPOCH_HIGH + Math.floor(tai / 2 ** 32));
  view.setUint32(4, tai >>> 0);
  view.setUint32(8, Math.floor(nanoseconds / GRAIN_NS) * GRAIN_NS);
  return label;
}

export function isLater(label: Uint8Array, than: Uint8Array): boolean {
  for (let index = 0; index < TIMESTAMP_BYTES; index++) {
    const difference = (label[index] as number) - (than[index] as number);
    if (difference !== 0) return difference > 0;
  }
  return false;
}
