import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isLoopback } from './api/guards.ts';
import type { CommandLine } from './domains/context.ts';
import { DEFAULT_HOME, type Settings } from './settings.ts';

/** Whoever opens its pages is on this machine, or came through a tunnel to it. */
export function servesThisMachineAlone({ publicUrl, host }: Pick<Settings, 'publicUrl' | 'host'>): boolean {
  return publicUrl === null && isLoopback(host);
}

/** How the command line of this machine is started, for the OS user that runs the console. */
export function commandLine({ homeDirectory }: Pick<Settings, 'homeDirectory'>): CommandLine {
  const home = resolve(homeDirectory);
  return { directory: directoryOfProgram(import.meta.dirname), home: home === DEFAULT_HOME ? null : home };
}

/** The nearest directory above where npm put a program of this name, which `npx` takes before it asks anybody. */
function directoryOfProgram(from: string): string | null {
  for (let directory = from; ; directory = dirname(directory)) {
    if (existsSync(join(directory, 'node_modules/.bin/zeronaut'))) return directory;
    if (directory === dirname(directory)) return null;
  }
}
