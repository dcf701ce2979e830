import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type SpawnedProcess, spawnProcess } from '@zeronaut/testkit';
import { findProgram } from '../../scripts/needs.mjs';
import '../../e2e/harness/end-on-signal.ts';
import { NODE, ROOT } from '../../scripts/npm-packages.mjs';

/**
 * Where a benchmark runs: two cores, one for what is measured and one for its load, and the processes it started. The
 * proxy alone has a core, so that the figure is the proxy's and not the scheduler's.
 */
export class Stage {
  /** The core of the program under test (gateway, nginx, sshd). */
  readonly subjectCore: number;
  /** The core of everything else: load, origin, and the far end of a tunnel. */
  readonly loadCore: number;
  readonly #hooks: (() => unknown)[] = [];

  constructor() {
    const cores = allowedCores();
    if (cores.length < 2) throw new Error('a benchmark needs two cores');
    [this.subjectCore, this.loadCore] = cores as [number, number];
  }

  /** Starts a program on one core; null: on whatever core is free. It ends with the stage. */
  start(core: number | null, command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): SpawnedProcess {
    const environment = { ...process.env, ...env, PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}` };
    return spawnProcess(
      { after: (hook) => void this.#hooks.push(hook as () => unknown) },
      ...(core === null ? ([command, [...args]] as const) : this.pin(core, command, args)),
      { cwd: ROOT, env: environment },
    );
  }

  /** The command line that runs a program on one core. */
  pin(core: number, command: string, args: readonly string[]): [string, string[]] {
    return [program('taskset'), ['-c', String(core), command, ...args]];
  }

  /** One of our own commands. */
  startZeronaut(core: number | null, args: readonly string[], env: NodeJS.ProcessEnv = {}): SpawnedProcess {
    return this.start(core, NODE, [join(ROOT, 'packages/client/bin/zeronaut.mjs'), ...args], env);
  }

  /** Runs a program of the load to its end and gives its stdout; fails if it fails. */
  async load(command: string, args: readonly string[]): Promise<string> {
    const child = this.start(this.loadCore, command, args);
    const exit = await child.exited;
    if (exit.code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${exit.code}:\n${child.output()}`);
    return child.stdout();
  }

  /** Runs one of the TypeScript load generators beside this file; it prints one JSON document. */
  async loadScript<T>(name: string, args: readonly string[]): Promise<T> {
    return JSON.parse(await this.load(NODE, [join(ROOT, 'bench/harness', name), ...args])) as T;
  }

  /** One of the load generators beside this file, going on until it is ended. */
  startScript(name: string, args: readonly string[]): SpawnedProcess {
    return this.start(this.loadCore, NODE, [join(ROOT, 'bench/harness', name), ...args]);
  }

  after(hook: () => unknown): void {
    this.#hooks.push(hook);
  }

  async end(): Promise<void> {
    for (const hook of this.#hooks.splice(0).reverse()) await hook();
  }
}

export function program(command: string): string {
  const found = findProgram(command);
  if (found === null) throw new Error(`${command} is not installed; see scripts/needs.mjs`);
  return found;
}

function allowedCores(): number[] {
  const list = /^Cpus_allowed_list:\s+(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]!;
  return list.split(',').flatMap((part) => {
    const [from, to = from] = part.split('-').map(Number) as [number, number?];
    return Array.from({ length: to! - from + 1 }, (_, index) => from + index);
  });
}
