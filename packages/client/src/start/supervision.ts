import { SUPERVISED_VARIABLE } from './supervised-program.ts';

/** Tells `zeronaut start`; nothing when this program was started otherwise. */
export function tellSupervisor(message: Record<string, unknown>): void {
  if (isSupervised() && process.connected) process.send!(message);
}

/** Aborts when the `zeronaut start` that runs this program is gone, however it ended. Without one: never. */
export function supervisorGone(): AbortSignal {
  const controller = new AbortController();
  if (isSupervised()) {
    process.once('disconnect', () => controller.abort());
    if (!process.connected) controller.abort();
  }
  return controller.signal;
}

function isSupervised(): boolean {
  return process.env[SUPERVISED_VARIABLE] === '1' && process.send !== undefined;
}
