/**
 * Where everything lies in the one memory that the main thread and the packet threads share. Tables first (peers, keypairs,
 * the index of local indices, the tries), then what is of one thread each: its words, its rings towards the main thread, its
 * buffers. Memory that is never touched costs nothing, so tables are laid out for the largest number of peers.
 *
 * A *lane* is a pair of packet threads with a queue of the interface and a socket of its own: one transmits, one receives.
 *
 * Who may write what: tables, under the locks of all threads (main thread), or under the lock of the thread whose column it is.
 */

import { NODE_INTEGERS } from '../allowed-ips.ts';

/** What all threads share (words of 32 bits), at the start. */
export const CONTROL = {
  bytes: 512,
  /** How many main-thread calls wait for a lock: a packet thread lets them go first. */
  wanted: 0,
  /** Set by a packet thread when it told the main thread to look; cleared by the main thread before it looks. */
  noticed: 64,
  activityNoticed: 68,
  stopping: 128,
  /** Counts the sockets that were in use one after the other. */
  socketGeneration: 132,
  mtu: 136,
  /** Held around the queues of staged packets, which the transmitting threads share. */
  stagedLock: 192,
  /** Chunks for staged packets: head of the freed ones (plus one), and how many were ever used. */
  stagedFree: 256,
  stagedEnd: 260,
  /** Peers whose staged packets may go: a ring from the main thread to the transmitting thread of the first lane. */
  resumeHead: 320,
  resumeTail: 324,
} as const;

/** Words of one thread, the main thread included. */
export const THREAD = {
  bytes: 512,
  /** 0 free, 1 held, 2 held and awaited. */
  lock: 0,
  /** 1 while it sleeps in `poll`: only then must its eventfd be written. */
  sleeps: 64,
  /** The socket in use, which generation it has seen, and whether the kernel cuts large sends (`UDP_SEGMENT`). */
  socket: 128,
  generation: 132,
  segments: 136,
  /** Keypair whose key its EVP context holds, plus one; the context's address as a 64-bit float. */
  keyed: 192,
  context: 200,
  /** Heads and tails of its notices and of its list of active peers, in entries. */
  noticeHead: 256,
  noticeTail: 260,
  activeHead: 320,
  activeTail: 324,
  /** Drop counters, as 64-bit floats. */
  drops: 384,
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
  /** Bytes of keep-alives; those of packets are with the thread that moved them (`ThreadLayout.bytesAt`). */
  keepaliveBytes: 80,
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
  /** 0 free, 1 held, 2 held and awaited: copies of a packet may come to two lanes at once. */
  windowLock: 1120,
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

/** Where one packet thread has its own. */
export interface ThreadLayout {
  /** Its words (`THREAD`). */
  readonly at: number;
  readonly noticesAt: number;
  readonly activeAt: number;
  /** Bytes it moved for each peer, as 64-bit floats. */
  readonly bytesAt: number;
  /** Its buffers (`TRANSMIT` or `RECEIVE`). */
  readonly bufferAt: number;
}

export interface Lane {
  readonly transmit: ThreadLayout;
  readonly receive: ThreadLayout;
}

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
  readonly resumeAt: number;
  readonly chunksAt: number;
  /** Words (`THREAD`) and scratch (`MAIN`) of the main thread. */
  readonly mainThreadAt: number;
  readonly mainAt: number;
  readonly lanes: readonly Lane[];
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
export function layOut(peers: number, networks: number, lanes = 1): Layout {
  const keypairs = peers * 3 + 16;
  let indexSize = 64;
  while (indexSize < keypairs * 2) indexSize *= 2;
  // A network may need a fork above it, and the root is one more.
  const trieIntegers4 = (networks * 2 + 2) * NODE_INTEGERS.ipv4;
  const trieIntegers6 = (networks * 2 + 2) * NODE_INTEGERS.ipv6;
  const {
    bytes,
    control: _,
    ...at
  } = stack({
    control: CONTROL.bytes,
    mainThreadAt: THREAD.bytes,
    mainAt: MAIN.bytes,
    peerAt: peers * PEER.bytes,
    indexAt: indexSize * 4,
    trie4At: trieIntegers4 * 4,
    trie6At: trieIntegers6 * 4,
    resumeAt: (peers + 1) * 4,
    keypairAt: keypairs * KEYPAIR.bytes,
    chunksAt: CHUNKS * CHUNK.bytes,
  });
  let end = bytes;
  const thread = (buffers: number): ThreadLayout => {
    const own = stack({
      at: THREAD.bytes,
      noticesAt: NOTICES * NOTICE.bytes,
      activeAt: (peers + 1) * 4,
      bytesAt: peers * 8,
      bufferAt: buffers,
    });
    const from = end;
    end += own.bytes;
    return {
      at: from + own.at,
      noticesAt: from + own.noticesAt,
      activeAt: from + own.activeAt,
      bytesAt: from + own.bytesAt,
      bufferAt: from + own.bufferAt,
    };
  };
  const all = Array.from({ length: lanes }, () => ({
    transmit: thread(TRANSMIT.bytes),
    receive: thread(RECEIVE.bytes),
  }));
  return { peers, keypairs, indexSize, trieIntegers4, trieIntegers6, ...at, lanes: all, bytes: end };
}
