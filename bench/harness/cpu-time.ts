import { readdirSync, readFileSync } from 'node:fs';

/** `_SC_CLK_TCK`, which Linux has had for all programs since 2.6. */
const TICKS_PER_SECOND = 100;

/** Seconds of CPU, user and system, that these processes and those they started have taken so far. In steps of 10 ms. */
export function cpuSeconds(pids: readonly number[]): number {
  const wanted = new Set(pids);
  const processes = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? readStat(Number(name)) : []));
  // A child may stand before its parent.
  for (let known = -1; known !== wanted.size; ) {
    known = wanted.size;
    for (const { pid, parent } of processes) if (wanted.has(parent)) wanted.add(pid);
  }
  const ticks = processes.reduce((sum, { pid, ticks }) => sum + (wanted.has(pid) ? ticks : 0), 0);
  return ticks / TICKS_PER_SECOND;
}

function readStat(pid: number): { pid: number; parent: number; ticks: number }[] {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    // It ended meanwhile.
    return [];
  }
  // The name, in parentheses, may hold anything (proc(5)).
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return [{ pid, parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }];
}
