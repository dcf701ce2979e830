/** A thread of the packet path: it blocks in system calls and never returns to its event loop until it is told to end. */
import { parentPort, workerData } from 'node:worker_threads';
import { type AeadChoice, chooseAead } from '../aead/choose-aead.ts';
import { CONTROL, type Layout, RECEIVE, SLOT, TRANSMIT } from './layout.ts';
import type { PacketMemory } from './packet-code.ts';
import { ReceivePath } from './receive-path.ts';
import { contextRecord, Tables } from './tables.ts';
import { TransmitPath } from './transmit-path.ts';

export type Side = 'transmit' | 'receive';

export interface PacketWorkerData {
  readonly side: Side;
  readonly lane: number;
  readonly memory: PacketMemory;
  readonly layout: Layout;
  /** A queue of the interface, shared by the two threads of the lane. */
  readonly tunFd: number;
  readonly eventFd: number;
  readonly joinsUdp: boolean;
  readonly aead: AeadChoice;
}

/** What a worker says: once `ready`, then any number of `notice`, at most one `failed`. */
export type PacketWorkerMessage =
  | { readonly kind: 'ready'; readonly aead: 'evp' | 'raw' }
  | { readonly kind: 'notice' }
  | { readonly kind: 'failed'; readonly message: string };

const data = workerData as PacketWorkerData;
const say = (message: PacketWorkerMessage) => parentPort!.postMessage(message);
const thread = data.layout.lanes[data.lane]![data.side];
const tables = new Tables(data.memory, data.layout, thread.at);
const part = data.side === 'transmit' ? TRANSMIT : RECEIVE;
const own = thread.bufferAt;
const aead = chooseAead(
  {
    code: tables.code,
    bytes: tables.bytes,
    base: tables.base,
    scratch: own + part.scratch,
    trial: [own + part.slots, own + part.slots + SLOT.bytes],
    record: contextRecord(tables, thread.at),
  },
  data.aead,
);
const NOTICED: PacketWorkerMessage = { kind: 'notice' };
const notify = () => {
  if (Atomics.exchange(tables.words, CONTROL.noticed >> 2, 1) === 0) say(NOTICED);
};
const common = { tables, thread, aead, tunFd: data.tunFd, eventFd: data.eventFd, notify };
const path =
  data.side === 'transmit'
    ? new TransmitPath({ ...common, first: data.lane === 0 })
    : new ReceivePath({ ...common, joinsUdp: data.joinsUdp });
say({ kind: 'ready', aead: aead.name });
try {
  path.run();
} catch (error) {
  say({ kind: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}
