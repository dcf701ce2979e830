/**
 * The four WireGuard messages on the wire (paper, section 5.4). Offsets are bytes from the start of the datagram, integers
 * are little endian. Three have one length each; transport data is at least a header and a tag, its padded inner packet
 * a multiple of 16 bytes unless that would go over the MTU.
 */

export const MESSAGE = { initiation: 1, response: 2, cookieReply: 3, transport: 4 } as const;

export const INITIATION = {
  bytes: 148,
  sender: 4,
  ephemeral: 8,
  static: 40,
  timestamp: 88,
  mac1: 116,
  mac2: 132,
} as const;

export const RESPONSE = {
  bytes: 92,
  sender: 4,
  receiver: 8,
  ephemeral: 12,
  empty: 44,
  mac1: 60,
  mac2: 76,
} as const;

export const COOKIE_REPLY = {
  bytes: 64,
  receiver: 4,
  nonce: 8,
  cookie: 32,
} as const;

export const TRANSPORT = {
  receiver: 4,
  counter: 8,
  packet: 16,
  /** Header and tag: the length of a keep-alive. */
  minimumBytes: 32,
} as const;

/** The type of a handshake message or cookie reply of exactly the right length with zero reserved bytes; otherwise 0. */
export function handshakeType(message: Uint8Array): number {
  if (message.length < 4 || message[1] !== 0 || message[2] !== 0 || message[3] !== 0) return 0;
  switch (message[0]) {
    case MESSAGE.initiation:
      return message.length === INITIATION.bytes ? MESSAGE.initiation : 0;
    case MESSAGE.response:
      return message.length === RESPONSE.bytes ? MESSAGE.response : 0;
    case MESSAGE.cookieReply:
      return message.length === COOKIE_REPLY.bytes ? MESSAGE.cookieReply : 0;
    default:
      return 0;
  }
}

export function readIndex(message: Uint8Array, offset: number): number {
  return (
    ((message[offset] as number) |
      ((message[offset + 1] as number) << 8) |
      ((message[offset + 2] as number) << 16) |
      ((message[offset + 3] as number) << 24)) >>>
    0
  );
}

export function writeIndex(message: Uint8Array, offset: number, index: number): void {
  message[offset] = index;
  message[offset + 1] = index >>> 8;
  message[offset + 2] = index >>> 16;
  message[offset + 3] = index >>> 24;
}
