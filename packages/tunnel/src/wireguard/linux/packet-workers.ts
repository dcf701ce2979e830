import { once } from 'node:events';
import { getCompileCacheDir } from 'node:module';
import { Worker } from 'node:worker_threads';
import { write } from '../../os/libc.ts';
import { CONTROL, MAIN } from './layout.ts';
import type { PacketWorkerData, PacketWorkerMessage } from './packet-worker.ts';
import type { Tables } from './tables.ts';

export type Side = 'transmit' | 'receive';
export const SIDES: readonly Side[] = ['transmit', 'receive'];

export interface PacketWorkersOptions {
  readonly tables: Tables;
  /** What both get; the eventfds wake them from `poll`. */
  readonly common: Omit<PacketWorkerData, 'side' | 'eventFd'>;
  readonly eventFds: Readonly<Record<Side, number>>;
  readonly onNotice: () => void;
  readonly onFailed: (error: Error) => void;
}

/** The two threads of a packet path, as the main thread sees them. */
export class PacketWorkers {
  readonly #options: PacketWorkersOptions;
  readonly #running = new Set<Worker>();

  constructor(options: PacketWorkersOptions) {
    this.#options = options;
  }

  /** At the end of the process Node waits for its threads, and these would sleep for ever. */
  readonly #release = () => this.#call();

  /** Which AEAD path they chose. Rejects, with both ended, if one cannot start. */
  async start(): Promise<'evp' | 'raw'> {
    process.once('exit', this.#release);
    const results = await Promise.allSettled(SIDES.map((side) => this.#start(side)));
    const failure = results.find((result) => result.status === 'rejected');
    if (failure !== undefined) {
      await this.stop();
      throw failure.reason;
    }
    return (results[0] as PromiseFulfilledResult<'evp' | 'raw'>).value;
  }

  #start(side: Side): Promise<'evp' | 'raw'> {
    const { common, eventFds, onNotice, onFailed } = this.#options;
    const workerData: PacketWorkerData = { ...common, side, eventFd: eventFds[side] };
    const worker = new Worker(new URL('./packet-worker.ts', import.meta.url), {
      workerData,
      name: `wireguard ${side}`,
      env: workerEnvironment(),
      // Nothing is allocated per packet, so a larger young generation would only cost memory.
      resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 64 },
    });
    this.#running.add(worker);
    return new Promise((resolve, reject) => {
      worker.on('message', (message: PacketWorkerMessage) => {
        if (message.kind === 'notice') onNotice();
        else if (message.kind === 'failed') onFailed(new Error(message.message));
        else resolve(message.aead);
      });
      worker.on('error', (error: Error) => {
        reject(error);
        onFailed(error);
      });
      worker.on('exit', () => {
        this.#running.delete(worker);
        const error = new Error(`the ${side} thread ended`);
        reject(error);
        onFailed(error);
      });
    });
  }

  /** Ends the sleep of a worker, if it sleeps. */
  wake(side: Side): void {
    const { words, base, layout } = this.#options.tables;
    if (Atomics.load(words, CONTROL[`${side}Sleeps`] >> 2) === 0) return;
    write(this.#options.eventFds[side], base + layout.mainAt + MAIN.eventValue, 8);
  }

  /** They leave their loops by themselves: a thread in a system call cannot be ended from outside. */
  async stop(): Promise<void> {
    const exits = [...this.#running].map((worker) => once(worker, 'exit'));
    this.#call();
    await Promise.all(exits);
    process.removeListener('exit', this.#release);
  }

  #call(): void {
    Atomics.store(this.#options.tables.words, CONTROL.stopping >> 2, 1);
    for (const side of SIDES) this.wake(side);
  }
}

/** A thread does not take over the compile cache of the main thread; without one it loads a TypeScript parser (20 MB). */
function workerEnvironment(): NodeJS.ProcessEnv {
  const directory = getCompileCacheDir();
  return directory === undefined ? process.env : { ...process.env, NODE_COMPILE_CACHE: directory };
}
