import { execFile, execFileSync } from 'node:child_process';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';

/**
 * A network of our own: namespaces joined by veth pairs, for tests that cut a link. Linux, root and `ip` only; all of
 * it goes with the test, and with the process.
 */
export interface NetworkNamespaces {
  /** A new namespace with its loopback up. */
  add(label: string): Promise<Namespace>;
  /** A veth pair; addresses with prefix length, such as `10.231.0.1/24`. */
  link(a: Namespace, addressA: string, b: Namespace, addressB: string): Promise<Link>;
}

export interface Namespace {
  readonly name: string;
  /** `command` and `args` that run inside: for `spawnProcess`. */
  inside(command: string, args?: readonly string[]): [command: string, args: string[]];
  /** Runs to its end; rejects unless it exits with 0. */
  run(command: string, args?: readonly string[]): Promise<string>;
}

export interface Link {
  /** Takes the carrier away, as a pulled cable does. */
  down(): Promise<void>;
  up(): Promise<void>;
}

const execute = promisify(execFile);
/** What a command in a namespace may print. */
const MAX_OUTPUT_BYTES = 64 << 20;
const ip = (...args: string[]) => execute('ip', args).then(({ stdout }) => stdout);
const alive = new Set<string>();
let count = 0;

process.on('exit', () => {
  for (const name of alive) execFileSync('ip', ['netns', 'delete', name], { stdio: 'ignore' });
});

/** Why there can be no namespaces here; null when there can. */
export function networkNamespacesMissing(): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'network namespaces need root on Linux';
  const probe = `zn-probe-${process.pid}`;
  try {
    execFileSync('ip', ['netns', 'add', probe], { stdio: 'pipe' });
    execFileSync('ip', ['netns', 'delete', probe], { stdio: 'pipe' });
    return null;
  } catch (error) {
    return `network namespaces cannot be made here: ${(error as Error).message}`;
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It ended between being listed and now.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

export function networkNamespaces(test: Pick<TestContext, 'after'>): NetworkNamespaces {
  const names: string[] = [];
  test.after(async () => {
    for (const name of names) {
      // What still runs inside would keep the namespace alive without a name.
      const pids = (await ip('netns', 'pids', name)).split('\n').filter((pid) => pid !== '');
      for (const pid of pids) endProcess(Number(pid));
      await ip('netns', 'delete', name);
      alive.delete(name);
    }
  });
  return {
    async add(label) {
      const name = `zn-${process.pid}-${++count}-${label}`;
      await ip('netns', 'add', name);
      names.push(name);
      alive.add(name);
      await ip('-n', name, 'link', 'set', 'lo', 'up');
      const inside = (command: string, args: readonly string[] = []): [string, string[]] => [
        'ip',
        ['netns', 'exec', name, command, ...args],
      ];
      return {
        name,
        inside,
        run: (command, args) =>
          execute(...inside(command, args), { maxBuffer: MAX_OUTPUT_BYTES }).then(({ stdout }) => stdout),
      };
    },
    async link(a, addressA, b, addressB) {
      // Interface names have at most 15 characters.
      const id = `${process.pid % 100_000}-${++count}`;
      const [left, right] = [`va${id}`, `vb${id}`];
      await ip('-n', a.name, 'link', 'add', left, 'type', 'veth', 'peer', 'name', right, 'netns', b.name);
      await ip('-n', a.name, 'address', 'add', addressA, 'dev', left, 'nodad');
      await ip('-n', b.name, 'address', 'add', addressB, 'dev', right, 'nodad');
      const up = async () => {
        await ip('-n', a.name, 'link', 'set', left, 'up');
        await ip('-n', b.name, 'link', 'set', right, 'up');
      };
      await up();
      return {
        up,
        async down() {
          await ip('-n', a.name, 'link', 'set', left, 'down');
        },
      };
    },
  };
}
