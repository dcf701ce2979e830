import { once } from 'node:events';
import { getCompileCacheDir } from 'node:module';
import { Worker } from 'node:worker_threads';
import { write } from '../../os/libc.ts';
import { CONTROL, MAIN, THREAD } from './layout.ts';
import type { PacketWorkerData, PacketWorkerMessage, Side } from './packet-worker.ts';
import type { Tables } from './tables.ts';

const SIDES: readonly Side[] = ['transmit', 'receive'];

/** What one lane has of the system: its queue of the interface, and the eventfds that wake its threads from `poll`. */
export interface LaneFiles {
  readonly tunFd: number;
  readonly eventFds: Readonly<Record<Side, number>>;
}

export interface PacketWorkersOptions {
  readonly tables: Tables;
  /** What all get. */
  readonly common: Omit<PacketWorkerData, 'side' | 'lane' | 'tunFd' | 'eventFd'>;
  readonly lanes: readonly LaneFiles[];
  readonly onNotice: () => void;
  readonly onFailed: (error: Error) => void;
}

/** The threads of a packet path, as the main thread sees them. */
export class PacketWorkers {
  readonly #options: PacketWorkersOptions;
  readonly #running = new Set<Worker>();

  constructor(options: PacketWorkersOptions) {
    this.#options = options;
  }

  /** At the end of the process Node waits for its threads, and these would sleep for ever. */
  readonly #release = () => this.#call();

  /** Which AEAD path they chose. Rejects, with all ended, if one cannot start. */
  async start(): Promise<'evp' | 'raw'> {
    process.once('exit', this.#release);
    const starts = this.#options.lanes.flatMap((_, lane) => SIDES.map((side) => this.#start(side, lane)));
    const results = await Promise.allSettled(starts);
    const failure = results.find((result) => result.status === 'rejected');
    if (failure !== undefined) {
      await this.stop();
      throw failure.reason;
    }
    return (results[0] as PromiseFulfilledResult<'evp' | 'raw'>).value;
  }

  #start(side: Side, lane: number): Promise<'evp' | 'raw'> {
    const { common, lanes, onNotice, onFailed } = this.#options;
    const { tunFd, eventFds } = lanes[lane]!;
    const workerData: PacketWorkerData = { ...common, side, lane, tunFd, eventFd: eventFds[side] };
    const worker = new Worker(new URL('./packet-worker.ts', import.meta.url), {
      workerData,
      name: `wireguard ${side}${lane === 0 ? '' : ` ${lane}`}`,
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
        const error = new Error(`the ${side} thread of lane ${lane} ended`);
        reject(error);
        onFailed(error);
      });
    });
  }

  /** Ends the sleep of the threads of one side that sleep. */
  wake(side: Side): void {
    const { tables, lanes } = this.#options;
    const { words, base, layout } = tables;
    for (const [index, { eventFds }] of lanes.entries()) {
      if (Atomics.load(words, (layout.lanes[index]![side].at + THREAD.sleeps) >> 2) === 0) continue;
      write(eventFds[side], base + layout.mainAt + MAIN.eventValue, 8);
    }
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
