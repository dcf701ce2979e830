import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** What must be known of a spool beside its segments. */
const spoolState = z.strictObject({
  format: z.literal(1),
  /** Random, made with the spool. Within one epoch a number names one event for ever. */
  epoch: z.string().min(8).max(40),
  /** Of the system when the spool was last opened; empty where the system has none. */
  bootId: z.string().max(64),
  /** It was closed in order, with everything synced. */
  clean: z.boolean(),
});
export type SpoolState = z.infer<typeof spoolState>;

const FILE = 'state.json';

/** Null: missing or damaged, so that nothing is known of what was sent. */
export function loadSpoolState(directory: string): SpoolState | null {
  try {
    return spoolState.parse(JSON.parse(readFileSync(join(directory, FILE), 'utf8')));
  } catch {
    return null;
  }
}

/** Synchronous, because it is also the last thing that a process does. */
export function saveSpoolState(directory: string, state: SpoolState): void {
  const path = join(directory, FILE);
  const descriptor = openSync(`${path}.tmp`, 'w', 0o600);
  try {
    writeSync(descriptor, `${JSON.stringify(state)}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(`${path}.tmp`, path);
}

export function currentBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}
