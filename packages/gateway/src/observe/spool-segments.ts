import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseEventLine } from './event-line.ts';

/** One file of the spool: events from `firstSeq` on, one JSON object per line. */
export interface Segment {
  readonly firstSeq: number;
  readonly path: string;
  sizeBytes: number;
}

export function segmentPath(directory: string, firstSeq: number): string {
  return join(directory, `events-${String(firstSeq).padStart(12, '0')}.ndjson`);
}

/** Oldest first. */
export function findSegments(directory: string): Segment[] {
  const segments: Segment[] = [];
  for (const name of readdirSync(directory)) {
    const match = /^events-(\d{12,15})\.ndjson$/.exec(name);
    if (match === null) continue;
    const path = join(directory, name);
    segments.push({ firstSeq: Number(match[1]), path, sizeBytes: statSync(path).size });
  }
  return segments.sort((a, b) => a.firstSeq - b.firstSeq);
}

/**
 * The highest number that may ever have been sent: of the last whole line, or by counting lines where they are damaged.
 * A torn last line was never sent, because sending waits for the whole write; its number is free.
 */
export function lastSeqOf(segments: readonly Segment[]): number {
  const last = segments.at(-1);
  if (last === undefined) return 0;
  let seq = last.firstSeq - 1;
  if (last.sizeBytes === 0) return seq;
  const lines = readFileSync(last.path, 'utf8').split('\n');
  lines.pop();
  seq += lines.length;
  for (let i = lines.length - 1; i >= 0; i--) {
    const event = parseEventLine(lines[i]!);
    if (event !== null) return Math.max(seq, event.seq);
  }
  return seq;
}
