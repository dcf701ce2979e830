/** A thread that takes counters and enters the same ones into one replay window as its twin does, as fast as it can. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Layout } from '../layout.ts';
import type { PacketMemory } from '../packet-code.ts';
import { Tables } from '../tables.ts';

const { memory, layout, counterAt, windowAt, scratchAt, startAt, count } = workerData as {
  memory: PacketMemory;
  layout: Layout;
  counterAt: number;
  windowAt: number;
  scratchAt: number;
  startAt: number;
  count: number;
};
const { code, words, bytes } = new Tables(memory, layout);
const view = new DataView(bytes.buffer);
// Both are there before either begins.
Atomics.add(words, startAt >> 2, 1);
while (Atomics.load(words, startAt >> 2) < 2);
let accepted = 0;
let sum = 0;
for (let index = 0; index < count; index++) {
  view.setBigUint64(scratchAt, BigInt(index), true);
  accepted += code.acceptCounter(windowAt, scratchAt);
  code.takeCounter(counterAt, scratchAt);
  sum += Number(view.getBigUint64(scratchAt, true));
}
parentPort!.postMessage({ accepted, sum });
