import { type ChildProcess, spawn } from 'node:child_process';
import type { TestContext } from 'node:test';
import { waitFor } from './wait-for.ts';

export interface SpawnedProcess {
  readonly pid: number;
  readonly child: ChildProcess;
  /** All that it wrote so far. */
  stdout(): string;
  stderr(): string;
  /** Both, in the order of arrival. */
  output(): string;
  /** First line (of both streams, the past ones too) that matches. Rejects at once when the process ends without it. */
  waitForLine(pattern: RegExp, options?: { timeoutMs?: number }): Promise<RegExpExecArray>;
  write(text: string): void;
  /** Signals this process alone. Default SIGTERM. Resolves when it has ended (not for SIGSTOP, SIGCONT, SIGHUP, SIGUSR…). */
  kill(signal?: NodeJS.Signals): Promise<Exit>;
  /** Without ending it. */
  signal(signal: NodeJS.Signals): void;
  readonly exited: Promise<Exit>;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Groups that must not outlive this process, whatever happens to the hooks. */
const groups = new Set<number>();
process.on('exit', () => {
  for (const group of groups) killGroup(group, 'SIGKILL');
});

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/**
 * Starts a program in a process group of its own. At the end of the test the whole group gets SIGTERM and, if the
 * program is still there after `graceMs` (default 3 s), SIGKILL.
 */
export function spawnProcess(
  test: Pick<TestContext, 'after'>,
  command: string,
  args: readonly string[] = [],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; graceMs?: number } = {},
): SpawnedProcess {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const parts = { stdout: '', stderr: '', output: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      parts[name] += text;
      parts.output += text;
    });
  }
  // A program that ended does not read any more; its exit tells the story.
  child.stdin.on('error', () => undefined);
  let exit: Exit | null = null;
  const exited = new Promise<Exit>((resolve) => {
    child.once('error', (error) => {
      parts.output += `${error.message}\n`;
      exit ??= { code: null, signal: null };
      resolve(exit);
    });
    // `close` and not `exit`: everything that was written has been read by then, unless a grandchild holds the pipe.
    child.once('exit', (code, signal) => {
      const finish = () => {
        exit ??= { code, signal };
        resolve(exit);
      };
      child.once('close', finish);
      setTimeout(finish, 200).unref();
    });
  });
  const pid = child.pid ?? -1;
  if (pid > 0) groups.add(pid);

  test.after(async () => {
    if (pid < 0) return;
    killGroup(pid, 'SIGTERM');
    // A stopped program would not see SIGTERM.
    killGroup(pid, 'SIGCONT');
    const timer = setTimeout(() => killGroup(pid, 'SIGKILL'), options.graceMs ?? 3_000);
    await exited;
    clearTimeout(timer);
    killGroup(pid, 'SIGKILL');
    groups.delete(pid);
    child.stdin.destroy();
    child.stdout.destroy();
    child.stderr.destroy();
  });

  return {
    pid,
    child,
    stdout: () => parts.stdout,
    stderr: () => parts.stderr,
    output: () => parts.output,
    async waitForLine(pattern, { timeoutMs = 10_000 } = {}) {
      const found = await waitFor(
        () => {
          const last = exit !== null;
          for (const line of parts.output.split('\n')) {
            const match = new RegExp(pattern.source, pattern.flags.replaceAll(/[gy]/g, '')).exec(line);
            if (match) return { match };
          }
          return last ? { match: null } : null;
        },
        { what: `a line like ${pattern} from ${command} ${args.join(' ')}`, timeoutMs },
      ).catch((cause: unknown) => {
        throw new Error(`${(cause as Error).message}; it wrote:\n${parts.output}`, { cause });
      });
      if (found.match === null) {
        throw new Error(
          `${command} ${args.join(' ')} ended (${JSON.stringify(exit)}) without ${pattern}; it wrote:\n${parts.output}`,
        );
      }
      return found.match;
    },
    write(text) {
      child.stdin.write(text);
    },
    kill(signal = 'SIGTERM') {
      if (exit === null) child.kill(signal);
      return exited;
    },
    signal(signal) {
      child.kill(signal);
    },
    exited,
  };
}
