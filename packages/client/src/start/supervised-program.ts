import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, copyFileSync, openSync, readFileSync, renameSync, statSync, truncateSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureDirectory } from '../profile/home.ts';

/** Set for programs that `zeronaut start` runs: they answer to it, over IPC, and not to the terminal. */
export const SUPERVISED_VARIABLE = 'ZERONAUT_SUPERVISED';

/** The first restart comes well within a second; one that keeps crashing is tried ever more seldom. */
const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 10_000;
/** Having run this long, a program has proved itself, and its next crash is a first one again. */
const PROVEN_AFTER_MS = 30_000;
/** How long an orderly end may take before it is cut short. */
const STOP_GRACE_MS = 10_000;
/** Strangers can make programs log at will, so a log is bounded while they run, too. */
const MAX_LOG_BYTES = 10 * 1024 * 1024;
const LOG_CHECK_MS = 10_000;

export interface ProgramExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ProgramOptions {
  readonly name: string;
  /** Arguments of `zeronaut`. */
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** Gets what the program writes. Kept from run to run; the one before is at `<path>.1`. */
  readonly logPath: string;
  /** How often the size of the log is looked at; default 10 s. */
  readonly logCheckMs?: number;
  readonly onStarted: (pid: number) => void;
  /** `restartInMs` is null when it was stopped on purpose. */
  readonly onExited: (exit: ProgramExit, restartInMs: number | null) => void;
  readonly onMessage: (message: unknown) => void;
}

/** One child process, kept running until it is stopped. */
export class SupervisedProgram {
  readonly #options: ProgramOptions;
  #child: ChildProcess | null = null;
  #stopping = false;
  #backoffMs = FIRST_BACKOFF_MS;
  #timer: NodeJS.Timeout | undefined;
  #exited: Promise<void> = Promise.resolve();

  constructor(options: ProgramOptions) {
    this.#options = options;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  start(): void {
    const { args, environment, logPath } = this.#options;
    const log = openLog(logPath);
    const startedAt = performance.now();
    const child = spawn(
      process.execPath,
      [...process.execArgv, fileURLToPath(new URL('../../bin/zeronaut.mjs', import.meta.url)), ...args],
      {
        env: { ...environment, [SUPERVISED_VARIABLE]: '1' },
        stdio: ['ignore', log, log, 'ipc'],
        // A process group of its own: Ctrl-C in the terminal is for us, who stop the programs in their order.
        detached: true,
      },
    );
    closeSync(log);
    this.#child = child;
    const logCheck = setInterval(() => shortenLog(logPath), this.#options.logCheckMs ?? LOG_CHECK_MS);
    logCheck.unref();
    child.on('message', (message) => this.#options.onMessage(message));
    this.#exited = new Promise((resolve) => {
      const over = (exit: ProgramExit) => {
        if (this.#child !== child) return;
        this.#child = null;
        clearInterval(logCheck);
        this.#onExit(exit, performance.now() - startedAt);
        resolve();
      };
      child.once('exit', (code, signal) => over({ code, signal }));
      child.once('error', () => over({ code: null, signal: null }));
    });
    if (child.pid !== undefined) this.#options.onStarted(child.pid);
  }

  /** Resolves when it is gone. It is not started again. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (child === null) return;
    child.kill('SIGTERM');
    const cut = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
    await this.#exited;
    clearTimeout(cut);
  }

  /** The end of its log: why it did not start. */
  lastLines(count: number): string[] {
    return readFileSync(this.#options.logPath, 'utf8').trimEnd().split('\n').slice(-count);
  }

  #onExit(exit: ProgramExit, ranMs: number): void {
    if (this.#stopping) {
      this.#options.onExited(exit, null);
      return;
    }
    if (ranMs > PROVEN_AFTER_MS) this.#backoffMs = FIRST_BACKOFF_MS;
    const backoffMs = this.#backoffMs;
    this.#backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS);
    this.#timer = setTimeout(() => this.start(), backoffMs);
    this.#options.onExited(exit, backoffMs);
  }
}

function openLog(path: string): number {
  ensureDirectory(dirname(path));
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > MAX_LOG_BYTES) renameSync(path, `${path}.1`);
  return openSync(path, 'a', 0o600);
}

/**
 * Copied and emptied, because the program writes into this very file; it appends, and so goes on at its new end. A line
 * that comes in between is lost.
 */
function shortenLog(path: string): void {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) <= MAX_LOG_BYTES) return;
  try {
    copyFileSync(path, `${path}.1`);
  } catch {
    // A full disk, most likely. What was logged is worth less than the space that events and the database need.
  }
  truncateSync(path, 0);
}
