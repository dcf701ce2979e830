import type { Connection } from '../profile/connection.ts';
import type { Device } from '../profile/device.ts';

/** How often an agent tells the console what its machine is like. */
const INTERVAL_MS = 3_600_000;
/** What could not be told is tried again after this; nobody is bothered with it, the agent serves all the same. */
const RETRY_MS = 60_000;

/** Tells at the start and every hour, until it is stopped. */
export class PostureReports {
  readonly #connection: Connection;
  readonly #device: Device;
  #timer: NodeJS.Timeout | undefined;
  #stopped = true;

  constructor(connection: Connection, device: Device) {
    this.#connection = connection;
    this.#device = device;
  }

  start(): void {
    this.#stopped = false;
    void this.#report();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #report(): Promise<void> {
    const { reportPosture } = await import('../posture/report-posture.ts');
    const delayMs = await reportPosture(this.#connection, this.#device).then(
      () => INTERVAL_MS,
      () => RETRY_MS,
    );
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.#report(), delayMs);
    this.#timer.unref();
  }
}
