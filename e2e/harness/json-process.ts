import { createInterface } from 'node:readline';
import { type SpawnedProcess, waitFor } from '@zeronaut/testkit';

export interface JsonEvent {
  readonly event: string;
  readonly [key: string]: unknown;
}

/** A program that tells what happens as one JSON object per line of stdout (`--json`). */
export class JsonProcess {
  readonly process: SpawnedProcess;
  /** All events so far, in order. */
  readonly events: JsonEvent[] = [];

  constructor(process: SpawnedProcess) {
    this.process = process;
    createInterface({ input: process.child.stdout! }).on('line', (line) => {
      // A killed program may leave half a line.
      if (line.startsWith('{') && line.endsWith('}')) this.events.push(JSON.parse(line) as JsonEvent);
    });
  }

  /** The first event, past or to come, that has this name and fits. Fails at once when the program ends without it. */
  async event<T = JsonEvent>(
    name: string,
    options: { timeoutMs?: number; where?: (event: JsonEvent) => boolean; after?: number } = {},
  ): Promise<T> {
    const { timeoutMs = 15_000, where = () => true, after = 0 } = options;
    const found = await waitFor(
      () => {
        const event = this.events.slice(after).find((candidate) => candidate.event === name && where(candidate));
        if (event !== undefined) return { event };
        return this.process.child.exitCode !== null || this.process.child.signalCode !== null ? { event: null } : null;
      },
      { what: `event "${name}"`, timeoutMs },
    ).catch((cause: unknown) => {
      throw new Error(`${(cause as Error).message}; it wrote:\n${this.process.output()}`, { cause });
    });
    if (found.event === null) throw new Error(`it ended without event "${name}"; it wrote:\n${this.process.output()}`);
    return found.event as T;
  }
}
