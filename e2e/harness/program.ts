import { type Exit, type SpawnedProcess, waitFor } from '@zeronaut/testkit';

export type Start = (role: 'console' | 'gateway', args: readonly string[], env?: NodeJS.ProcessEnv) => SpawnedProcess;

/** A program of the world that can be ended and started again, always in the same place. */
export interface WorldProgram {
  readonly name: string;
  /** Of the process that runs now, or ran last. */
  readonly pid: number;
  readonly process: SpawnedProcess;
  /** What all its processes wrote. */
  output(): string;
  /** Resolves when it has ended. Default SIGTERM. */
  kill(signal?: NodeJS.Signals): Promise<Exit>;
  /** Resolves when it is ready. */
  start(): Promise<void>;
}

export async function startProgram(
  name: string,
  options: { readonly start: () => SpawnedProcess; readonly ready: () => Promise<boolean> },
): Promise<WorldProgram> {
  const processes: SpawnedProcess[] = [];
  const start = async () => {
    const child = options.start();
    processes.push(child);
    await waitFor(
      () => {
        if (child.child.exitCode !== null || child.child.signalCode !== null) return { ended: true };
        return options.ready().then((ready) => ready && { ended: false });
      },
      { what: `the ${name} is ready`, timeoutMs: 20_000, intervalMs: 10 },
    ).then(
      ({ ended }) => {
        if (ended) throw new Error(`the ${name} ended (${child.child.exitCode}); it wrote:\n${child.output()}`);
      },
      (cause: unknown) => {
        throw new Error(`${(cause as Error).message}; it wrote:\n${child.output()}`, { cause });
      },
    );
  };
  await start();
  return {
    name,
    get pid() {
      return processes.at(-1)!.pid;
    },
    get process() {
      return processes.at(-1)!;
    },
    output: () => processes.map((child) => child.output()).join('\n--- started again ---\n'),
    kill: (signal) => processes.at(-1)!.kill(signal),
    start,
  };
}
