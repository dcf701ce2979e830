/**
 * Where everything lies in the one memory that the main thread and the two workers share. Tables first (peers, keypairs,
 * the index of local indices, the tries), then the rings towards the main thread, then each worker's own buffers.
 * Memory that is never touched costs nothing, so tables are laid out for the largest number of peers.
 *
 * Who may write what: tables, under both locks (main thread), or under the lock of the worker whose column it is.
 */

import { NODE_INTEGERS } from '../allowed-ips.ts';

/** Control words (32 bits each), at the start. */
export const CONTROL = {
  /** 0 free, 1 held, 2 held and awaited. */
  transmitLock: 64,
  receiveLock: 128,
  /** How many main-thread calls wait for a lock: a worker lets them go first. */
  wanted: 192,
  /** Set by a worker when it told the main thread to look; cleared by the main thread before it looks. */
  noticed: 256,
  activityNoticed: 260,
  stopping: 320,
  /** The socket in use, and which one that is; each worker says which one it has seen. */
  socket: 328,
  socketGeneration: 332,
  transmitGeneration: 336,
  receiveGeneration: 340,
  socketSegments: 344,
  mtu: 348,
  /** 1 while a worker sleeps in `poll`: only then must its eventfd be written. */
  transmitSleeps: 384,
  receiveSleeps: 448,
  /** Keypair whose key the EVP context of a worker holds, plus one. */
  transmitKeyed: 512,
  receiveKeyed: 516,
  mainKeyed: 520,
  /** Addresses of EVP contexts, as 64-bit floats. */
  transmitContext: 528,
  receiveContext: 536,
  mainContext: 544,
  /** Heads and tails of the rings, in entries, and of the activity lists. */
  transmitHead: 576,
  transmitTail: 580,
  receiveHead: 640,
  receiveTail: 644,
  transmitActiveHead: 704,
  transmitActiveTail: 708,
  receiveActiveHead: 768,
  receiveActiveTail: 772,
  /** Chunks for staged packets: head of the freed ones (plus one), and how many were ever used. */
  stagedFree: 832,
  stagedEnd: 836,
  /** Peers whose staged packets may go: a ring from the main thread to the transmitting worker. */
  resumeHead: 896,
  resumeTail: 900,
  /** Drop counters, as 64-bit floats; each is written by one worker only, or under its lock. */
  drops: 1024,
} as const;

export const DROP = {
  malformed: 0,
  unknownIndex: 1,
  forged: 2,
  replayed: 3,
  notAllowed: 4,
  noRoute: 5,
  unsendable: 6,
} as const;

/** A peer. Times are `monotonicMs`, 0: never (or answered). */
export const PEER = {
  bytes: 128,
  exists: 0,
  /** Keypair slot plus one; 0: none, packets are staged. */
  sendKeypair: 4,
  wantedTold: 8,
  active: 12,
  address: 16,
  /** 0: no endpoint. */
  addressLength: 44,
  sentUnansweredSince: 48,
  receivedUnansweredSince: 56,
  lastSentAt: 64,
  lastReceivedAt: 72,
  sentBytes: 80,
  receivedBytes: 88,
  /** Staged packets: first and last entry (plus one), how many, and their inner packets. */
  stagedFirst: 96,
  stagedLast: 100,
  stagedPackets: 104,
  /** 1 while the peer is in the ring of those whose staged packets may go. */
  resuming: 108,
} as const;

export const KEYPAIR = {
  bytes: 1152,
  sendKey: 0,
  receiveKey: 32,
  localIndex: 64,
  remoteIndex: 68,
  peer: 72,
  /** Bits of `KEYPAIR_FLAG`. */
  flags: 76,
  sendCounter: 80,
  /** Highest accepted counter plus one, then the 8,192 bits of the window. */
  window: 88,
} as const;

export const KEYPAIR_FLAG = { installed: 1, confirmed: 2, spentTold: 4 } as const;

/** What a worker tells the main thread. */
export const NOTICE = {
  bytes: 208,
  kind: 0,
  peer: 4,
  index: 8,
  length: 12,
  address: 16,
  message: 48,
} as const;

export const NOTICE_KIND = { handshake: 1, wanted: 2, confirmed: 3, roamed: 4, spent: 5 } as const;
export const NOTICES = 1024;
/** Handshake messages leave this many entries to what must not be lost. */
export const NOTICES_RESERVED = 256;

/** Staged packets lie in chunks: first word the next chunk of the packet, second the next packet, third its bytes. */
export const CHUNK = { bytes: 2048, next: 0, nextPacket: 4, length: 8, segments: 12, data: 16 } as const;
export const CHUNK_DATA = CHUNK.bytes - CHUNK.data;
/** 4 MiB for all peers together. */
export const CHUNKS = 2048;

/** The largest inner packet; larger MTUs are refused. */
export const MAX_PACKET = 9216;
/** Key block, packet, tag and lengths; no multiple of a page, so that slots do not fight for the same cache lines. */
export const SLOT = { bytes: 64 + MAX_PACKET + 128, packet: 64, transport: 48 } as const;
export const SLOTS = 128;
/** A datagram with its headroom, as `UDP_GRO` delivers it at most. */
export const DATAGRAM = { bytes: 64 + 65_536 + 64, data: 64 } as const;
export const DATAGRAMS = 32;
/** One read from the interface: virtio-net header and at most 64 KiB, with room for the key block before it. */
export const READ = { bytes: 128 + 65_536 + 128, packet: 128 } as const;
/** Segments of one message: what Linux takes everywhere (`UDP_MAX_SEGMENTS` was 64 before 6.x). */
export const MAX_SEGMENTS = 64;
/** UDP over IPv4 carries 65,507 bytes. */
export const MAX_MESSAGE = 65_507;

/** `struct mmsghdr` on 64 bits. */
export const MESSAGE = {
  bytes: 64,
  name: 0,
  nameLength: 8,
  vectors: 16,
  vectorCount: 24,
  control: 32,
  controlLength: 40,
  flags: 48,
  length: 56,
} as const;
export const ADDRESS_BYTES = 32;
export const CONTROL_BYTES = 96;

export interface Layout {
  readonly peers: number;
  readonly keypairs: number;
  readonly indexSize: number;
  readonly trieIntegers4: number;
  readonly trieIntegers6: number;
  readonly peerAt: number;
  readonly keypairAt: number;
  readonly indexAt: number;
  readonly trie4At: number;
  readonly trie6At: number;
  readonly transmitNoticesAt: number;
  readonly receiveNoticesAt: number;
  readonly transmitActiveAt: number;
  readonly receiveActiveAt: number;
  readonly resumeAt: number;
  readonly chunksAt: number;
  readonly transmitAt: number;
  readonly receiveAt: number;
  readonly mainAt: number;
  readonly bytes: number;
}

/** Offsets inside each worker's own part. */
export const TRANSMIT = stack({
  poll: 64,
  scratch: 512,
  template: 512,
  read: READ.bytes,
  messages: SLOTS * MESSAGE.bytes,
  names: SLOTS * ADDRESS_BYTES,
  controls: SLOTS * CONTROL_BYTES,
  vectors: SLOTS * 16,
  slots: SLOTS * SLOT.bytes,
});
export const RECEIVE = stack({
  poll: 64,
  scratch: 512,
  messages: DATAGRAMS * MESSAGE.bytes,
  names: DATAGRAMS * ADDRESS_BYTES,
  controls: DATAGRAMS * CONTROL_BYTES,
  vectors: DATAGRAMS * 16,
  runVectors: SLOTS * 16,
  datagrams: DATAGRAMS * DATAGRAM.bytes,
  slots: SLOTS * SLOT.bytes,
});
export const MAIN = stack({ scratch: 512, name: 64, message: 256, eventValue: 64, zeros: 64, slot: 512 });

/** Inside `scratch`: nonce words of ChaCha20 (block counter, then the nonce), tag, Poly1305 state, EVP's output length. */
export const SCRATCH = { counter: 0, nonce: 4, low: 8, high: 12, tag: 16, outputLength: 32, poly: 64 } as const;

function stack<Part extends string>(sizes: Record<Part, number>): Record<Part | 'bytes', number> {
  const offsets = {} as Record<Part | 'bytes', number>;
  let end = 0;
  for (const [part, size] of Object.entries(sizes) as [Part, number][]) {
    offsets[part] = end;
    end += (size + 63) & ~63;
  }
  offsets.bytes = end;
  return offsets;
}

/** `networks`: how many inner networks all peers have together, at most. */
export function layOut(peers: number, networks: number): Layout {
  const keypairs = peers * 3 + 16;
  let indexSize = 64;
  while (indexSize < keypairs * 2) indexSize *= 2;
  // A network may need a fork above it, and the root is one more.
  const trieIntegers4 = (networks * 2 + 2) * NODE_INTEGERS.ipv4;
  const trieIntegers6 = (networks * 2 + 2) * NODE_INTEGERS.ipv6;
  const { bytes, ...at } = stack({
    control: 4096,
    peerAt: peers * PEER.bytes,
    indexAt: indexSize * 4,
    trie4At: trieIntegers4 * 4,
    trie6At: trieIntegers6 * 4,
    transmitNoticesAt: NOTICES * NOTICE.bytes,
    receiveNoticesAt: NOTICES * NOTICE.bytes,
    transmitActiveAt: (peers + 1) * 4,
    receiveActiveAt: (peers + 1) * 4,
    resumeAt: (peers + 1) * 4,
    mainAt: MAIN.bytes,
    keypairAt: keypairs * KEYPAIR.bytes,
    chunksAt: CHUNKS * CHUNK.bytes,
    transmitAt: TRANSMIT.bytes,
    receiveAt: RECEIVE.bytes,
  });
  return { peers, keypairs, indexSize, trieIntegers4, trieIntegers6, ...at, bytes };
}
