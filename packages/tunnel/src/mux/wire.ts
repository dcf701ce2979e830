/**
 * The multiplexer's wire format. A frame is a 12-byte header and, for some types, a payload:
 *
 *     0 type · 1-3 zero · 4-7 stream id · 8-11 length of the payload, or the value of a frame that has none
 *
 * All numbers are big-endian. This file only knows which headers are well-formed; what they mean in the life of a
 * stream is the session's business. Decoding never throws: bytes from the peer are untrusted.
 */
export const FRAME_HEADER_BYTES = 12;
/** A DATA frame and its header fill one TLS record, so that the receiver decrypts whole frames. */
export const MAX_DATA_BYTES = 16 * 1024 - FRAME_HEADER_BYTES;
export const MAX_OPEN_HEADER_BYTES = 4 * 1024;
export const MAX_CODE_BYTES = 64;
export const MAX_MESSAGE_BYTES = 256 * 1024;
export const MAX_STREAM_ID = 0xffff_ffff;

export const FRAME = {
  /** A new stream; payload: its opening header. Ids only grow. */
  open: 1,
  data: 2,
  /** Value: that many more bytes may be sent on the stream. */
  window: 3,
  /** No more data from the sender on this stream. */
  end: 4,
  /** The stream is over in both directions; payload: why, at most 64 printable ASCII characters. */
  reset: 5,
  /** Value: an opaque number that PONG brings back. */
  ping: 6,
  pong: 7,
  /** A control message of the session. */
  message: 8,
  /** Open no more streams; with a payload: the session is over, and why. */
  goAway: 9,
} as const;

export interface FrameSink {
  /** Part of a DATA frame, in order. False stops decoding for good. */
  onDataFrame(streamId: number, chunk: Buffer): boolean;
  /** Any other frame, whole. `value` is the header's length field. False stops decoding for good. */
  onFrame(type: number, streamId: number, value: number, payload: Buffer): boolean;
}

const NO_PAYLOAD = Buffer.alloc(0);

export function encodeFrameHeader(target: Buffer, at: number, type: number, streamId: number, length: number): void {
  target[at] = type;
  target[at + 1] = 0;
  target[at + 2] = 0;
  target[at + 3] = 0;
  target[at + 4] = streamId >>> 24;
  target[at + 5] = streamId >>> 16;
  target[at + 6] = streamId >>> 8;
  target[at + 7] = streamId;
  target[at + 8] = length >>> 24;
  target[at + 9] = length >>> 16;
  target[at + 10] = length >>> 8;
  target[at + 11] = length;
}

/** What is wrong with a header by itself, or null. */
function headerFlaw(type: number, streamId: number, length: number): string | null {
  switch (type) {
    case FRAME.open:
      return streamId === 0 || length > MAX_OPEN_HEADER_BYTES ? 'bad OPEN' : null;
    case FRAME.data:
      return streamId === 0 || length === 0 || length > MAX_DATA_BYTES ? 'bad DATA' : null;
    case FRAME.window:
      return streamId === 0 || length === 0 || length > 0x7fff_ffff ? 'bad WINDOW' : null;
    case FRAME.end:
      return streamId === 0 || length !== 0 ? 'bad END' : null;
    case FRAME.reset:
      return streamId === 0 || length > MAX_CODE_BYTES ? 'bad RESET' : null;
    case FRAME.ping:
    case FRAME.pong:
      return streamId !== 0 ? 'bad PING' : null;
    case FRAME.message:
      return streamId !== 0 || length > MAX_MESSAGE_BYTES ? 'bad MESSAGE' : null;
    case FRAME.goAway:
      return streamId !== 0 || length > MAX_CODE_BYTES ? 'bad GOAWAY' : null;
    default:
      return 'unknown frame type';
  }
}

/** Cuts a byte stream into frames, whatever the chunks it comes in. Holds at most one header and one payload. */
export class FrameDecoder {
  readonly #sink: FrameSink;
  readonly #head = Buffer.allocUnsafeSlow(FRAME_HEADER_BYTES);
  #headBytes = 0;
  #type = 0;
  #streamId = 0;
  /** Payload bytes of the current frame that are still to come. */
  #left = 0;
  #payload: Buffer = NO_PAYLOAD;
  #payloadBytes = 0;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** A flaw of the peer's bytes, or null. After a flaw, or a `false` of the sink, it must not be called again. */
  decode(chunk: Buffer): string | null {
    const length = chunk.length;
    let at = 0;
    while (at < length) {
      if (this.#left > 0) {
        const take = Math.min(this.#left, length - at);
        this.#left -= take;
        if (this.#type === FRAME.data) {
          const part = take === length ? chunk : chunk.subarray(at, at + take);
          at += take;
          if (!this.#sink.onDataFrame(this.#streamId, part)) return null;
          continue;
        }
        chunk.copy(this.#payload, this.#payloadBytes, at, at + take);
        at += take;
        this.#payloadBytes += take;
        if (this.#left === 0) {
          const payload = this.#payload;
          this.#payload = NO_PAYLOAD;
          if (!this.#sink.onFrame(this.#type, this.#streamId, payload.length, payload)) return null;
        }
        continue;
      }
      let head = chunk;
      let base = at;
      if (this.#headBytes > 0 || length - at < FRAME_HEADER_BYTES) {
        const take = Math.min(FRAME_HEADER_BYTES - this.#headBytes, length - at);
        chunk.copy(this.#head, this.#headBytes, at, at + take);
        this.#headBytes += take;
        at += take;
        if (this.#headBytes < FRAME_HEADER_BYTES) return null;
        this.#headBytes = 0;
        head = this.#head;
        base = 0;
      } else {
        at += FRAME_HEADER_BYTES;
      }
      const type = head[base]!;
      if ((head[base + 1]! | head[base + 2]! | head[base + 3]!) !== 0) return 'reserved bytes are not zero';
      const streamId = readUInt32(head, base + 4);
      const value = readUInt32(head, base + 8);
      const flaw = headerFlaw(type, streamId, value);
      if (flaw !== null) return flaw;
      this.#type = type;
      this.#streamId = streamId;
      if (type === FRAME.data) {
        this.#left = value;
      } else if (value === 0 || type === FRAME.window || type === FRAME.ping || type === FRAME.pong) {
        if (!this.#sink.onFrame(type, streamId, value, NO_PAYLOAD)) return null;
      } else {
        this.#left = value;
        this.#payload = Buffer.allocUnsafeSlow(value);
        this.#payloadBytes = 0;
      }
    }
    return null;
  }
}

function readUInt32(bytes: Buffer, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/** The code of a RESET or GOAWAY; null if it has a byte that is no visible ASCII: codes end up in logs. */
export function parseCode(payload: Buffer): string | null {
  for (const byte of payload) {
    if (byte < 0x21 || byte > 0x7e) return null;
  }
  return payload.toString('latin1');
}

/** At most 64 bytes of visible ASCII; anything else becomes `?`. */
export function encodeCode(code: string): Buffer {
  const bytes = Buffer.from(code.slice(0, MAX_CODE_BYTES), 'latin1');
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i]! < 0x21 || bytes[i]! > 0x7e) bytes[i] = 0x3f;
  }
  return bytes;
}

/** The whole of what a session that is refused gets to hear. */
export function encodeGoAway(code: string): Buffer {
  const bytes = encodeCode(code);
  const frame = Buffer.alloc(FRAME_HEADER_BYTES + bytes.length);
  encodeFrameHeader(frame, 0, FRAME.goAway, 0, bytes.length);
  bytes.copy(frame, FRAME_HEADER_BYTES);
  return frame;
}
