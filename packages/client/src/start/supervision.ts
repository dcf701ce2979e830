import { aborted, onInterrupt } from '../interrupt.ts';
import { SUPERVISED_VARIABLE } from './supervised-program.ts';

/** True in a program that `zeronaut start` runs. */
export function isSupervised(): boolean {
  return process.env[SUPERVISED_VARIABLE] === '1' && process.send !== undefined;
}

/** Tells the supervisor; nothing when there is none. */
export function tellSupervisor(message: Record<string, unknown>): void {
  if (isSupervised() && process.connected) process.send!(message);
}

/**
 * Resolves when this program is to end. Under `zeronaut start` that is its word (SIGTERM) or its death (the IPC channel
 * closes), and a Ctrl-C that the terminal sends to the whole process group is left to it. `hangup: false` leaves
 * SIGHUP, the sign to reload, to the caller.
 */
export async function untilStopped(options: { hangup?: boolean } = {}): Promise<void> {
  if (!isSupervised()) {
    await aborted(onInterrupt(options).signal);
    return;
  }
  process.on('SIGINT', () => undefined);
  if (options.hangup ?? true) process.on('SIGHUP', () => undefined);
  await new Promise<void>((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('disconnect', () => resolve());
    if (!process.connected) resolve();
  });
}
